// Grants become Kafka's own errors, name by name: what is granted goes on, what is not is answered in its place.
import { ErrorCode } from "@headgate/kafka/errors";
import { Api } from "@headgate/kafka/generated/types";
import { encodeBatch } from "@headgate/kafka/records";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { raw } from "./clients.ts";
import { type Key, startWorld, type Tenant, type World } from "./world.ts";

let world: World;
let tenant: Tenant;
/** May write `in.*` and read `out`, with groups `g.*`. */
let key: Key;
let neighbourId: string;

const { TOPIC_AUTHORIZATION_FAILED, GROUP_AUTHORIZATION_FAILED, UNKNOWN_TOPIC_ID } = ErrorCode;

beforeAll(async () => {
  world = await startWorld();
  tenant = await world.tenant();
  const neighbour = await world.tenant();
  const prefixed = { pattern: "prefixed" } as const;
  key = await tenant.keyWith([
    { operation: "produce", resource: "topic", name: "in.", ...prefixed },
    { operation: "consume", resource: "topic", name: "out", pattern: "literal" },
    { operation: "consume", resource: "group", name: "g.", ...prefixed },
  ]);
  const owner = await as(tenant.key);
  for (const name of ["in.a", "out", "hidden"])
    await owner.ask(Api.CreateTopics, 5, { topics: [newTopic(name)], timeoutMs: 10_000 });
  owner.socket.destroy();
  const other = await as(neighbour.key);
  const made = await other.ask(Api.CreateTopics, 7, {
    topics: [newTopic("in.a")],
    timeoutMs: 10_000,
  });
  neighbourId = made.topics[0]!.topicId;
  other.socket.destroy();
});

afterAll(async () => {
  await world.close();
});

const newTopic = (name: string) => ({ name, numPartitions: 1, replicationFactor: 1 });

async function as(given: Key) {
  const client = await raw(world.gateway.port);
  await client.logIn(given);
  return client;
}

const records = encodeBatch([{ value: Buffer.from("x"), timestampMs: 1 }]);
const partitionData = [{ index: 0, records }];

test("a produce of granted and refused topics writes the granted ones", async () => {
  const client = await as(key);
  for (const version of [3, 7, 9, 12]) {
    const answer = await client.ask(Api.Produce, version, {
      acks: -1,
      timeoutMs: 5000,
      topicData: ["out", "in.a", "hidden"].map((name) => ({ name, partitionData })),
    });
    const codes = answer.responses.map((r) => [r.name, r.partitionResponses[0]?.errorCode]);
    expect(new Map(codes as [string, number][])).toEqual(
      new Map([
        ["in.a", 0],
        ["out", TOPIC_AUTHORIZATION_FAILED],
        ["hidden", TOPIC_AUTHORIZATION_FAILED],
      ]),
    );
  }
  client.socket.destroy();
});

test("a fetch of a neighbour's topic id, of an unknown one and of one's own", async () => {
  const owner = await as(tenant.key);
  const { topics } = await owner.ask(Api.Metadata, 12, { topics: [{ name: "out" }] });
  const own = topics[0]!.topicId;
  const unknown = Buffer.alloc(16, 7).toString("base64url");
  const partitions = [{ partition: 0, fetchOffset: 0n, partitionMaxBytes: 1000 }];
  const fetched = await owner.ask(Api.Fetch, 13, {
    maxWaitMs: 1,
    topics: [neighbourId, own, unknown].map((topicId) => ({ topicId, partitions })),
  });
  const codes = new Map(
    fetched.responses.map((r) => [r.topicId, r.partitions[0]?.errorCode] as const),
  );
  expect(codes.get(own)).toBe(0);
  expect(codes.get(neighbourId)).toBe(UNKNOWN_TOPIC_ID);
  expect(codes.get(unknown)).toBe(UNKNOWN_TOPIC_ID);
  const asked = await owner.ask(Api.Metadata, 12, {
    topics: [neighbourId, unknown, own].map((topicId) => ({ topicId, name: null })),
  });
  const found = asked.topics.map((t) => [t.topicId, t.name, t.errorCode]);
  expect(found).toContainEqual([own, "out", 0]);
  expect(found).toContainEqual([neighbourId, null, UNKNOWN_TOPIC_ID]);
  expect(found).toContainEqual([unknown, null, UNKNOWN_TOPIC_ID]);
  owner.socket.destroy();
});

