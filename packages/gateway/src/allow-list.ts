// What a tenant may send: API key, versions, what becomes of it, and which grant its topics and groups need. What is
// not here is not advertised and closes the connection, so a Kafka release cannot open a door by itself.
import { isFlexible } from "@headgate/kafka/api-schemas";
import { Api } from "@headgate/kafka/generated/types";
import { type Plan, plan } from "@headgate/kafka/plan";

/**
 * `forward` walks to the cluster's broker and back; `local` is answered here (answers/, filters/10-authenticate.ts).
 */
export type Action = "forward" | "local";

/** What a name must be granted: an operation, or `describe` (any operation on it). */
export type Need = "describe" | "produce" | "consume" | "admin";

export interface Rule {
  readonly apiKey: number;
  readonly min: number;
  readonly max: number;
  readonly action: Action;
  readonly topic?: Need;
  readonly group?: Need;
  /** Lowest version shown, where clients are known to need a lower one than they send. */
  readonly advertisedMin?: number;
}

/** One version of one API, with everything the hot path needs looked up once. */
export interface Route extends Rule {
  readonly version: number;
  readonly requestFlexible: boolean;
  readonly responseFlexible: boolean;
  readonly requestPlan: Plan;
  readonly responsePlan: Plan;
}

const forward = (
  apiKey: number,
  min: number,
  max: number,
  needs: Partial<Pick<Rule, "topic" | "group" | "advertisedMin">> = {},
): Rule => ({ apiKey, min, max, action: "forward", ...needs });

const local = (apiKey: number, min: number, max: number): Rule => ({
  apiKey,
  min,
  max,
  action: "local",
});

export const allowList: readonly Rule[] = [
  // librdkafka takes a missing Produce 0 for a broker without any of the newer features (KAFKA-18659).
  forward(Api.Produce, 3, 13, { topic: "produce", advertisedMin: 0 }),
  forward(Api.Fetch, 4, 17, { topic: "consume" }),
  forward(Api.ListOffsets, 1, 10, { topic: "describe" }),
  forward(Api.Metadata, 0, 13, { topic: "describe" }),
  // Version 10 of the offset APIs names topics by id; clients gain nothing from it.
  forward(Api.OffsetCommit, 2, 9, { topic: "consume", group: "consume" }),
  forward(Api.OffsetFetch, 1, 9, { topic: "describe", group: "describe" }),
  forward(Api.FindCoordinator, 0, 5, { group: "describe" }),
  forward(Api.JoinGroup, 0, 9, { group: "consume" }),
  forward(Api.Heartbeat, 0, 4, { group: "consume" }),
  forward(Api.LeaveGroup, 0, 5, { group: "consume" }),
  forward(Api.SyncGroup, 0, 5, { group: "consume" }),
  forward(Api.DescribeGroups, 0, 6, { group: "describe" }),
  forward(Api.ListGroups, 0, 5, { group: "describe" }),
  local(Api.SaslHandshake, 0, 1),
  local(Api.ApiVersions, 0, 4),
  local(Api.CreateTopics, 2, 7),
  local(Api.DeleteTopics, 1, 6),
  forward(Api.InitProducerId, 0, 5),
  forward(Api.OffsetForLeaderEpoch, 2, 4, { topic: "describe" }),
  forward(Api.DescribeConfigs, 1, 4, { topic: "describe", group: "describe" }),
  local(Api.SaslAuthenticate, 0, 2),
  local(Api.CreatePartitions, 0, 3),
  forward(Api.DeleteGroups, 0, 2, { group: "admin" }),
  local(Api.IncrementalAlterConfigs, 0, 1),
  local(Api.DescribeCluster, 0, 2),
];

const routes: (readonly (Route | undefined)[] | undefined)[] = [];
for (const rule of allowList) {
  const versions: (Route | undefined)[] = [];
  for (let version = rule.min; version <= rule.max; version++)
    versions[version] = routeOf(rule, version);
  routes[rule.apiKey] = versions;
}

/** The route of a request; undefined refuses it. */
export function routeFor(apiKey: number, version: number): Route | undefined {
  return apiKey < 0 || version < 0 ? undefined : routes[apiKey]?.[version];
}

function routeOf(rule: Rule, version: number): Route {
  const flexible = isFlexible(rule.apiKey, version);
  return {
    ...rule,
    version,
    requestFlexible: flexible,
    responseFlexible: flexible && rule.apiKey !== Api.ApiVersions,
    requestPlan: plan(rule.apiKey, version, "request"),
    responsePlan: plan(rule.apiKey, version, "response"),
  };
}
