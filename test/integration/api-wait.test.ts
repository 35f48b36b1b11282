// The API with a real provisioner and a real broker behind it: what Prefer: wait promises.
import { createApp } from "@headgate/api/app";
import { ensureTenant } from "@headgate/control/tenants";
import { newId, newSecret } from "@headgate/core/ids";
import { type Provisioner, startProvisioner } from "@headgate/provisioner/provisioner";
import { systemRandom } from "@headgate/store/system";
import { afterEach, beforeEach, expect, inject, test } from "vitest";
import { minter } from "../../packages/provisioner/test/mint.ts";
import { type SharedCell, sharedCell } from "../../packages/provisioner/test/shared-cell.ts";

let shared: SharedCell;
let provisioner: Provisioner;
let app: ReturnType<typeof createApp>;
let authorization: string;

beforeEach(async () => {
  shared = sharedCell();
  provisioner = await startProvisioner({
    control: shared.control,
    drivers: [shared.driver],
    advertised: { host: "kafka.example", port: 9092 },
    tokenSigner: { mint: minter(inject("kafka")) },
    alone: true,
  });
  app = createApp({ control: shared.control, version: "test" });
  const { tenant } = shared.actor;
  const key = { id: newId("ak", systemRandom), secret: newSecret(systemRandom) };
  authorization = `Bearer ${key.id}:${key.secret}`;
  const spec = { displayName: "Test", priceBook: "default", labels: {} };
  await ensureTenant(shared.control, shared.actor, { tenant, spec, ownerRole: "owner", key });
  expect(
    (await ask("PATCH", "/v1/clusters/default", { labels: { a: "b" } }, 30)).body,
  ).toMatchObject({
    status: { phase: "Ready", bootstrap: "kafka.example:9092" },
  });
});

afterEach(async () => {
  await provisioner.close();
  await shared.close();
});

async function ask(method: string, path: string, spec?: object, wait?: number) {
  const startMs = performance.now();
  const response = await app.request(path, {
    method,
    headers: {
      authorization,
      ...(spec && { "content-type": "application/json" }),
      ...(wait !== undefined && { prefer: `wait=${wait}` }),
    },
    ...(spec && { body: JSON.stringify({ spec }) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    applied: response.headers.get("preference-applied"),
    body: text === "" ? undefined : JSON.parse(text),
    tookMs: performance.now() - startMs,
  };
}

test("who waits for a new topic gets it Ready, and as soon as it is", async () => {
  const made = await ask("PUT", "/v1/topics/orders", { partitions: 2 }, 30);
  expect(made).toMatchObject({
    status: 201,
    applied: "wait=30",
    body: { status: { phase: "Ready", partitions: 2, observedGeneration: 1 } },
  });
  expect(made.tookMs).toBeLessThan(15_000);
});

test("who does not wait is answered at once, with what is so far", async () => {
  const made = await ask("PUT", "/v1/topics/orders", { partitions: 1 });
  expect(made).toMatchObject({ status: 201, applied: null });
  expect(["Pending", "Ready"]).toContain(made.body.status.phase);
});

test("a change that is waited for has reached the broker", async () => {
  await ask("PUT", "/v1/topics/orders", { partitions: 1 }, 30);
  const changed = await ask("PATCH", "/v1/topics/orders", { partitions: 3 }, 30);
  expect(changed.body.status).toMatchObject({
    phase: "Ready",
    partitions: 3,
    observedGeneration: 2,
  });
  const described = await shared.admin.metadata("all");
  const own = described.filter(({ name }) => name?.endsWith(".orders"));
  expect(own.some(({ partitions }) => partitions.length === 3)).toBe(true);
});

test("a deletion that is waited for leaves nothing: 204, then 404, and the name is free again", async () => {
  await ask("PUT", "/v1/topics/orders", { partitions: 1 }, 30);
  expect(await ask("DELETE", "/v1/topics/orders", undefined, 30)).toMatchObject({
    status: 204,
    applied: "wait=30",
    body: undefined,
  });
  expect((await ask("GET", "/v1/topics/orders")).status).toBe(404);
  expect((await ask("PUT", "/v1/topics/orders", { partitions: 2 }, 30)).body.status.phase).toBe(
    "Ready",
  );
  await ask("PUT", "/v1/clusters/second", {}, 30);
  await ask("PUT", "/v1/clusters/second/topics/orders", {}, 30);
  expect((await ask("DELETE", "/v1/clusters/second", undefined, 30)).status).toBe(204);
  expect((await ask("GET", "/v1/clusters/second")).status).toBe(404);
});

test("a tenant that is waited for can connect at once: its cluster is Ready and has an address", async () => {
  const { control, actor } = shared;
  const key = { id: newId("ak", systemRandom), secret: newSecret(systemRandom) };
  const tenant = newId("tn", systemRandom);
  const spec = { displayName: "Operator", priceBook: "default", labels: {} };
  await ensureTenant(control, { ...actor, tenant }, { tenant, spec, ownerRole: "operator", key });
  authorization = `Bearer ${key.id}:${key.secret}`;
  const made = await ask("POST", "/admin/v1/tenants", { displayName: "New" }, 30);
  expect(made).toMatchObject({
    status: 201,
    applied: "wait=30",
    body: { cluster: { status: { phase: "Ready", bootstrap: "kafka.example:9092" } } },
  });
});

test("when time is out the answer is no error but the resource as it is, and the work goes on", async () => {
  await provisioner.close();
  const made = await ask("PUT", "/v1/topics/late", { partitions: 1 }, 1);
  expect(made).toMatchObject({
    status: 201,
    applied: "wait=1",
    body: { name: "late", status: { phase: "Pending" } },
  });
  expect(made.tookMs).toBeGreaterThan(900);
  const leaving = await ask("DELETE", "/v1/topics/late", undefined, 1);
  expect(leaving).toMatchObject({ status: 200, body: { status: { phase: "Deleting" } } });
});
