// Where only some names of a request were refused, the rest is forwarded and the refused ones are merged into the
// broker's answer: an appendix per array of the answer, built from the request as the client sent it.
import { type ApiKey, decodeRequest, encodeElement } from "@headgate/kafka/codec";
import { errorName } from "@headgate/kafka/errors";
import { Api, type Requests } from "@headgate/kafka/generated/types";
import type { Appendix } from "@headgate/kafka/walker";
import { brokerConfigs } from "./answers/broker-configs.ts";
import {
  commitStub,
  epochStub,
  fetchStub,
  listStub,
  offsetStub,
  produceStub,
} from "./refused-elements.ts";
import type { Slot } from "./slots.ts";

interface Stub {
  /** The array of the answer this element belongs to: "" or the group it lies in. */
  readonly at: string;
  readonly path: string;
  readonly value: object;
}

interface Context {
  readonly version: number;
  readonly denied: ReadonlyMap<string, number>;
  readonly autoCreateTopics: boolean;
}

type Maker<K extends ApiKey> = (request: Requests[K], context: Context) => Stub[];

const makers: { readonly [K in ApiKey]?: Maker<K> } = {
  [Api.Produce]: (r, c) => topics(c, r.topicData, "responses", produceStub),
  [Api.Fetch]: (r, c) => topics(c, r.topics, "responses", fetchStub),
  [Api.ListOffsets]: (r, c) => topics(c, r.topics, "topics", listStub),
  [Api.Metadata]: (r, c) =>
    topics(c, r.topics ?? [], "topics", (t, errorCode) => ({
      errorCode,
      name: t.name ?? (c.version >= 12 ? null : ""),
      topicId: t.topicId,
    })),
  [Api.OffsetCommit]: (r, c) => topics(c, r.topics, "topics", commitStub),
  [Api.OffsetFetch]: offsetFetchStubs,
  [Api.FindCoordinator]: (r, c) =>
    groups(c, r.coordinatorKeys, "coordinators", (key, errorCode) => {
      const errorMessage = errorName(errorCode);
      return { key, nodeId: -1, host: "", port: -1, errorCode, errorMessage };
    }),
  [Api.DescribeGroups]: (r, c) =>
    groups(c, r.groups, "groups", (groupId, errorCode) => ({ errorCode, groupId })),
  [Api.DeleteGroups]: (r, c) =>
    groups(c, r.groupsNames, "results", (groupId, errorCode) => ({ groupId, errorCode })),
  [Api.OffsetForLeaderEpoch]: (r, c) => topics(c, r.topics, "topics", epochStub),
  [Api.DescribeConfigs]: configStubs,
};

/** Elements for everything in `slot.denied`, encoded for the answer. `body` is the client's request. */
export function stubsOf(
  slot: Slot,
  body: Buffer,
  autoCreateTopics: boolean,
): Map<string, Appendix> {
  const { version } = slot.route;
  const apiKey = slot.route.apiKey as ApiKey;
  const { denied = new Map<string, number>() } = slot;
  const make = makers[apiKey] as Maker<ApiKey> | undefined;
  const request = decodeRequest(apiKey, version, body);
  const stubs = make?.(request, { version, denied, autoCreateTopics }) ?? [];
  const appendices = new Map<string, Appendix>();
  for (const [at, elements] of Map.groupBy(stubs, (stub) => stub.at)) {
    const encoded = elements.map(({ path, value }) =>
      encodeElement(apiKey, version, "response", path, value),
    );
    appendices.set(at, { count: encoded.length, bytes: Buffer.concat(encoded) });
  }
  return appendices;
}

interface Named {
  readonly name?: string | null;
  readonly topic?: string;
  readonly topicId?: string;
}

function topics<T extends Named>(
  { denied }: Context,
  list: readonly T[],
  path: string,
  make: (topic: T, code: number) => object,
  at = "",
): Stub[] {
  return list.flatMap((topic) => {
    const byName = denied.get(`n${topic.name ?? topic.topic ?? ""}`);
    const code = byName ?? denied.get(`i${topic.topicId ?? ""}`);
    return code === undefined ? [] : [{ at, path, value: make(topic, code) }];
  });
}

function groups(
  { denied }: Context,
  list: readonly string[],
  path: string,
  make: (group: string, code: number) => object,
): Stub[] {
  return list.flatMap((group) => {
    const code = denied.get(`g${group}`);
    return code === undefined ? [] : [{ at: "", path, value: make(group, code) }];
  });
}

function offsetFetchStubs(request: Requests[9], context: Context): Stub[] {
  if (request.groups.length === 0)
    return topics(context, request.topics ?? [], "topics", offsetStub);
  const names = request.groups.map((group) => group.groupId);
  const refused = groups(context, names, "groups", (groupId, errorCode) => ({
    groupId,
    errorCode,
  }));
  const inside = request.groups.flatMap((group) =>
    topics(context, group.topics ?? [], "groups.topics", offsetStub, group.groupId),
  );
  return [...refused, ...inside];
}

const brokerResource = 4;

/** A broker's settings are answered by us, a few that tools look at; everything else about the cell is refused. */
function configStubs(request: Requests[32], { denied, autoCreateTopics }: Context): Stub[] {
  return request.resources.flatMap(({ resourceType, resourceName, configurationKeys }) => {
    const errorCode = denied.get(`r${resourceType}:${resourceName}`);
    if (errorCode === undefined) return [];
    const isBroker = resourceType === brokerResource && /^\d+$/.test(resourceName);
    const value = isBroker
      ? { resourceType, resourceName, configs: brokerConfigs(configurationKeys, autoCreateTopics) }
      : { errorCode, errorMessage: errorName(errorCode), resourceType, resourceName };
    return [{ at: "", path: "results", value }];
  });
}
