// Bad input: each is refused in words or by closing, is logged, and the next good connection works.

import { ErrorCode } from "@headgate/kafka/errors";
import { requestFrame } from "@headgate/kafka/frame";
import { Api } from "@headgate/kafka/generated/types";
import { encodeBatch } from "@headgate/kafka/records";
import { plainMessage } from "@headgate/kafka/sasl";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { raw, wire } from "./clients.ts";
import { startWorld, type Tenant, type World } from "./world.ts";

let world: World;
let tenant: Tenant;

beforeAll(async () => {
  world = await startWorld({ loginTimeoutMs: 300 });
  tenant = await world.tenant();
  const connection = await wire(world.gateway.port, tenant.key);
  const topics = [{ name: "good", numPartitions: 1, replicationFactor: 1 }];
  const made = await connection.request(Api.CreateTopics, { topics, timeoutMs: 10_000 });
  expect(made.topics[0]?.errorCode).toBe(0);
  connection.close();
});

/** Whatever happened, the next good request of the next connection works. */
afterEach(async () => {
  const connection = await wire(world.gateway.port, tenant.key);
  const answer = await connection.request(Api.Metadata, { topics: null });
  expect(answer.topics.map((topic) => [topic.name, topic.errorCode])).toEqual([["good", 0]]);
  connection.close();
});

afterAll(async () => {
  await world.close();
});

const lastLog = () => world.logged.at(-1)?.message;

async function tryLogin(username: string, password: string) {
  const client = await raw(world.gateway.port);
  await client.ask(Api.SaslHandshake, 1, { mechanism: "PLAIN" });
  const authBytes = plainMessage(username, password);
  const answer = await client.ask(Api.SaslAuthenticate, 2, { authBytes });
  await client.closed;
  return answer;
}

test("a wrong secret and an unknown key fail alike, with a sentence, in every mechanism", async () => {
  const wrong = await tryLogin(tenant.key.id, "hgs_wrong");
  expect(wrong.errorCode).toBe(ErrorCode.SASL_AUTHENTICATION_FAILED);
  expect(wrong.errorMessage).toMatch(/key or its secret is wrong.*Check the key/);
  expect(await tryLogin("ak_0000000000000000", "hgs_wrong")).toEqual(wrong);
  expect(await tryLogin("root", "hgs_wrong")).toEqual(wrong);
  for (const mechanism of ["SCRAM-SHA-256", "SCRAM-SHA-512"] as const) {
    const port = world.gateway.port;
    const good = await wire(port, tenant.key, mechanism);
    good.close();
    for (const id of [tenant.key.id, "ak_0000000000000000"] as const)
      await expect(
        wire(port, { ...tenant.key, id: id as typeof tenant.key.id, secret: "no" }, mechanism),
      ).rejects.toThrow(/SASL_AUTHENTICATION_FAILED.*secret is wrong/);
  }
});

test("an unknown mechanism is told the ones there are", async () => {
  const client = await raw(world.gateway.port);
  const answer = await client.ask(Api.SaslHandshake, 1, { mechanism: "GSSAPI" });
  expect(answer).toEqual({
    errorCode: ErrorCode.UNSUPPORTED_SASL_MECHANISM,
    mechanisms: ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"],
  });
  await client.logIn(tenant.key);
  client.socket.destroy();
});

test.each([
  ["a frame length of 2 GB", Buffer.from([0x7f, 0xff, 0xff, 0xff])],
  ["a negative frame length", Buffer.from([0xff, 0xff, 0xff, 0xfe])],
  ["a frame too large to come before a login", Buffer.from([0x00, 0x02, 0x00, 0x00])],
  ["bytes of another protocol", Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n")],
  ["an empty frame", Buffer.alloc(64)],
  ["half a header", Buffer.from([0, 0, 0, 3, 0, 18, 0])],
  ["a cut body", requestFrame(Api.SaslHandshake, 1, 1, "x", Buffer.from([0, 99]))],
])("%s closes the connection", async (_what, bytes) => {
  const before = world.logged.length;
  const client = await raw(world.gateway.port);
  client.send(bytes);
  await client.closed;
  expect(client.received).toEqual([]);
  expect(world.logged.length).toBe(before + 1);
});

test("random bytes close their connection and stop nothing", async () => {
  let answered = 0;
  for (let round = 0; round < 50; round++) {
    const client = await raw(world.gateway.port);
    const bytes = Buffer.alloc(1 + round * 7);
    for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 31 + round * 17) & 0xff;
    client.socket.end(bytes);
    await client.closed;
    answered += client.received.length;
  }
  expect(answered).toBe(0);
  expect(world.gateway.stats().connections).toBe(0);
});

