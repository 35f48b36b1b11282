// Clients that do not read cost a bounded amount of memory, lose nothing, and hold nobody else up.
import { encodeRequest } from "@headgate/kafka/codec";
import { requestFrame } from "@headgate/kafka/frame";
import { Api } from "@headgate/kafka/generated/types";
import { encodeBatch } from "@headgate/kafka/records";
import { afterEach, expect, test, vi } from "vitest";
import { raw } from "./clients.ts";
import { counted } from "./usage.ts";
import { startWorld, type Tenant, type World } from "./world.ts";

const mib = 1024 * 1024;
const records = 32;
const recordBytes = 900_000;
/** Of an answer: a fetch brings just under 8 MiB. */
const perAnswer = Math.floor((8 * mib - 65_536) / recordBytes);
let world: World;
let tenant: Tenant;

afterEach(async () => {
  await world.close();
});

async function start(frameMemoryBytesMax: number) {
  world = await startWorld({ frameMemoryBytesMax });
  tenant = await world.tenant();
  const client = await connected();
  await client.ask(Api.CreateTopics, 5, {
    topics: [{ name: "t", numPartitions: 1, replicationFactor: 1 }],
    timeoutMs: 10_000,
  });
  const batch = encodeBatch([{ value: Buffer.alloc(recordBytes, "x"), timestampMs: 1 }]);
  for (let i = 0; i < records; i++) {
    const partitionData = [{ index: 0, records: batch }];
    const topicData = [{ name: "t", partitionData }];
    const answer = await client.ask(Api.Produce, 9, { acks: -1, timeoutMs: 5000, topicData });
    expect(answer.responses[0]?.partitionResponses[0]?.errorCode).toBe(0);
  }
  client.socket.destroy();
}

async function connected() {
  const client = await raw(world.gateway.port);
  await client.logIn(tenant.key);
  return client;
}

/** Asks for everything in the log, as much as one answer may bring. */
const fetchAll = (id: number) => {
  const partitions = [{ partition: 0, fetchOffset: 0n, partitionMaxBytes: 50 * mib }];
  const topics = [{ topic: "t", partitions }];
  const body = encodeRequest(Api.Fetch, 12, { maxWaitMs: 1, maxBytes: 50 * mib, topics });
  return requestFrame(Api.Fetch, 12, id, "raw", body);
};

test("a client that asks for 200 MB and reads nothing holds one answer, and gets all of them when it reads", async () => {
  await start(512 * mib);
  const slow = await connected();
  const asked = 25;
  slow.socket.pause();
  slow.send(Buffer.concat(Array.from({ length: asked }, (_, i) => fetchAll(i + 1))));
  await vi.waitFor(() => expect(world.gateway.stats().bufferedBytes).toBeGreaterThan(mib));

  // Somebody else's requests are the clock: by the time they are answered, the slow one's would have come too.
  const other = await connected();
  let heldMax = 0;
  for (let i = 0; i < 100; i++) {
    await other.ask(Api.Metadata, 9, { topics: [{ name: "t" }] });
    const { bufferedBytes, frameBytes } = world.gateway.stats();
    heldMax = Math.max(heldMax, bufferedBytes, frameBytes);
  }
  expect(heldMax).toBeGreaterThan(2 * mib);
  expect(heldMax).toBeLessThanOrEqual(2 * 8 * mib);
  const before = await counted(world, tenant);
  // What the kernel took for the client, and no more.
  expect(before.recordsOut).toBeLessThan(4 * perAnswer);

  slow.socket.resume();
  let bytes = 0;
  for (let i = 1; i <= asked; i++) {
    const answer = await slow.frame();
    expect(answer?.readInt32BE(4)).toBe(i);
    bytes += answer!.length;
  }
  expect(bytes).toBeGreaterThan(asked * perAnswer * recordBytes);
  await vi.waitFor(async () => {
    expect(world.gateway.stats().frameBytes).toBe(0);
    const { recordsOut } = await counted(world, tenant);
    expect(recordsOut % asked).toBe(0);
    expect(recordsOut).toBeGreaterThanOrEqual(asked * perAnswer);
  });
  slow.socket.destroy();
  other.socket.destroy();
});

test("many that do not read cannot use up the memory: stuck ones are closed, and who reads goes on", async () => {
  await start(48 * mib);
  const slow = await Promise.all(Array.from({ length: 8 }, () => connected()));
  for (const client of slow) {
    client.socket.pause();
    client.send(fetchAll(1));
  }
  await vi.waitFor(() => expect(world.gateway.stats().frameBytes).toBeGreaterThan(40 * mib));
  let heldMax = 0;
  const look = () => {
    heldMax = Math.max(heldMax, world.gateway.stats().frameBytes);
  };
  // While memory is short a reader may be turned away, as by a broker that is restarted; it comes back.
  const readOnce = async () => {
    const reader = await connected();
    try {
      reader.send(fetchAll(1));
      const answer = await reader.frame();
      look();
      return answer?.length ?? 0;
    } finally {
      reader.socket.destroy();
    }
  };
  await vi.waitFor(
    async () => {
      for (let i = 0; i < 5; i++) expect(await readOnce()).toBeGreaterThan(recordBytes);
      expect(world.logged.map((line) => line.message)).toContain(
        "Memory was taken back from a stuck client",
      );
    },
    { timeout: 90_000, interval: 50 },
  );
  expect(heldMax).toBeLessThanOrEqual(48 * mib);
  for (const client of slow) client.socket.destroy();
});
