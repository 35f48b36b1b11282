// Counts against the log, where connections end in the middle of things.
import { type ApiKey, encodeRequest, type Input } from "@headgate/kafka/codec";
import { requestFrame } from "@headgate/kafka/frame";
import { Api, type Requests } from "@headgate/kafka/generated/types";
import { encodeBatch } from "@headgate/kafka/records";
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test, vi } from "vitest";
import { raw } from "./clients.ts";
import { testMint } from "./mint.ts";
import { attributed, counted, logged } from "./usage.ts";
import { startWorld, type Tenant, type World } from "./world.ts";

let world: World;
let tenant: Tenant;
let dials = 0;

// Short-lived tokens: the broker would end each link a minute after its login, so the gateway replaces it before.
beforeAll(async () => {
  const mint = testMint(inject("kafka"), 61);
  world = await startWorld({
    tokenSigner: {
      mint(principal) {
        dials++;
        return mint(principal);
      },
    },
  });
});

afterAll(async () => {
  await world.close();
});

beforeEach(async () => {
  tenant = await world.tenant();
  const client = await connected();
  const topics = [{ name: "t", numPartitions: 1, replicationFactor: 1 }];
  await client.ask(Api.CreateTopics, 5, { topics, timeoutMs: 10_000 });
  client.socket.destroy();
});

async function connected() {
  const client = await raw(world.gateway.port);
  await client.logIn(tenant.key);
  return client;
}

const records = (count: number) =>
  encodeBatch(Array.from({ length: count }, () => ({ value: Buffer.from("x"), timestampMs: 1 })));

const produce = (count: number, acks = -1): Input<Requests[0]> => ({
  acks,
  timeoutMs: 5000,
  topicData: [{ name: "t", partitionData: [{ index: 0, records: records(count) }] }],
});

const frameOf = <K extends ApiKey>(
  key: K,
  version: number,
  id: number,
  value: Input<Requests[K]>,
): Buffer => requestFrame(key, version, id, "raw", encodeRequest(key, version, value));

test("what a client sent before it vanished is counted, although nobody waits for the answer", async () => {
  for (const end of ["end", "destroy", "reset"] as const) {
    const client = await connected();
    await client.ask(Api.Metadata, 9, { topics: [] });
    const before = await logged(world, tenant, "t");
    client.send(frameOf(Api.Produce, 9, 1, produce(5)));
    await new Promise<void>((resolve) => client.socket.write(Buffer.alloc(0), () => resolve()));
    if (end === "end") client.socket.end();
    else if (end === "destroy") client.socket.destroy();
    else client.socket.resetAndDestroy();
    await client.closed;
    // A reset may overtake the request on its way to the gateway; what the log has is what counts.
    await vi.waitFor(async () => {
      expect(world.gateway.stats().connections).toBe(0);
    });
    const written = await logged(world, tenant, "t");
    if (end !== "reset") expect(written - before).toBe(5);
    expect((await counted(world, tenant)).recordsIn).toBe(written);
  }
});

describe("while the broker's link is replaced again and again", () => {
  test("pipelined requests are answered in order, none is lost, and all are counted", async () => {
    const client = await connected();
    const dialsBefore = dials;
    let sent = 0;
    let answered = 0;
    let gone = false;
    void client.closed.then(() => {
      gone = true;
    });
    // Some of the requests are answered by the gateway itself; the order holds across both.
    const send = () => {
      sent++;
      const frame =
        sent % 5 === 0
          ? frameOf(Api.ApiVersions, 0, sent, {})
          : frameOf(Api.Produce, 9, sent, produce(1));
      client.send(frame);
    };
    for (let i = 0; i < 8; i++) send();
    while (answered < sent) {
      const answer = await client.frame();
      expect(gone).toBe(false);
      answered++;
      expect(answer?.readInt32BE(4)).toBe(answered);
      if (dials - dialsBefore < 4) send();
    }
    const produced = answered - Math.floor(answered / 5);
    expect(await logged(world, tenant, "t")).toBe(produced);
    expect((await counted(world, tenant)).recordsIn).toBe(produced);
    client.socket.destroy();
  });
});

describe("bytes and requests", () => {
  test("are those of batches that were accepted and delivered, and of requests that did something", async () => {
    const client = await connected();
    const answer = await client.ask(Api.Produce, 9, {
      acks: -1,
      timeoutMs: 5000,
      topicData: [
        {
          name: "t",
          partitionData: [
            { index: 0, records: records(3) },
            { index: 1, records: records(100) },
          ],
        },
      ],
    });
    expect(answer.responses[0]?.partitionResponses.map((p) => p.errorCode).sort()).toEqual([0, 3]);
    const fetch = (fetchOffset: bigint, maxWaitMs = 1) => ({
      maxWaitMs,
      maxBytes: 1_000_000,
      topics: [{ topic: "t", partitions: [{ partition: 0, fetchOffset, partitionMaxBytes: 1e6 }] }],
    });
    await client.ask(Api.Fetch, 12, fetch(1n));
    await client.ask(Api.Fetch, 12, fetch(3n));
    await client.ask(Api.Heartbeat, 4, { groupId: "g", generationId: 1, memberId: "m" });
    const bytes = records(3).length;
    // The request that made the topic, the produce and the fetch that brought something.
    expect(await counted(world, tenant)).toEqual({
      recordsIn: 3,
      recordsOut: 2,
      bytesIn: bytes,
      bytesOut: bytes,
      requests: 3,
    });
    expect(await attributed(world, tenant)).toMatchObject([
      { topic: "t", serviceAccount: "owner", clientId: "raw", recordsIn: "3", recordsOut: "2" },
    ]);
    client.socket.destroy();
  });

  test("of acks=0 are counted like any others", async () => {
    const client = await connected();
    for (let i = 1; i <= 10; i++) client.send(frameOf(Api.Produce, 9, i, produce(i, 0)));
    await client.ask(Api.Metadata, 9, { topics: [] });
    expect(await logged(world, tenant, "t")).toBe(55);
    expect((await counted(world, tenant)).recordsIn).toBe(55);
    client.socket.destroy();
  });
});
