// Records through the gateway with an ordinary client, two tenants side by side on one real broker.
import { Api } from "@headgate/kafka/generated/types";
import { usage } from "@headgate/store/usage";
import type { Admin } from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { kafkaJs, wire } from "./clients.ts";
import { startWorld, type Tenant, type World } from "./world.ts";

let world: World;
let ann: Tenant;
let bob: Tenant;

beforeAll(async () => {
  world = await startWorld();
  ann = await world.tenant();
  bob = await world.tenant();
});

afterAll(async () => {
  await world.close();
});

const client = (tenant: Tenant, clientId?: string) =>
  kafkaJs(world.gateway.port, tenant.key, clientId);

async function withAdmin<T>(tenant: Tenant, use: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = client(tenant).admin();
  await admin.connect();
  try {
    return await use(admin);
  } finally {
    await admin.disconnect();
  }
}

async function produce(tenant: Tenant, topic: string, values: string[]): Promise<void> {
  const producer = client(tenant, "writer").producer({ idempotent: true });
  await producer.connect();
  await producer.send({ topic, messages: values.map((value) => ({ key: value, value })) });
  await producer.disconnect();
}

/** Reads with a group until `count` records came, and waits that no more do. */
async function consume(tenant: Tenant, topic: string, groupId: string, count: number) {
  const consumer = client(tenant, "reader").consumer({ groupId });
  const got: string[] = [];
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({ eachMessage: async ({ message }) => void got.push(`${message.value}`) });
  await expect.poll(() => got.length, { timeout: 20_000 }).toBeGreaterThanOrEqual(count);
  await consumer.disconnect();
  return got.sort();
}

test("two tenants with the same topic and group names never see each other", async () => {
  for (const tenant of [ann, bob])
    await withAdmin(tenant, (admin) =>
      admin.createTopics({ topics: [{ topic: "orders", numPartitions: 2 }] }),
    );
  await produce(ann, "orders", ["a1", "a2", "a3"]);
  await produce(bob, "orders", ["b1", "b2"]);
  expect(await consume(ann, "orders", "shop", 3)).toEqual(["a1", "a2", "a3"]);
  expect(await consume(bob, "orders", "shop", 2)).toEqual(["b1", "b2"]);
  await withAdmin(ann, async (admin) => {
    expect(await admin.listTopics()).toEqual(["orders"]);
    const { groups } = await admin.listGroups();
    expect(groups.map((group) => group.groupId)).toEqual(["shop"]);
    const described = await admin.describeGroups(["shop"]);
    expect(described.groups[0]?.groupId).toBe("shop");
    const offsets = await admin.fetchOffsets({ groupId: "shop", topics: ["orders"] });
    expect(sum(offsets[0]!.partitions.map((p) => p.offset))).toBe(3);
    const ends = await admin.fetchTopicOffsets("orders");
    expect(sum(ends.map((p) => p.high))).toBe(3);
    await admin.deleteGroups(["shop"]);
    expect((await admin.listGroups()).groups).toEqual([]);
  });
  await withAdmin(bob, async (admin) => {
    const { groups } = await admin.listGroups();
    expect(groups.map((group) => group.groupId)).toEqual(["shop"]);
    const cluster = await admin.describeCluster();
    expect(cluster.clusterId).toBe(bob.cluster);
    expect(cluster.brokers[0]?.host).toBe("127.0.0.1");
    expect(cluster.brokers[0]?.port).toBe(world.gateway.port + 1 + cluster.brokers[0]!.nodeId);
  });
});

// A partition nothing was committed for has offset -1.
const sum = (numbers: string[]) => numbers.reduce((total, n) => total + Math.max(0, Number(n)), 0);

test("what was written and read is counted once, and attributed", async () => {
  const tenant = await world.tenant();
  await withAdmin(tenant, (admin) => admin.createTopics({ topics: [{ topic: "counted" }] }));
  const values = Array.from({ length: 250 }, (_, i) => `v${i}`);
  await produce(tenant, "counted", values);
  expect(await consume(tenant, "counted", "g", 250)).toHaveLength(250);
  await world.gateway.flush();
  const repo = usage(world.control.store);
  const span = { from: "2000-01-01T00", before: "2999-01-01T00" };
  const windows = await repo.windows(tenant.tenant, tenant.cluster, span);
  const total = (pick: (w: (typeof windows)[number]) => string) => sum(windows.map(pick));
  expect(total((w) => w.totals.recordsIn)).toBe(250);
  expect(total((w) => w.totals.recordsOut)).toBe(250);
  const rows = (await repo.attribution(tenant.tenant, tenant.cluster, span)).flatMap((c) => c.rows);
  const [topic] = await world.admin.metadata({ names: [`${tenant.prefix}counted`] });
  expect(rows.map((r) => [r.topic, r.topicId, r.serviceAccount, r.clientId])).toEqual([
    ["counted", topic?.topicId, "owner", "writer"],
    ["counted", topic?.topicId, "owner", "reader"],
  ]);
});

test("topics are created, grown, configured and deleted with Kafka's own words", async () => {
  const tenant = await world.tenant();
  await withAdmin(tenant, async (admin) => {
    const topic = "managed";
    const make = { topic, numPartitions: 2, replicationFactor: 3 };
    expect(await admin.createTopics({ topics: [make] })).toBe(true);
    // kafkajs says false for "exists".
    expect(await admin.createTopics({ topics: [make] })).toBe(false);
    await admin.createPartitions({ topicPartitions: [{ topic, count: 4 }] });
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    expect(topics[0]?.partitions).toHaveLength(4);
    await expect(
      admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] }),
    ).rejects.toThrow(/partitions/i);
    const connection = await wire(world.gateway.port, tenant.key);
    const retention = { name: "retention.ms", configOperation: 0, value: "60000" };
    const resources = [{ resourceType: 2, resourceName: topic, configs: [retention] }];
    const altered = await connection.request(Api.IncrementalAlterConfigs, { resources });
    expect(altered.responses.map((response) => response.errorCode)).toEqual([0]);
    connection.close();
    const described = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: 2, name: topic, configNames: ["retention.ms"] }],
    });
    expect(described.resources[0]?.resourceName).toBe(topic);
    expect(described.resources[0]?.configEntries[0]?.configValue).toBe("60000");
    await admin.deleteTopics({ topics: [topic] });
    expect(await admin.listTopics()).toEqual([]);
    await expect(admin.deleteTopics({ topics: [topic] })).rejects.toThrow();
  });
});

test("naming an unknown topic creates it only where the cluster allows", async () => {
  const open = await world.tenant({ autoCreateTopics: true });
  await produce(open, "made.by.use", ["x"]);
  expect(await consume(open, "made.by.use", "g", 1)).toEqual(["x"]);
  const producer = client(ann).producer({ retry: { retries: 1 } });
  await producer.connect();
  await expect(
    producer.send({ topic: "never.made", messages: [{ value: "x" }] }),
  ).rejects.toThrow();
  await producer.disconnect();
  await withAdmin(ann, async (admin) => expect(await admin.listTopics()).toEqual(["orders"]));
});
