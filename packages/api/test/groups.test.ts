// Consumer groups on a real broker: both protocols, real members, real offsets; through the API as a tenant sees them.
import { randomUUID } from "node:crypto";
import { putCluster } from "@headgate/control/clusters";
import type { KafkaAdmin } from "@headgate/kafka/admin";
import { type Connection, connect } from "@headgate/kafka/connection";
import { Api } from "@headgate/kafka/generated/types";
import { encodeBatch } from "@headgate/kafka/records";
import { type Consumer, Kafka, logLevel } from "kafkajs";
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from "vitest";
import { groupsOverKafka } from "../src/groups-over-kafka.ts";
import { groupWithOffset, settled, testAdmin } from "./kafka.ts";
import { place, startWorld, type TestTenant, type World } from "./world.ts";

let admin: KafkaAdmin;
let connection: Connection;
let world: World;
let tenant: TestTenant;
let prefix: string;

beforeAll(async () => {
  admin = testAdmin();
  const { host, port, adminUsername: username, adminPassword: password } = inject("kafka");
  connection = await connect({ host, port, sasl: { mechanism: "PLAIN", username, password } });
});

afterAll(() => {
  connection.close();
  admin.close();
});

beforeEach(async () => {
  world = await startWorld(() => ({ groups: groupsOverKafka({ admins: async () => admin }) }));
  tenant = await world.tenant();
  prefix = (await place(world, tenant)).prefix;
});

afterEach(() => world.close());

const ask = (method: string, path: string) => world.ask(method, path, { key: tenant.key });

async function topic(name: string, partitions: number): Promise<string> {
  const [made] = await admin.createTopics([
    { name: prefix + name, partitions, replicationFactor: 1 },
  ]);
  if (made?.error) throw made.error;
  return made!.topicId;
}

async function write(name: string, partition: number, count: number): Promise<void> {
  const values = Array.from({ length: count }, (_, i) => Buffer.from(`record ${i}`));
  const records = encodeBatch(values.map((value) => ({ value, timestampMs: Date.now() })));
  const produce = {
    transactionalId: null,
    acks: -1,
    timeoutMs: 5000,
    topicData: [{ name: prefix + name, partitionData: [{ index: partition, records }] }],
  };
  await settled(async () => {
    const answer = await connection.request(Api.Produce, produce, { versionMax: 12 });
    expect(answer.responses[0]?.partitionResponses[0]?.errorCode).toBe(0);
  });
}

/** Commits once the broker knows the topics. */
async function commit(group: string, offsets: Record<string, bigint>): Promise<void> {
  const wanted = Object.entries(offsets).map(([place, offset]) => {
    const [name, partition] = place.split("/");
    return { topic: prefix + name, partition: Number(partition), offset };
  });
  await settled(async () => {
    const outcomes = await admin.offsetCommit(prefix + group, wanted);
    for (const { error } of outcomes) if (error) throw error;
  });
}

test("a group without members shows what it committed, the ends and the lag, as decimal text", async () => {
  await topic("orders", 2);
  await write("orders", 0, 5);
  await write("orders", 1, 3);
  await commit("billing", { "orders/0": 2n, "orders/1": 3n });
  const { status, body } = await ask("GET", "/v1/groups/billing");
  expect(status).toBe(200);
  expect(body).toEqual({
    kind: "Group",
    name: "billing",
    state: "Empty",
    type: "classic",
    members: [],
    partitions: [
      { topic: "orders", partition: 0, committed: "2", end: "5", lag: "3" },
      { topic: "orders", partition: 1, committed: "3", end: "3", lag: "0" },
    ],
    lag: "3",
  });
  const full = await ask("GET", "/v1/clusters/default/groups/billing");
  expect(full.body).toEqual(body);
});

test("members of a classic group and what they are assigned are shown without the prefix", async () => {
  await topic("orders", 3);
  await write("orders", 1, 4);
  const consumer = await join("workers");
  try {
    const group = async () => (await ask("GET", "/v1/groups/workers")).body;
    await expect.poll(async () => (await group()).state, { timeout: 15_000 }).toBe("Stable");
    const { members, ...rest } = await group();
    expect(members).toEqual([
      {
        id: expect.stringContaining("worker-"),
        clientId: "worker",
        assignments: [{ topic: "orders", partitions: [0, 1, 2] }],
      },
    ]);
    expect(rest.type).toBe("classic");
    // Nothing is committed: all that the log holds is still to be read.
    expect(rest.partitions).toEqual([
      { topic: "orders", partition: 0, end: "0", lag: "0" },
      { topic: "orders", partition: 1, end: "4", lag: "4" },
      { topic: "orders", partition: 2, end: "0", lag: "0" },
    ]);
    expect(rest.lag).toBe("4");
    const refused = await ask("DELETE", "/v1/groups/workers");
    expect(refused).toMatchObject({ status: 409, body: { code: "group.not_empty" } });
    expect((await ask("DELETE", "/v1/groups/workers?validateOnly=true")).status).toBe(409);
  } finally {
    await consumer.disconnect();
  }
});

