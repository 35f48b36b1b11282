// The second wall from outside: a cluster's own token, used at the broker past every gateway. Each request is sent with
// a neighbour's names and with the cluster's own; only so does a refusal say something.
import { putCluster } from "@headgate/control/clusters";
import { putTopic } from "@headgate/control/topics";
import { ZERO_UUID } from "@headgate/kafka/codec";
import { type Connection, connect } from "@headgate/kafka/connection";
import { ErrorCode } from "@headgate/kafka/errors";
import { Api } from "@headgate/kafka/generated/types";
import { clusters } from "@headgate/store/clusters";
import { topics } from "@headgate/store/topics";
import { afterAll, beforeAll, describe, expect, inject, test, vi } from "vitest";
import { minter } from "./mint.ts";
import { provision, withCell } from "./one-life.ts";
import { type SharedCell, sharedCell } from "./shared-cell.ts";
import {
  adminAsks,
  codesIn,
  groupAsks,
  idAsks,
  type Names,
  topicAsks,
  txnAsks,
  type WallRequest,
} from "./wall-requests.ts";

let shared: SharedCell;
let broker: Connection;
let own: Names;
let foreign: Names;

beforeAll(async () => {
  shared = sharedCell();
  await withCell(shared);
  own = await makeCluster("own");
  foreign = await makeCluster("foreign");
  const { host, port } = inject("kafka");
  const { id } = (await clusters(shared.control.store).get(shared.actor.tenant, "own"))!.value;
  const token = () => minter(inject("kafka"))(id).token;
  broker = await connect({ host, port, sasl: { mechanism: "OAUTHBEARER", token } });
});

afterAll(async () => {
  broker?.close();
  await shared.close();
});

/** A cluster with a topic, a group that has offsets, and a transactional id in use. */
async function makeCluster(name: string): Promise<Names> {
  const { control, actor, admin } = shared;
  await putCluster(control, actor, name, {});
  await putTopic(control, actor, name, "t", { partitions: 1 });
  await provision(shared);
  const { id, placement } = (await clusters(control.store).get(actor.tenant, name))!.value;
  const { topicId } = (await topics(control.store).get(actor.tenant, id, "t"))!.value.status;
  const { prefix } = placement!;
  const names = { topic: `${prefix}t`, topicId: topicId!, group: `${prefix}g`, txn: `${prefix}x` };
  await admin.offsetCommit(names.group, [{ topic: names.topic, partition: 0, offset: 0n }]);
  const init = { transactionalId: names.txn, transactionTimeoutMs: 60_000, producerId: -1n };
  const coordinators = { keyType: 1, coordinatorKeys: [names.txn] };
  await vi.waitFor(async () => {
    const found = (await admin.ask(undefined, Api.FindCoordinator, coordinators)).coordinators[0]!;
    expect(found.errorCode).toBe(0);
    const request = { ...init, producerEpoch: -1 };
    const begun = await admin.ask(found.nodeId, Api.InitProducerId, request);
    expect(begun.errorCode).toBe(0);
  }, 10_000);
  return names;
}

const authorizationErrors: number[] = [
  ErrorCode.TOPIC_AUTHORIZATION_FAILED,
  ErrorCode.GROUP_AUTHORIZATION_FAILED,
  ErrorCode.CLUSTER_AUTHORIZATION_FAILED,
  ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
];
/** What a broker says of a topic id whose topic it will not describe. */
const unseen: number[] = [...authorizationErrors, ErrorCode.UNKNOWN_TOPIC_ID];

const parts: [string, readonly WallRequest[], number[]][] = [
  ["topic", topicAsks, authorizationErrors],
  ["topic by id", idAsks, unseen],
  ["group", groupAsks, authorizationErrors],
  ["transactional id", txnAsks, authorizationErrors],
];

describe.each(parts)("%s", (kind, asks, refusals) => {
  test.each(asks)(`a cluster may $what its own ${kind}, not its neighbour's`, async ({ codes }) => {
    const [refused, allowed] = [await codes(broker, foreign, own), await codes(broker, own, own)];
    expect(refused).not.toEqual([]);
    expect(refusals).toEqual(expect.arrayContaining(refused));
    expect(refusals.filter((code) => allowed.includes(code))).toEqual([]);
  });
});

test("lists name what is the cluster's own and nothing else", async () => {
  const everything = await broker.request(Api.Metadata, { topics: null });
  expect(everything.topics.map((topic) => topic.name)).toEqual([own.topic]);
  const groups = await broker.request(Api.ListGroups, {});
  expect(groups.groups.map((group) => group.groupId)).toEqual([own.group]);
  const transactions = await broker.request(Api.ListTransactions, {});
  expect(transactions.transactionStates.map((each) => each.transactionalId)).toEqual([own.txn]);
});

test.each(adminAsks)("a cluster may not $what, not even its own", async ({ codes }) => {
  for (const names of [own, foreign]) {
    const refused = await codes(broker, names, own);
    expect(refused).not.toEqual([]);
    expect(authorizationErrors).toEqual(expect.arrayContaining(refused));
  }
});

test("a cluster may delete its own topic and group, and not its neighbour's", async () => {
  const topicsOf = ({ topic: name }: Names) => ({ topics: [{ name, topicId: ZERO_UUID }] });
  const remove = async (names: Names) => {
    const request = { ...topicsOf(names), timeoutMs: 5000 };
    const [topic, group] = [
      await broker.request(Api.DeleteTopics, request),
      await broker.request(Api.DeleteGroups, { groupsNames: [names.group] }),
    ];
    return [...codesIn(topic), ...codesIn(group)];
  };
  expect(await remove(foreign)).toEqual([29, 30]);
  const byId = { topics: [{ name: null, topicId: foreign.topicId }], timeoutMs: 5000 };
  expect(unseen).toEqual(
    expect.arrayContaining(codesIn(await broker.request(Api.DeleteTopics, byId))),
  );
  expect((await shared.admin.metadata({ names: [foreign.topic] }))[0]?.error).toBeUndefined();
  expect(await remove(own)).toEqual([]);
});

test("an idempotent producer needs no right on anything", async () => {
  const init = { transactionalId: null, transactionTimeoutMs: 60_000, producerId: -1n };
  const answer = await broker.request(Api.InitProducerId, { ...init, producerEpoch: -1 });
  expect(answer.errorCode).toBe(0);
});
