import { putTopic } from "@headgate/control/topics";
import { topics } from "@headgate/store/topics";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { LiveEvent } from "../src/live.ts";
import { type ApiServer, serveApi } from "../src/serve.ts";
import { type Key, send, startWorld, type TestTenant, type World } from "./world.ts";

let world: World;
let server: ApiServer;
let tenant: TestTenant;
let neighbour: TestTenant;

beforeEach(async () => {
  world = await startWorld();
  server = await serveApi(
    { control: world.control, version: "test" },
    { host: "127.0.0.1", port: 0 },
  );
  [tenant, neighbour] = [await world.tenant(), await world.tenant()];
});

afterEach(async () => {
  await server.close();
  await world.close();
});

interface Following {
  readonly events: LiveEvent[];
  readonly ended: Promise<void>;
  stop(): void;
}

/** Follows the stream over HTTP, from its first byte on. */
async function follow(key: Key): Promise<Following> {
  const abort = new AbortController();
  const response = await fetch(`${server.url}/v1/live`, {
    headers: { authorization: `Bearer ${key.id}:${key.secret}` },
    signal: abort.signal,
  });
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  const events: LiveEvent[] = [];
  let text = (await reader.read()).value ?? "";
  const take = (): void => {
    const blocks = text.split("\n\n");
    text = blocks.pop()!;
    for (const block of blocks.filter((each) => !each.startsWith(":"))) {
      const [event, data] = block.split("\n");
      expect(event).toBe("event: change");
      events.push(JSON.parse(data!.replace(/^data: /, "")));
    }
  };
  take();
  const ended = (async () => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      text += value;
      take();
    }
  })().catch(() => undefined);
  return { events, ended, stop: () => abort.abort() };
}

const make = (of: TestTenant, name: string) =>
  putTopic(world.control, of.actor, "default", name, { partitions: 1 });

test("a stream tells of every change of its own tenant, and of no other's", async () => {
  const [mine, theirs] = [await follow(tenant.key), await follow(neighbour.key)];
  for (let i = 0; i < 5; i += 1) {
    await make(neighbour, `theirs-${i}`);
    await make(tenant, `mine-${i}`);
  }
  const namesOf = ({ events }: Following) => new Set(events.map(({ name }) => name));
  await expect.poll(() => namesOf(mine).has("mine-4")).toBe(true);
  await expect.poll(() => namesOf(theirs).has("theirs-4")).toBe(true);
  const all = (prefix: string) => Array.from({ length: 5 }, (_, i) => `${prefix}-${i}`);
  expect([...namesOf(mine)]).toEqual(expect.arrayContaining(all("mine")));
  expect([...namesOf(mine)].filter((name) => name?.startsWith("theirs"))).toEqual([]);
  expect([...namesOf(theirs)].filter((name) => name?.startsWith("mine"))).toEqual([]);
  const event = { kind: "topic", action: "write", cluster: tenant.cluster, name: "mine-0" };
  expect(mine.events).toContainEqual(event);
  for (const each of mine.events)
    world.document.fits({ $ref: "#/components/schemas/LiveEvent" }, each);
  mine.stop();
  theirs.stop();
});

test("usage of a tenant's clusters is told, also of one made while the stream was open", async () => {
  const mine = await follow(tenant.key);
  const made = await world.ask("PUT", "/v1/clusters/second", {
    key: tenant.key,
    body: { spec: {} },
  });
  await expect.poll(() => mine.events.some(({ name }) => name === "second")).toBe(true);
  const { signal } = world.control;
  signal.notify(`usage:${neighbour.cluster}`);
  signal.notify(`usage:${tenant.cluster}`);
  signal.notify(`usage:${made.body.id}`);
  const counted = () =>
    mine.events.filter(({ kind }) => kind === "usage").map(({ cluster }) => cluster);
  await expect.poll(() => counted().includes(made.body.id)).toBe(true);
  expect(new Set(counted())).toEqual(new Set([tenant.cluster, made.body.id]));
  mine.stop();
});

test("a stream ends when its key is revoked, and when the account loses it, not before", async () => {
  await world.ask("PUT", "/v1/service-accounts/app", {
    key: tenant.key,
    body: { spec: { role: "viewer" } },
  });
  const path = "/v1/service-accounts/app/keys";
  const { body: key } = await world.ask("POST", path, { key: tenant.key });
  const [revoked, kept] = [await follow(key), await follow(tenant.key)];
  await make(tenant, "before");
  await expect.poll(() => revoked.events.some(({ name }) => name === "before")).toBe(true);
  await world.ask("DELETE", `${path}/${key.id}`, { key: tenant.key });
  await revoked.ended;
  await make(tenant, "after");
  await expect.poll(() => kept.events.some(({ name }) => name === "after")).toBe(true);
  expect(revoked.events.some(({ name }) => name === "after")).toBe(false);
  kept.stop();
});

test("closing the server ends streams at once", async () => {
  const streams = await Promise.all([follow(tenant.key), follow(neighbour.key)]);
  const startMs = performance.now();
  await server.close();
  await Promise.all(streams.map(({ ended }) => ended));
  expect(performance.now() - startMs).toBeLessThan(1500);
});

test("what the provisioner says of a topic is told too", async () => {
  const mine = await follow(tenant.key);
  await make(tenant, "a");
  await topics(world.control.store).updateStatus(
    tenant.actor.tenant,
    tenant.cluster,
    "a",
    (now) => ({
      status: { ...now.status, phase: "Ready" },
    }),
  );
  const { toolsOf } = await import("@headgate/control/commit");
  await toolsOf(world.control).feed.append({
    tenant: tenant.actor.tenant,
    kind: "topic",
    parts: [tenant.cluster, "a"],
    action: "status",
  });
  const status = { kind: "topic", action: "status", cluster: tenant.cluster, name: "a" };
  await expect.poll(() => mine.events).toContainEqual(status);
  mine.stop();
});

test("a tenant may have a hundred streams open; the next is told to wait, and a closed one makes room", async () => {
  const streams = await Promise.all(Array.from({ length: 100 }, () => follow(tenant.key)));
  const headers = { authorization: `Bearer ${tenant.key.id}:${tenant.key.secret}` };
  const one = await fetch(`${server.url}/v1/live`, { headers });
  expect(one.status).toBe(429);
  expect(one.headers.get("retry-after")).toBe("10");
  await one.body?.cancel();
  const other = await follow(neighbour.key);
  streams[0]!.stop();
  const status = async () => {
    const abort = new AbortController();
    const response = await fetch(`${server.url}/v1/live`, { headers, signal: abort.signal });
    abort.abort();
    return response.status;
  };
  await expect.poll(status).toBe(200);
  for (const stream of [...streams, other]) stream.stop();
});

test("asking for the head alone opens no stream", async () => {
  let listeners = 0;
  const quiet = await startWorld(() => ({
    live: {
      listen: () => {
        listeners += 1;
        return () => undefined;
      },
      close: async () => undefined,
    },
  }));
  const { key } = await quiet.tenant();
  const response = await send(quiet.app, "HEAD", "/v1/live", { key });
  expect(response.status).toBe(200);
  expect(listeners).toBe(0);
  await quiet.close();
});

test("a deployment without a live stream says so", async () => {
  const answer = await world.ask("GET", "/v1/live", { key: tenant.key });
  expect(answer).toMatchObject({ status: 501, body: { code: "deployment.unsupported" } });
  expect(answer.body.fix).toContain("Read what you follow again");
});