test("lists show what is granted, and naming the rest is refused", async () => {
  const client = await as(key);
  for (const version of [0, 1, 9, 12]) {
    const all = await client.ask(Api.Metadata, version, { topics: version === 0 ? [] : null });
    expect(all.topics.map((t) => t.name).sort()).toEqual(["in.a", "out"]);
    const named = await client.ask(Api.Metadata, version, { topics: [{ name: "hidden" }] });
    const [topic, ...more] = named.topics;
    expect(more).toEqual([]);
    expect(topic).toMatchObject({ name: "hidden", errorCode: TOPIC_AUTHORIZATION_FAILED });
  }
  const operations = await client.ask(Api.Metadata, 9, {
    topics: [{ name: "out" }],
    includeTopicAuthorizedOperations: true,
  });
  // READ 3, DESCRIBE 8, DESCRIBE_CONFIGS 10.
  expect(operations.topics[0]?.topicAuthorizedOperations).toBe((1 << 3) | (1 << 8) | (1 << 10));
  client.socket.destroy();
});

test("groups outside the grant are refused alone or in their place", async () => {
  const client = await as(key);
  const join = {
    groupId: "other",
    sessionTimeoutMs: 10_000,
    protocolType: "consumer",
    protocols: [],
  };
  for (const version of [2, 5, 7, 9]) {
    const joined = await client.ask(Api.JoinGroup, version, join);
    expect(joined.errorCode).toBe(GROUP_AUTHORIZATION_FAILED);
  }
  const beat = await client.ask(Api.Heartbeat, 4, { groupId: "other" });
  expect(beat.errorCode).toBe(GROUP_AUTHORIZATION_FAILED);
  const topics = [{ name: "out", partitionIndexes: [0] }];
  // A new broker creates its offsets topic when first asked; until then nobody coordinates.
  await vi.waitFor(
    async () => {
      const coordinators = await client.ask(Api.FindCoordinator, 4, {
        coordinatorKeys: ["g.1", "other"],
      });
      const byKey = new Map(coordinators.coordinators.map((c) => [c.key, c.errorCode]));
      expect(byKey).toEqual(
        new Map([
          ["g.1", 0],
          ["other", GROUP_AUTHORIZATION_FAILED],
        ]),
      );
      const offsets = await client.ask(Api.OffsetFetch, 8, {
        groups: [
          { groupId: "g.1", topics: [...topics, { name: "hidden", partitionIndexes: [0, 1] }] },
          { groupId: "other", topics },
        ],
      });
      const [first, second] = offsets.groups;
      expect(first).toMatchObject({ groupId: "g.1", errorCode: 0 });
      const codes = first!.topics.map((t) => [t.name, t.partitions.map((p) => p.errorCode)]);
      expect(codes).toEqual([
        ["out", [0]],
        ["hidden", [TOPIC_AUTHORIZATION_FAILED, TOPIC_AUTHORIZATION_FAILED]],
      ]);
      expect(second).toMatchObject({ groupId: "other", errorCode: GROUP_AUTHORIZATION_FAILED });
    },
    { timeout: 20_000, interval: 200 },
  );
  const old = await client.ask(Api.OffsetFetch, 5, { groupId: "other", topics });
  expect(old.errorCode).toBe(GROUP_AUTHORIZATION_FAILED);
  const deleted = await client.ask(Api.DeleteGroups, 2, { groupsNames: ["g.1"] });
  expect(deleted.results).toEqual([{ groupId: "g.1", errorCode: GROUP_AUTHORIZATION_FAILED }]);
  client.socket.destroy();
});

