import { randomUUID } from "node:crypto";
import { idempotencyKey } from "@headgate/store/keys";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Key, startWorld, type TestTenant, type World } from "./world.ts";

let world: World;
let tenant: TestTenant;
const accounts = "/v1/service-accounts/app";

beforeEach(async () => {
  world = await startWorld();
  tenant = await world.tenant();
  await world.ask("PUT", accounts, { key: tenant.key, body: { spec: {} } });
});

afterEach(() => world.close());

const post = (idempotency: string, body: unknown = {}, key: Key = tenant.key, path = "/keys") =>
  world.ask("POST", `${accounts}${path}`, {
    key,
    body,
    headers: { "idempotency-key": idempotency },
  });
const keysThere = async () =>
  (await world.ask("GET", `${accounts}/keys`, { key: tenant.key })).body.items.length;

test("a POST sent again answers the same, secret and all, and does nothing again", async () => {
  const uuid = randomUUID();
  const first = await post(uuid);
  expect(first.status).toBe(201);
  expect(first.headers.get("idempotency-replayed")).toBeNull();
  const again = await post(uuid);
  expect(again.status).toBe(201);
  expect(again.headers.get("idempotency-replayed")).toBe("true");
  expect(again.headers.get("location")).toBe(first.headers.get("location"));
  expect(again.body).toEqual(first.body);
  expect(await keysThere()).toBe(1);
});

test("what is kept for a replay holds no secret in clear", async () => {
  const { body } = await post(randomUUID());
  const stored = await world.storedText();
  expect(stored).toContain("sealedAnswer");
  expect(stored).not.toContain(body.secret);
  expect(stored).not.toContain(Buffer.from(body.secret).toString("base64").slice(2, -4));
});

test("the same key with another body, or for another address, is refused", async () => {
  const uuid = randomUUID();
  await post(uuid);
  const other = await post(uuid, { expiresAt: "2099-01-01T00:00:00Z" });
  expect(other).toMatchObject({ status: 422, body: { code: "request.idempotency_mismatch" } });
  await world.ask("PUT", "/v1/service-accounts/other", { key: tenant.key, body: { spec: {} } });
  const elsewhere = await world.ask("POST", "/v1/service-accounts/other/keys", {
    key: tenant.key,
    body: {},
    headers: { "idempotency-key": uuid },
  });
  expect(elsewhere.status).toBe(422);
  expect(await keysThere()).toBe(1);
});

test("two callers may use the same key, and neither sees the other's answer", async () => {
  const neighbour = await world.tenant();
  await world.ask("PUT", accounts, { key: neighbour.key, body: { spec: {} } });
  const uuid = randomUUID();
  const [mine, theirs] = [await post(uuid), await post(uuid, {}, neighbour.key)];
  expect(theirs.status).toBe(201);
  expect(theirs.headers.get("idempotency-replayed")).toBeNull();
  expect(theirs.body.id).not.toBe(mine.body.id);
});

test("of many at once one does the work, and the others are told to come again", async () => {
  const uuid = randomUUID();
  const answers = await Promise.all(Array.from({ length: 8 }, () => post(uuid)));
  const made = answers.filter(({ status }) => status === 201);
  const early = answers.filter(({ status }) => status === 409);
  expect(made.length + early.length).toBe(8);
  expect(new Set(made.map(({ body }) => body.id)).size).toBe(1);
  for (const { body, headers } of early) {
    expect(body.code).toBe("request.idempotency_in_progress");
    expect(headers.get("retry-after")).toBe("1");
  }
  expect(await keysThere()).toBe(1);
  expect((await post(uuid)).headers.get("idempotency-replayed")).toBe("true");
});

test("an error is not kept: the same key works once the cause is gone", async () => {
  const uuid = randomUUID();
  await post(randomUUID());
  const { body: second } = await post(randomUUID());
  expect(await post(uuid)).toMatchObject({ status: 429, body: { code: "quota.exceeded" } });
  await world.ask("DELETE", `${accounts}/keys/${second.id}`, { key: tenant.key });
  expect((await post(uuid)).status).toBe(201);
});

test("after 24 hours a key is a new one", async () => {
  const uuid = randomUUID();
  const first = await post(uuid);
  world.advance(23 * 3_600_000);
  expect((await post(uuid)).body.id).toBe(first.body.id);
  world.advance(2 * 3_600_000);
  const next = await post(uuid);
  expect(next.status).toBe(201);
  expect(next.body.id).not.toBe(first.body.id);
});

test("work whose process died is done again a minute later, not before", async () => {
  const uuid = randomUUID();
  await post(uuid);
  // What a crash right after the claim leaves: the claim without its answer.
  const { store } = world.control;
  const { items } = await store.query(idempotencyKey(tenant.actor.tenant, "x").pk, { limit: 10 });
  const [claim] = items;
  const { sealedAnswer, ...data } = claim!.data as Record<string, unknown>;
  expect(sealedAnswer).toBeTypeOf("string");
  await store.put({ ...claim!, data }, "any");
  expect(await post(uuid)).toMatchObject({ status: 409 });
  world.advance(61_000);
  expect((await post(uuid)).status).toBe(201);
});

test.each(["", " ", "ä", "a".repeat(256), "a b"])("the key %j is refused", async (key) => {
  const answer = await world.ask("POST", `${accounts}/keys`, {
    key: tenant.key,
    body: {},
    headers: { "idempotency-key": key },
  });
  // Fetch drops surrounding blanks: what is left of a blank is empty.
  expect(answer).toMatchObject({
    status: 400,
    body: { errors: [{ pointer: "/headers/idempotency-key" }] },
  });
  expect(await keysThere()).toBe(0);
});

test("a new tenant is made once, and its answer comes again", async () => {
  const ask = () =>
    world.ask("POST", "/admin/v1/tenants", {
      key: world.operator,
      body: { spec: { displayName: "Once" } },
      headers: { "idempotency-key": "once" },
    });
  const first = await ask();
  const again = await ask();
  expect(again.body).toEqual(first.body);
  const { items } = (await world.ask("GET", "/admin/v1/tenants?limit=200", { key: world.operator }))
    .body;
  const named = items.filter(
    (each: { spec: { displayName: string } }) => each.spec.displayName === "Once",
  );
  expect(named).toHaveLength(1);
});
