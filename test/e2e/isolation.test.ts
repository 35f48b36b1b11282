// Two tenants on one broker: the neighbour's things do not exist.
import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Service, startService, temporaryDir } from "../support/service.ts";

type Key = { id: string; secret: string };

const spec = { body: { spec: {} } };
const dir = temporaryDir();
let service: Service;
let neighbour: { tenant: string; key: Key };

beforeAll(async () => {
  service = await startService(dir.path);
  const body = { spec: { displayName: "Neighbour" } };
  const made = await service.rest("POST", "/admin/v1/tenants", {
    body,
    headers: { prefer: "wait=10" },
  });
  expect(made.status).toBe(201);
  neighbour = { tenant: made.body.tenant.id, key: made.body.key };
  for (const key of [service.ready.key, neighbour.key]) {
    const put = { key, body: { spec: { partitions: 1 } }, headers: { prefer: "wait=10" } };
    expect((await service.rest("PUT", "/v1/topics/orders", put)).body.status.phase).toBe("Ready");
  }
});

afterAll(async () => {
  await service.stop();
  dir.remove();
});

const kafka = (key: Key) =>
  new Kafka({
    brokers: [service.ready.bootstrap],
    sasl: { mechanism: "plain", username: key.id, password: key.secret },
    logLevel: logLevel.NOTHING,
  });

test("topics of one name hold each tenant's own records", async () => {
  for (const [key, value] of [
    [service.ready.key, "ours"],
    [neighbour.key, "theirs"],
  ] as const) {
    const producer = kafka(key).producer();
    await producer.connect();
    await producer.send({ topic: "orders", messages: [{ value }] });
    await producer.disconnect();
  }
  expect(await readAll(service.ready.key)).toEqual(["ours"]);
  expect(await readAll(neighbour.key)).toEqual(["theirs"]);
});

test("lists over Kafka hold one's own names only", async () => {
  await service.rest("PUT", "/v1/topics/private", {
    body: { spec: {} },
    headers: { prefer: "wait=10" },
  });
  const admin = kafka(neighbour.key).admin();
  await admin.connect();
  expect(await admin.listTopics()).toEqual(["orders"]);
  const { groups } = await admin.listGroups();
  expect(groups.every(({ groupId }) => groupId === "readers")).toBe(true);
  await admin.disconnect();
});

test("every resource of another tenant is 404, to read as to write", async () => {
  await service.rest("PUT", "/v1/clusters/secret", { body: { spec: {} } });
  await service.rest("PUT", "/v1/service-accounts/robot", { body: { spec: {} } });
  for (const [method, path] of [
    ["GET", "/v1/topics/private"],
    ["PATCH", "/v1/topics/private"],
    ["DELETE", "/v1/topics/private"],
    ["GET", "/v1/clusters/secret"],
    ["PUT", "/v1/clusters/secret/topics/x"],
    ["GET", "/v1/service-accounts/robot"],
    ["POST", "/v1/service-accounts/robot/keys"],
  ] as const) {
    const body = bodies[method];
    const answer = await service.rest(method, path, { key: neighbour.key, ...body });
    expect(`${method} ${path} ${answer.status}`).toBe(`${method} ${path} 404`);
  }
});

test("an owner is no operator", async () => {
  const answer = await service.rest("GET", "/admin/v1/tenants", { key: neighbour.key });
  expect(answer.status).toBe(403);
});

/** Valid ones: what answers 404 must not be the body's fault. */
const bodies = { GET: {}, DELETE: {}, POST: { body: {} }, PUT: spec, PATCH: spec };

async function readAll(key: Key): Promise<string[]> {
  const consumer = kafka(key).consumer({ groupId: "readers", maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic: "orders", fromBeginning: true });
  const values: string[] = [];
  await new Promise<void>((resolve, reject) => {
    consumer
      .run({
        eachBatch: async ({ batch }) => {
          values.push(...batch.messages.map((message) => String(message.value)));
          resolve();
        },
      })
      .catch(reject);
  });
  await consumer.disconnect();
  return values;
}