test("a request for data before the login closes the connection", async () => {
  const client = await raw(world.gateway.port);
  await expect(client.ask(Api.Metadata, 9, { topics: null })).rejects.toThrow("ended");
  expect(lastLog()).toBe("Request before authentication");
});

test("who does not log in is disconnected", async () => {
  const client = await raw(world.gateway.port);
  await client.closed;
  expect(lastLog()).toBe("Login timed out");
});

test("a frame of 2 GB after the login closes the connection", async () => {
  const client = await raw(world.gateway.port);
  await client.logIn(tenant.key);
  client.send(Buffer.from([0x7f, 0xff, 0xff, 0xff]));
  await client.closed;
  expect(lastLog()).toBe("Request could not be read");
});

test("ApiVersions above ours is answered in version 0 and may be asked again", async () => {
  const client = await raw(world.gateway.port);
  client.send(requestFrame(Api.ApiVersions, 4, 7, "x", Buffer.from([0, 0, 0])));
  const bytes = requestFrame(Api.ApiVersions, 4, 8, "x", Buffer.from([0, 0, 0]));
  bytes.writeInt16BE(99, 6);
  expect((await client.frame())?.readInt32BE(4)).toBe(7);
  client.send(bytes);
  const answer = await client.frame();
  expect(answer?.readInt32BE(4)).toBe(8);
  expect(answer?.readInt16BE(8)).toBe(ErrorCode.UNSUPPORTED_VERSION);
  const offered = await client.ask(Api.ApiVersions, 3, { clientSoftwareName: "x" });
  const byKey = new Map(offered.apiKeys.map((api) => [api.apiKey, api]));
  expect(byKey.get(Api.Produce)).toMatchObject({ minVersion: 0, maxVersion: 13 });
  // Nothing that is refused is shown.
  for (const key of [21, 24, 26, 29, 38, 50, 61, 66, 68, 71, 75])
    expect(byKey.has(key)).toBe(false);
  expect(offered.finalizedFeatures).toEqual([]);
  client.socket.destroy();
});

test.each([
  ["an unsupported version", Api.Metadata, 99],
  ["an API that is not offered", Api.GetTelemetrySubscriptions, 0],
  ["an API of brokers", Api.WriteTxnMarkers, 1],
  ["a negative API key", -1, 0],
])("%s closes the connection", async (_what, apiKey, version) => {
  const client = await raw(world.gateway.port);
  await client.logIn(tenant.key);
  const bytes = requestFrame(Api.Metadata, 0, 1, "x", Buffer.alloc(4));
  bytes.writeInt16BE(apiKey, 4);
  bytes.writeInt16BE(version, 6);
  client.send(bytes);
  await client.closed;
  expect(lastLog()).toBe("API is not offered");
});

test("a body that does not fit its version closes the connection before the broker sees it", async () => {
  const client = await raw(world.gateway.port);
  await client.logIn(tenant.key);
  client.send(requestFrame(Api.Metadata, 4, 1, "x", Buffer.from([0x7f, 0xff, 0xff, 0xff, 0])));
  await client.closed;
  expect(lastLog()).toBe("Request could not be read");
});

