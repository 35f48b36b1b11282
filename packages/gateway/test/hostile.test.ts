// Bad input: each is refused in words or by closing, is logged, and the next good connection works.

import { ErrorCode } from "@headgate/kafka/errors";
import { requestFrame } from "@headgate/kafka/frame";
import { Api } from "@headgate/kafka/generated/types";
import { plainMessage } from "@headgate/kafka/sasl";
import { apiKeys } from "@headgate/store/api-keys";
import { changeFeed } from "@headgate/store/change-feed";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { raw, wire } from "./clients.ts";
import { startWorld, type Tenant, type World } from "./world.ts";

let world: World;
let tenant: Tenant;

beforeAll(async () => {
  world = await startWorld({ loginTimeoutMs: 300 });
  tenant = await world.tenant();
});

afterEach(async () => {
  const connection = await wire(world.gateway.port, tenant.key);
  const answer = await connection.request(Api.Metadata, { topics: null });
  expect(answer.topics).toEqual([]);
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

test("random bytes never stop the gateway", async () => {
  for (let round = 0; round < 50; round++) {
    const client = await raw(world.gateway.port);
    const bytes = Buffer.alloc(1 + round * 7);
    for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 31 + round * 17) & 0xff;
    client.socket.end(bytes);
    await client.closed;
  }
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

test("a revoked key loses its live connections within five seconds", async () => {
  const { id } = await tenant.keyWith([]);
  void id;
  const key = await tenant.keyWith([
    { operation: "admin", resource: "topic", pattern: "literal", name: "*" },
  ]);
  const client = await raw(world.gateway.port);
  await client.logIn(key);
  await client.ask(Api.Metadata, 9, { topics: null });
  const { control } = world;
  await apiKeys(control.store).update(tenant.tenant, key.id, (now) => ({
    ...now,
    revokedAt: new Date().toISOString(),
  }));
  const startMs = performance.now();
  const event = { tenant: tenant.tenant, parts: [key.id], action: "write" as const };
  await changeFeed(control).append({ kind: "api-key", ...event });
  await client.closed;
  expect(performance.now() - startMs).toBeLessThan(5000);
  await expect(wire(world.gateway.port, key)).rejects.toThrow("SASL_AUTHENTICATION_FAILED");
});