test("members of the newer consumer protocol are shown the same way", async () => {
  await topic("orders", 2);
  await write("orders", 0, 2);
  const memberId = randomUUID();
  const beat = (memberEpoch: number, owned: { topicId: string; partitions: number[] }[] | null) =>
    connection.request(Api.ConsumerGroupHeartbeat, {
      groupId: `${prefix}modern`,
      memberId,
      memberEpoch,
      instanceId: null,
      rackId: null,
      rebalanceTimeoutMs: 30_000,
      subscribedTopicNames: [`${prefix}orders`],
      serverAssignor: null,
      topicPartitions: owned,
    });
  let epoch = 0;
  // The coordinator assigns in its own time, and tells a member at one of its heartbeats.
  const assigned = async () => {
    const answer = await beat(epoch, epoch === 0 ? [] : null);
    expect(answer.errorCode).toBe(0);
    epoch = answer.memberEpoch;
    return answer.assignment?.topicPartitions ?? [];
  };
  await expect.poll(assigned, { timeout: 15_000 }).toMatchObject([{ partitions: [0, 1] }]);
  const { status, body } = await ask("GET", "/v1/groups/modern");
  expect(status).toBe(200);
  expect(body).toMatchObject({
    name: "modern",
    type: "consumer",
    members: [{ id: memberId, assignments: [{ topic: "orders", partitions: [0, 1] }] }],
    lag: "2",
  });
  const listed = (await ask("GET", "/v1/groups")).body.items;
  expect(listed).toEqual([{ kind: "Group", name: "modern", state: body.state, type: "consumer" }]);
  await beat(-1, null);
  await expect.poll(async () => (await ask("DELETE", "/v1/groups/modern")).status).toBe(204);
});

test("groups are listed by name in pages, filtered by prefix, and only the cluster's own", async () => {
  const neighbour = await world.tenant();
  const theirs = await place(world, neighbour);
  for (const name of ["c", "a", "b", "ab"]) await groupWithOffset(admin, prefix, name, 0n);
  await groupWithOffset(admin, theirs.prefix, "theirs", 0n);
  const names = async (query: string) => (await ask("GET", `/v1/groups?${query}`)).body;
  const first = await names("limit=2");
  expect(first.items.map(({ name }: { name: string }) => name)).toEqual(["a", "ab"]);
  const second = await names(`limit=2&cursor=${first.next}`);
  expect(second.items.map(({ name }: { name: string }) => name)).toEqual(["b", "c"]);
  expect(second.next).toBeUndefined();
  const some = await names("filter=name=a*");
  expect(some.items).toHaveLength(2);
  expect((await ask("GET", "/v1/groups/theirs")).status).toBe(404);
  expect((await ask("DELETE", "/v1/groups/theirs")).status).toBe(404);
  for (const query of ["filter=phase=Ready", "cursor=", "limit=0", "filter=state=Stable"]) {
    expect((await ask("GET", `/v1/groups?${query}`)).status).toBe(400);
  }
});

test("a deleted group is gone with its offsets, and the audit log tells who did it", async () => {
  await groupWithOffset(admin, prefix, "old", 0n);
  expect((await ask("DELETE", "/v1/groups/old?validateOnly=true")).body.name).toBe("old");
  expect((await ask("GET", "/v1/groups/old")).status).toBe(200);
  expect((await ask("DELETE", "/v1/groups/old")).status).toBe(204);
  expect((await ask("GET", "/v1/groups/old")).status).toBe(404);
  expect((await ask("DELETE", "/v1/groups/old")).status).toBe(404);
  const { items } = (await ask("GET", "/v1/audit-events?limit=1")).body;
  expect(items).toMatchObject([
    { action: "delete", kind: "Group", resource: "clusters/default/groups/old" },
  ]);
});

test("a topic that is gone does not count as lag", async () => {
  await topic("kept", 1);
  await write("kept", 0, 1);
  await topic("dropped", 1);
  await write("dropped", 0, 9);
  await commit("left", { "kept/0": 0n, "dropped/0": 0n });
  expect((await ask("GET", "/v1/groups/left")).body.lag).toBe("10");
  await admin.deleteTopics({ names: [`${prefix}dropped`] });
  const left = async () => (await ask("GET", "/v1/groups/left")).body;
  await expect.poll(async () => (await left()).lag).toBe("1");
  expect((await left()).partitions).toEqual([
    { topic: "kept", partition: 0, committed: "0", end: "1", lag: "1" },
  ]);
});

test("a cluster without a place, and a broker that does not answer, are errors to try again", async () => {
  await putCluster(world.control, tenant.actor, "new", {});
  const early = await ask("GET", "/v1/clusters/new/groups");
  expect(early).toMatchObject({
    status: 503,
    body: { code: "cluster.not_ready", retryable: true },
  });
  const closed = testAdmin();
  closed.close();
  const broken = await startWorld(() => ({
    groups: groupsOverKafka({ admins: async () => closed }),
  }));
  const other = await broken.tenant();
  await place(broken, other);
  const answer = await broken.ask("GET", "/v1/groups", { key: other.key });
  expect(answer).toMatchObject({
    status: 503,
    body: { code: "cell.unavailable", retryable: true },
  });
  await broken.close();
});

test("a deployment without a way to the brokers says so, but not to strangers", async () => {
  const without = await startWorld();
  const { key } = await without.tenant();
  const answer = await without.ask("GET", "/v1/groups", { key });
  expect(answer).toMatchObject({ status: 501, body: { code: "deployment.unsupported" } });
  expect((await without.ask("GET", "/v1/groups")).status).toBe(401);
  await without.close();
});

async function join(group: string): Promise<Consumer> {
  const { bootstrap, adminUsername: username, adminPassword: password } = inject("kafka");
  const kafka = new Kafka({
    clientId: "worker",
    brokers: [bootstrap],
    sasl: { mechanism: "plain", username, password },
    logLevel: logLevel.NOTHING,
  });
  const consumer = kafka.consumer({ groupId: prefix + group, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic: `${prefix}orders`, fromBeginning: true });
  await consumer.run({ autoCommit: false, eachMessage: async () => undefined });
  return consumer;
}