test("topic writes need the admin grant, transactions are refused in words", async () => {
  const client = await as(key);
  const created = await client.ask(Api.CreateTopics, 5, { topics: [newTopic("in.b")] });
  expect(created.topics[0]?.errorCode).toBe(TOPIC_AUTHORIZATION_FAILED);
  const deleted = await client.ask(Api.DeleteTopics, 5, { topicNames: ["in.a"] });
  expect(deleted.responses[0]?.errorCode).toBe(TOPIC_AUTHORIZATION_FAILED);
  const coordinator = await client.ask(Api.FindCoordinator, 3, { key: "tx", keyType: 1 });
  expect(coordinator.errorCode).toBe(ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
  expect(coordinator.errorMessage).toMatch(/Transactions are not offered/);
  const reader = await tenant.keyWith([
    { operation: "consume", resource: "topic", name: "out", pattern: "literal" },
  ]);
  const readOnly = await as(reader);
  const init = await readOnly.ask(Api.InitProducerId, 4, { transactionalId: null });
  expect(init.errorCode).toBe(ErrorCode.CLUSTER_AUTHORIZATION_FAILED);
  readOnly.socket.destroy();
  client.socket.destroy();
});

test("creation waits until the topic is there, and times out while the work goes on", async () => {
  const client = await as(tenant.key);
  world.stalled = true;
  const late = await client.ask(Api.CreateTopics, 7, {
    topics: [newTopic("late")],
    timeoutMs: 200,
  });
  expect(late.topics[0]).toMatchObject({ errorCode: ErrorCode.REQUEST_TIMED_OUT });
  world.stalled = false;
  await vi.waitFor(async () => {
    const { topics } = await client.ask(Api.Metadata, 9, { topics: [{ name: "late" }] });
    expect(topics[0]?.errorCode).toBe(0);
  });
  const tried = await client.ask(Api.CreateTopics, 7, {
    topics: [newTopic("tried"), newTopic("late")],
    validateOnly: true,
  });
  expect(tried.topics.map((t) => t.errorCode)).toEqual([0, ErrorCode.TOPIC_ALREADY_EXISTS]);
  expect(tried.topics[1]?.errorMessage).toMatch(/exists already.*Choose another name/);
  const twice = await client.ask(Api.CreateTopics, 7, {
    topics: [newTopic("double"), newTopic("double")],
  });
  expect(twice.topics.map((t) => [t.name, t.errorCode])).toEqual([
    ["double", ErrorCode.INVALID_REQUEST],
  ]);
  client.socket.destroy();
});

test("acks=0 is written and never answered, and a refusal closes the connection", async () => {
  const client = await as(key);
  const send = { acks: 0, timeoutMs: 5000 };
  const { encodeRequest } = await import("@headgate/kafka/codec");
  const { requestFrame } = await import("@headgate/kafka/frame");
  const quiet = (name: string) =>
    requestFrame(
      Api.Produce,
      7,
      99,
      "raw",
      encodeRequest(Api.Produce, 7, { ...send, topicData: [{ name, partitionData }] }),
    );
  const owner = await as(tenant.key);
  const end = async () => {
    const partitions = [{ partitionIndex: 0, timestamp: -1n }];
    const asked = { topics: [{ name: "in.a", partitions }] };
    return (await owner.ask(Api.ListOffsets, 5, asked)).topics[0]!.partitions[0]!.offset;
  };
  const before = await end();
  client.send(quiet("in.a"));
  // Its answer is swallowed: the next one on the wire belongs to the next request.
  const next = await client.ask(Api.Metadata, 9, { topics: [] });
  expect(next.topics).toEqual([]);
  expect(await end()).toBe(before + 1n);
  client.send(quiet("hidden"));
  await client.closed;
  owner.socket.destroy();
});
