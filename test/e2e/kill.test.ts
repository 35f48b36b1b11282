// kill -9 of the whole process: nothing acknowledged is lost, and nothing has to be tidied by hand.
import { Kafka, logLevel } from "kafkajs";
import { expect, test } from "vitest";
import {
  brokerPid,
  eventually,
  isAlive,
  launchService,
  type Service,
  startService,
  temporaryDir,
} from "../support/service.ts";

test("after kill -9, the next start has every acknowledged record, topic, key and counted hour", async () => {
  const dir = temporaryDir();
  const first = await startService(dir.path);
  await first.rest("PUT", "/v1/topics/orders", wait({ spec: { partitions: 3 } }));
  await first.rest("PUT", "/v1/service-accounts/app", { body: { spec: { role: "developer" } } });
  const made = await first.rest("POST", "/v1/service-accounts/app/keys", { body: {} });
  const key = { id: made.body.id, secret: made.body.secret };
  const acknowledged = await produceUntilKilled(first, key);
  expect(acknowledged).toBeGreaterThan(100);
  const second = await startService(dir.path);
  expect(second.ready.key).toEqual(first.ready.key);
  const log = await logEnd(second, key);
  expect(log).toBeGreaterThanOrEqual(acknowledged);
  const usage = await eventually("usage holds what the log holds", async () => {
    const { body } = await second.rest("GET", "/v1/usage?groupBy=topic");
    const row = body.rows.find((each: { topic: string }) => each.topic === "orders");
    return Number(row?.recordsWritten) === log ? row : undefined;
  });
  expect(Number(usage.recordsWritten)).toBe(log);
  const written = await second.rest("PUT", "/v1/topics/after", wait({ spec: {} }));
  expect(written.body.status.phase).toBe("Ready");
  await second.stop();
  dir.remove();
});

test("kill -9 during the first start leaves a directory that the next start completes", async () => {
  const dir = temporaryDir();
  for (const afterMs of [150, 500, 900, 1300]) {
    const { process: child, started } = launchService(dir.path);
    setTimeout(() => child.kill("SIGKILL"), afterMs);
    await started.then(
      (service) => service.kill(),
      () => undefined,
    );
  }
  const service = await startService(dir.path);
  const tenants = await service.rest("GET", "/admin/v1/tenants");
  expect(tenants.body.items).toHaveLength(1);
  await service.stop();
  dir.remove();
});

test("kill -9 of the broker alone: it comes back by itself and the same clients go on", async () => {
  const dir = temporaryDir();
  const service = await startService(dir.path);
  await service.rest("PUT", "/v1/topics/orders", wait({ spec: { partitions: 1 } }));
  const before = brokerPid(dir.path)!;
  const producer = client(service, service.ready.key).producer();
  await producer.connect();
  await producer.send({ topic: "orders", messages: [{ value: "before" }] });
  process.kill(before, "SIGKILL");
  await eventually("the broker is another process", async () => {
    const now = brokerPid(dir.path);
    return now !== undefined && now !== before && isAlive(now) ? now : undefined;
  });
  await producer.send({ topic: "orders", messages: [{ value: "after" }] });
  await producer.disconnect();
  expect(await logEnd(service, service.ready.key)).toBe(2);
  await service.stop();
  dir.remove();
});

const wait = (body: unknown) => ({ body, headers: { prefer: "wait=10" } });

function client(service: Service, key: { id: string; secret: string }): Kafka {
  return new Kafka({
    clientId: "kill",
    brokers: [service.ready.bootstrap],
    sasl: { mechanism: "plain", username: key.id, password: key.secret },
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 100, retries: 12 },
  });
}

/** Writes one record at a time, each acknowledged, and kills the service in the middle. Answers how many were. */
async function produceUntilKilled(
  service: Service,
  key: { id: string; secret: string },
): Promise<number> {
  const kafka = client(service, key);
  const producer = kafka.producer({ retry: { retries: 0 } });
  await producer.connect();
  let acknowledged = 0;
  const killAt = 300;
  try {
    for (;;) {
      await producer.send({ topic: "orders", acks: -1, messages: [{ value: `${acknowledged}` }] });
      acknowledged += 1;
      if (acknowledged === killAt) void service.kill();
    }
  } catch {
    await producer.disconnect().catch(() => undefined);
    return acknowledged;
  }
}

async function logEnd(service: Service, key: { id: string; secret: string }): Promise<number> {
  const admin = client(service, key).admin();
  await admin.connect();
  const offsets = await admin.fetchTopicOffsets("orders");
  await admin.disconnect();
  return offsets.reduce((sum, { high }) => sum + Number(high), 0);
}
