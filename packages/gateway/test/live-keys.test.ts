// Keys change under living connections: by the commands of the control plane, as REST gives them.
import { revokeApiKey } from "@headgate/control/api-keys";
import { writeServiceAccount } from "@headgate/control/service-accounts";
import type { Actor } from "@headgate/core/audit";
import type { Grant } from "@headgate/core/service-account";
import { decodeResponse, encodeRequest } from "@headgate/kafka/codec";
import { ErrorCode } from "@headgate/kafka/errors";
import { requestFrame, responseBodyAt } from "@headgate/kafka/frame";
import { Api } from "@headgate/kafka/generated/types";
import { encodeBatch } from "@headgate/kafka/records";
import { scramClient } from "@headgate/kafka/sasl";
import { apiKeys } from "@headgate/store/api-keys";
import { clusters } from "@headgate/store/clusters";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { raw, wire } from "./clients.ts";
import { type Key, startWorld, type Tenant, type World } from "./world.ts";

let world: World;
let tenant: Tenant;
let actor: Actor;

const on = (operation: Grant["operation"], name: string): Grant => ({
  operation,
  resource: "topic",
  pattern: "literal",
  name,
});

beforeAll(async () => {
  world = await startWorld();
});

beforeEach(async () => {
  tenant = await world.tenant();
  actor = {
    tenant: tenant.tenant,
    serviceAccount: "sa_0000000000000000",
    serviceAccountName: "owner",
    apiKey: "ak_0000000000000000",
    channel: "api",
    requestId: "rq_0000000000000000",
  };
  const owner = await as(tenant.key);
  const topics = ["a", "b"].map((name) => ({ name, numPartitions: 1, replicationFactor: 1 }));
  await owner.ask(Api.CreateTopics, 5, { topics, timeoutMs: 10_000 });
  owner.socket.destroy();
});

afterAll(async () => {
  await world.close();
});

async function as(key: Key) {
  const client = await raw(world.gateway.port);
  await client.logIn(key);
  return client;
}

const records = encodeBatch([{ value: Buffer.from("x"), timestampMs: 1 }]);

describe("new grants", () => {
  test("count on a living connection, without a new login", async () => {
    const key = await tenant.keyWith([on("produce", "a")]);
    const client = await as(key);
    const codes = async () => {
      const topicData = ["a", "b"].map((name) => ({
        name,
        partitionData: [{ index: 0, records }],
      }));
      const answer = await client.ask(Api.Produce, 9, { acks: -1, timeoutMs: 5000, topicData });
      const parts = answer.responses.map(({ name, partitionResponses }) => [
        name,
        partitionResponses[0]?.errorCode,
      ]);
      return Object.fromEntries(parts);
    };
    const denied = ErrorCode.TOPIC_AUTHORIZATION_FAILED;
    expect(await codes()).toEqual({ a: 0, b: denied });
    const spec = { role: "none", grants: [on("produce", "b")] };
    await writeServiceAccount(world.control, actor, key.account, () => spec, { updateOnly: true });
    await vi.waitFor(async () => expect(await codes()).toEqual({ a: denied, b: 0 }), {
      timeout: 5000,
    });
    client.socket.destroy();
  });
});

describe("a revoked key", () => {
  test("loses its connections within five seconds and opens no more", async () => {
    const key = await tenant.keyWith([on("admin", "*")]);
    const client = await as(key);
    const neighbour = await as(tenant.key);
    const startMs = performance.now();
    await revokeApiKey(world.control, actor, key.account, key.id);
    await client.closed;
    expect(performance.now() - startMs).toBeLessThan(5000);
    await expect(wire(world.gateway.port, key)).rejects.toThrow("SASL_AUTHENTICATION_FAILED");
    // Another key of the same tenant goes on.
    expect((await neighbour.ask(Api.Metadata, 9, { topics: [] })).topics).toEqual([]);
    neighbour.socket.destroy();
  });

  test("that was revoked in the middle of its login does not get in", async () => {
    const key = await tenant.keyWith([on("admin", "*")]);
    const witness = await as(key);
    const client = await raw(world.gateway.port);
    await client.ask(Api.SaslHandshake, 1, { mechanism: "SCRAM-SHA-256" });
    const scram = scramClient("SCRAM-SHA-256", key.id, key.secret, "clientnonce");
    const first = await client.ask(Api.SaslAuthenticate, 2, { authBytes: scram.first });
    await revokeApiKey(world.control, actor, key.account, key.id);
    // Now the gateway has heard of it.
    await witness.closed;
    const body = encodeRequest(Api.SaslAuthenticate, 2, {
      authBytes: scram.final(first.authBytes),
    });
    client.send(requestFrame(Api.SaslAuthenticate, 2, 9, "raw", body));
    const answer = await client.frame();
    if (answer) {
      const at = responseBodyAt(Api.SaslAuthenticate, 2, answer);
      const { errorCode } = decodeResponse(Api.SaslAuthenticate, 2, answer.subarray(at));
      expect(errorCode).not.toBe(0);
    }
    await client.closed;
    expect(world.gateway.stats().sessions).toBe(0);
  });
});

test("a key's use is noted, at the first login and not at each", async () => {
  const read = async () =>
    (await apiKeys(world.control.store).get(tenant.tenant, tenant.key.id))?.value.lastUsedAt;
  // The set-up logged in.
  await vi.waitFor(async () => expect(await read()).toBeDefined());
  const noted = await read();
  expect(Math.abs(Date.now() - Date.parse(noted!))).toBeLessThan(60_000);
  (await as(tenant.key)).socket.destroy();
  (await wire(world.gateway.port, tenant.key)).close();
  expect(await read()).toBe(noted);
});

test("a login waits for a cluster that is still being made, and holds nobody else's changes up", async () => {
  const young = await world.tenant();
  const repo = clusters(world.control.store);
  const { value } = (await repo.get(young.tenant, "default"))!;
  const pending = { phase: "Pending" as const, conditions: [], observedGeneration: 0 };
  const write = (status: typeof value.status) =>
    repo.updateStatus(young.tenant, "default", (now) => ({ ...now, status }));
  await write(pending);
  let isIn = false;
  const login = as(young.key).then((client) => {
    isIn = true;
    return client;
  });
  const key = await tenant.keyWith([on("admin", "*")]);
  const client = await as(key);
  await revokeApiKey(world.control, actor, key.account, key.id);
  await client.closed;
  expect(isIn).toBe(false);
  await write(value.status);
  world.control.signal.notify(`cluster:${young.cluster}`);
  (await login).socket.destroy();
});

test("a cluster takes as many connections as its units allow; whoever comes then is told why", async () => {
  const small = await world.tenant({ streamingUnits: { min: 0, max: 1 } });
  const clients = await Promise.all(Array.from({ length: 100 }, () => as(small.key)));
  await expect(as(small.key)).rejects.toThrow(/has its 100 connections.*streaming units/);
  clients.pop()!.socket.destroy();
  await vi.waitFor(async () => clients.push(await as(small.key)));
  for (const client of clients) client.socket.destroy();
});