describe("a request that cannot be met is answered in Kafka's words, with what to do", () => {
  async function asking<T>(ask: (client: Awaited<ReturnType<typeof raw>>) => Promise<T>) {
    const client = await raw(world.gateway.port);
    await client.logIn(tenant.key);
    try {
      return await ask(client);
    } finally {
      client.socket.destroy();
    }
  }
  const create = (name: string, numPartitions = 1, config: [string, string][] = []) =>
    asking(async (client) => {
      const configs = config.map(([key, value]) => ({ name: key, value }));
      const topics = [{ name, numPartitions, replicationFactor: 1, configs }];
      const answer = await client.ask(Api.CreateTopics, 7, { topics, timeoutMs: 10_000 });
      const [{ errorCode, errorMessage }] = answer.topics as [(typeof answer.topics)[number]];
      return { errorCode, errorMessage };
    });

  test.each<[string, () => ReturnType<typeof create>, number, RegExp]>([
    ["an illegal name", () => create("not legal!"), 17, /letters, digits, dots/],
    ["an empty name", () => create(""), 17, /letters, digits, dots/],
    ["a name of dots", () => create(".."), 17, /not '\.' or '\.\.'/],
    ["a name of 251 characters", () => create("n".repeat(251)), 17, /1 to 238/],
    ["no partitions", () => create("p", 0), 37, /from 1 up/],
    ["fewer than no partitions", () => create("p", -2), 37, /from 1 up/],
    ["a thousand million partitions", () => create("p", 1_000_000_000), 37, /partition limit/],
    ["an unknown setting", () => create("c", 1, [["no.such.key", "1"]]), 40, /no\.such\.key/],
    ["a value out of range", () => create("c", 1, [["retention.ms", "soon"]]), 40, /retention\.ms/],
    [
      "a setting of the operator's",
      () => create("c", 1, [["unclean.leader.election.enable", "true"]]),
      44,
      /unclean\.leader/,
    ],
  ])("%s", async (_what, ask, code, text) => {
    const { errorCode, errorMessage } = await ask();
    expect(errorCode).toBe(code);
    expect(errorMessage).toMatch(text);
    expect(errorMessage).not.toContain(tenant.prefix);
  });

  test.each([
    ["an unknown topic", "unknown", ErrorCode.UNKNOWN_TOPIC_OR_PARTITION],
    ["a name of 251 characters", "n".repeat(251), ErrorCode.INVALID_TOPIC_EXCEPTION],
    ["a name only the prefix makes too long", "n".repeat(245), ErrorCode.INVALID_TOPIC_EXCEPTION],
    ["an illegal name", "not legal!", ErrorCode.INVALID_TOPIC_EXCEPTION],
  ])("metadata, produce, fetch and offsets of %s", async (_what, name, code) => {
    await asking(async (client) => {
      const metadata = await client.ask(Api.Metadata, 9, { topics: [{ name }] });
      expect(metadata.topics.map((t) => [t.name, t.errorCode])).toEqual([[name, code]]);
      const unknown = [ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, ErrorCode.INVALID_TOPIC_EXCEPTION];
      const records = encodeBatch([{ value: Buffer.from("x"), timestampMs: 1 }]);
      const produced = await client.ask(Api.Produce, 9, {
        acks: -1,
        timeoutMs: 1000,
        topicData: [{ name, partitionData: [{ index: 0, records }] }],
      });
      expect(unknown).toContain(produced.responses[0]?.partitionResponses[0]?.errorCode);
      const partition = { partition: 0, fetchOffset: 0n, partitionMaxBytes: 100 };
      const fetched = await client.ask(Api.Fetch, 12, {
        maxWaitMs: 1,
        topics: [{ topic: name, partitions: [partition] }],
      });
      expect(unknown).toContain(fetched.responses[0]?.partitions[0]?.errorCode);
      const listed = await client.ask(Api.ListOffsets, 5, {
        topics: [{ name, partitions: [{ partitionIndex: 0, timestamp: -1n }] }],
      });
      expect(unknown).toContain(listed.topics[0]?.partitions[0]?.errorCode);
    });
  });

  test("settings of a topic, by the same rules as at its creation", async () => {
    const change = (name: string, value: string | null, configOperation = 0) =>
      asking(async (client) => {
        const configs = [{ name, value, configOperation }];
        const resources = [{ resourceType: 2, resourceName: "good", configs }];
        const answer = await client.ask(Api.IncrementalAlterConfigs, 1, { resources });
        return answer.responses[0]!;
      });
    expect(await change("no.such.key", "1")).toMatchObject({ errorCode: 40 });
    expect(await change("unclean.leader.election.enable", "true")).toMatchObject({ errorCode: 44 });
    expect(await change("retention.ms", null)).toMatchObject({ errorCode: 40 });
    expect(await change("retention.ms", "1", 2)).toMatchObject({ errorCode: 40 });
    expect(await change("cleanup.policy", "compact", 2)).toMatchObject({ errorCode: 0 });
    expect(await change("cleanup.policy", "compact", 3)).toMatchObject({ errorCode: 0 });
    expect(await change("retention.ms", "60000")).toMatchObject({ errorCode: 0 });
  });
});

test("a request about more than anybody has closes the connection, or is refused, before it costs anything", async () => {
  const client = await raw(world.gateway.port);
  await client.logIn(tenant.key);
  const topics = Array.from({ length: 1001 }, (_, i) => ({
    name: `many-${i}`,
    numPartitions: 1,
    replicationFactor: 1,
  }));
  const refused = await client.ask(Api.CreateTopics, 5, { topics });
  expect(refused.topics).toHaveLength(1001);
  expect(new Set(refused.topics.map((t) => t.errorCode))).toEqual(new Set([44]));
  const partitions = Array.from({ length: 10_001 }, (_, partitionIndex) => ({ partitionIndex }));
  const asked = client.ask(Api.ListOffsets, 5, { topics: [{ name: "good", partitions }] });
  await expect(asked).rejects.toThrow("ended");
  expect(lastLog()).toBe("Request could not be read");
  const again = await raw(world.gateway.port);
  await again.logIn(tenant.key);
  const huge = {
    topics: [{ name: "x".repeat(30_000) }, ...Array(40).fill({ name: "y".repeat(30_000) })],
  };
  await expect(again.ask(Api.CreateTopics, 2, huge)).rejects.toThrow("ended");
  expect(lastLog()).toBe("Request is too large");
});
