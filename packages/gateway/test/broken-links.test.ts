// The broker goes away under running clients, again and again: they recover by themselves, nothing acknowledged is lost
// or doubled, and the counts are those of the log.
import { type Consumer, Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";
import { raw } from "./clients.ts";
import { type Relay, startRelay } from "./relay.ts";
import { counted, logged } from "./usage.ts";
import { startWorld, type Tenant, type World } from "./world.ts";

let relay: Relay;
let world: World;
let tenant: Tenant;

beforeAll(async () => {
  const kafka = inject("kafka");
  relay = await startRelay(kafka.host, kafka.port);
  world = await startWorld({ broker: relay.address });
  tenant = await world.tenant();
  const client = await raw(world.gateway.port);
  await client.logIn(tenant.key);
  const topics = [{ name: "t", numPartitions: 2, replicationFactor: 1 }];
  await client.ask(3, 9, { topics: [] });
  await client.ask(19, 5, { topics, timeoutMs: 10_000 });
  client.socket.destroy();
});

afterAll(async () => {
  await world.close();
  await relay.close();
});

const client = () =>
  new Kafka({
    clientId: "steady",
    brokers: [`127.0.0.1:${world.gateway.port}`],
    sasl: { mechanism: "plain", username: tenant.key.id, password: tenant.key.secret },
    logLevel: logLevel.NOTHING,
    retry: { retries: 50, initialRetryTime: 20, maxRetryTime: 200 },
  });

/**
 * Reads `t` with a group; when the client gives up (kafkajs does on some errors), it is started again, as its user
 * would.
 */
async function reading(onValue: (value: string) => void): Promise<() => Promise<void>> {
  // A member whose connection broke while it joined stays in the group until its session ends: let that be soon.
  const patience = { sessionTimeout: 6000, rebalanceTimeout: 6000, heartbeatInterval: 500 };
  let consumer: Consumer;
  let stopped = false;
  const start = async () => {
    consumer = client().consumer({ groupId: "g", maxWaitTimeInMs: 100, ...patience });
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (!payload.restart && !stopped) void start();
    });
    await consumer.connect();
    await consumer.subscribe({ topic: "t", fromBeginning: true });
    await consumer.run({ eachMessage: async ({ message }) => onValue(String(message.value)) });
  };
  await start();
  return async () => {
    stopped = true;
    await consumer.disconnect();
  };
}

test("an idempotent producer and a group go through a dozen broken links", async () => {
  const read = new Map<string, number>();
  const stop = await reading((value) => void read.set(value, (read.get(value) ?? 0) + 1));
  const producer = client().producer({ idempotent: true, maxInFlightRequests: 1 });
  await producer.connect();
  relay.cutEveryBytes = 7919;
  let acknowledged = 0;
  for (let i = 0; relay.cuts < 12; i++) {
    const messages = Array.from({ length: 20 }, (_, j) => ({ value: `${i}-${j}`.padEnd(60, ".") }));
    await producer.send({ topic: "t", messages });
    acknowledged += messages.length;
  }
  relay.cutEveryBytes = 0;
  await producer.disconnect();
  await vi.waitFor(() => expect(read.size).toBe(acknowledged), { timeout: 45_000, interval: 50 });
  await stop();
  expect(await logged(world, tenant, "t")).toBe(acknowledged);
  const usage = await counted(world, tenant);
  expect(usage.recordsIn).toBe(acknowledged);
  // What was delivered again after a broken link was delivered, and counts.
  const applied = [...read.values()].reduce((sum, times) => sum + times, 0);
  expect(usage.recordsOut).toBeGreaterThanOrEqual(applied);
}, 60_000);

test("a broker that cannot be reached closes connections, and the next one works when it is back", async () => {
  const away = await startRelay("127.0.0.1", 1);
  const lost = await startWorld({ broker: away.address });
  const owner = await lost.tenant();
  const first = await raw(lost.gateway.port);
  await first.logIn(owner.key);
  await expect(first.ask(3, 9, { topics: [] })).rejects.toThrow("ended");
  expect(lost.logged.at(-1)).toMatchObject({
    message: "Broker could not be reached",
    fields: { cluster: owner.cluster },
  });
  await lost.close();
  await away.close();
  const second = await raw(world.gateway.port);
  await second.logIn(tenant.key);
  relay.cut();
  expect((await second.ask(3, 9, { topics: [] })).brokers).toHaveLength(1);
  // Cut while nothing is due: the client does not notice.
  relay.cut();
  await vi.waitFor(() => expect(world.gateway.stats().links).toBe(0));
  expect((await second.ask(3, 9, { topics: [] })).brokers).toHaveLength(1);
  second.socket.destroy();
});
