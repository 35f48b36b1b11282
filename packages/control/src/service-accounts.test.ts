// Service accounts: what they may be, what a write leaves, and that deleting one leaves no key behind.
import { apiKeys } from "@headgate/store/api-keys";
import { liveKeysKey } from "@headgate/store/keys";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Died, life, mortalStore } from "../../store/test/mortal.ts";
import { openWorld, type World } from "../test/world.ts";
import { createApiKey, listApiKeys } from "./api-keys.ts";
import { deleteCluster, putCluster } from "./clusters.ts";
import { authenticateKey } from "./key-use.ts";
import { getServiceAccount, listServiceAccounts } from "./service-account-reads.ts";
import { deleteServiceAccount, writeServiceAccount } from "./service-accounts.ts";

let world: World;
beforeEach(async () => {
  world = await openWorld();
  await putCluster(world.control, world.actor, "default", {});
});
afterEach(() => world.close());

const put = async (name: string, spec: unknown, options = {}) =>
  (await writeServiceAccount(world.control, world.actor, name, () => spec, options)).resource;
const remove = (name: string, options = {}) =>
  deleteServiceAccount(world.control, world.actor, name, options);

describe("what an account may not be", () => {
  test.each(["", "A", "a#b", "a_b", "x".repeat(64)])("the name %j is refused", async (name) => {
    await expect(put(name, {})).rejects.toMatchObject({
      code: "request.invalid",
      errors: [{ pointer: "/name" }],
    });
  });

  test.each<[unknown, string]>([
    [{ role: "king" }, "/spec/role"],
    [{ grants: [{ operation: "read", name: "x" }] }, "/spec/grants/0/operation"],
    [{ grants: [{ operation: "produce", name: "" }] }, "/spec/grants/0/name"],
    [{ grants: [{ operation: "produce", name: "x", extra: 1 }] }, "/spec/grants/0"],
    [{ grants: Array(101).fill({ operation: "produce", name: "x" }) }, "/spec/grants"],
    [{ cluster: "A" }, "/spec/cluster"],
    [{ cluster: "nowhere" }, "/spec/cluster"],
    [{ password: "x" }, "/spec"],
  ])("the spec %j is refused at %s", async (spec, pointer) => {
    await expect(put("robot", spec)).rejects.toMatchObject({
      code: "request.invalid",
      errors: [{ pointer }],
    });
  });

  test("of a cluster that is being deleted, or of a neighbour's", async () => {
    await putCluster(world.control, world.actor, "blue", {});
    await deleteCluster(world.control, world.actor, "blue");
    const neighbour = await openWorld(world.store);
    await putCluster(neighbour.control, neighbour.actor, "theirs", {});
    for (const cluster of ["blue", "theirs"]) {
      const refused = { code: "request.invalid", errors: [{ pointer: "/spec/cluster" }] };
      await expect(put("robot", { cluster })).rejects.toMatchObject(refused);
    }
    neighbour.close();
  });

  test("what the caller believes is checked", async () => {
    await put("robot", {});
    const exists = { code: "resource.exists" };
    await expect(put("robot", {}, { createOnly: true })).rejects.toMatchObject(exists);
    const none = { code: "resource.not_found" };
    await expect(put("other", {}, { updateOnly: true })).rejects.toMatchObject(none);
    await expect(remove("other")).rejects.toMatchObject(none);
    await expect(remove("a#b")).rejects.toMatchObject(none);
    const moved = { code: "request.precondition_failed" };
    await expect(put("robot", { role: "viewer" }, { expect: 2 })).rejects.toMatchObject(moved);
    await expect(remove("robot", { expect: 2 })).rejects.toMatchObject(moved);
  });
});

describe("what a write leaves", () => {
  test("an account with defaults that is ready at once, and an event", async () => {
    const made = await put("robot", {});
    expect(made).toMatchObject({
      kind: "ServiceAccount",
      id: expect.stringMatching(/^sa_/),
      name: "robot",
      spec: { cluster: "default", role: "none", grants: [], protected: false },
      status: { phase: "Ready", observedGeneration: 1 },
      generation: 1,
    });
    const grants = [{ operation: "produce", name: "orders.", pattern: "prefixed" }];
    const changed = await put("robot", { grants });
    expect(changed.status).toMatchObject({ phase: "Ready", observedGeneration: 2 });
    const [updated, created] = await world.events();
    const where = {
      actor: world.actor,
      kind: "ServiceAccount",
      resource: "service-accounts/robot",
    };
    expect(created).toEqual({ ...where, action: "create", after: made.spec });
    const change = { before: made.spec, after: changed.spec };
    expect(updated).toEqual({ ...where, action: "update", ...change });
    expect(await getServiceAccount(world.control, world.actor, "robot")).toEqual(changed);
  });

  test("nothing when it is so already, nor when it is only checked", async () => {
    const made = await put("robot", {});
    const before = [await world.events(), await world.changes()];
    expect(await put("robot", { role: "none" })).toEqual(made);
    await put("robot", { role: "viewer" }, { validateOnly: true });
    await put("other", {}, { validateOnly: true });
    await remove("robot", { validateOnly: true });
    expect([await world.events(), await world.changes()]).toEqual(before);
    expect(await getServiceAccount(world.control, world.actor, "robot")).toEqual(made);
  });
});

describe("deleting", () => {
  test("takes every key of it along, live or not, and of nobody else", async () => {
    const { control, actor, store, tenant } = world;
    const robot = await put("robot", {});
    await put("other", {});
    const keys = [
      await createApiKey(control, actor, "robot"),
      await createApiKey(control, actor, "robot"),
    ];
    const kept = await createApiKey(control, actor, "other");
    await remove("robot");
    for (const { id, secret } of keys) {
      expect(await authenticateKey(control, id, secret)).toBeUndefined();
      expect(await apiKeys(store).find(id)).toBeUndefined();
    }
    expect(await authenticateKey(control, kept.id, kept.secret)).toBeDefined();
    expect(await store.get(liveKeysKey(tenant, robot.id))).toBeUndefined();
    await expect(getServiceAccount(control, actor, "robot")).rejects.toMatchObject({
      code: "resource.not_found",
    });
    const said = (await world.changes()).filter((change) => change.startsWith("api-key"));
    // Gateways hear of each key's end by its name.
    for (const { id } of keys) expect(said.filter((c) => c.endsWith(id))).toHaveLength(2);
  });

  test("that dies anywhere leaves no key that opens anything without its account, and can be done again", async () => {
    let deaths = 0;
    for (let step = 1; ; step++) {
      world.close();
      world = await openWorld();
      const { control, actor } = world;
      await putCluster(control, actor, "default", {});
      await put("robot", {});
      const key = await createApiKey(control, actor, "robot");
      const dying = world.through(mortalStore(world.store, life(step)));
      const isDead = await deleteServiceAccount(dying, actor, "robot").then(
        () => false,
        (error: unknown) => error instanceof Died,
      );
      const account = await getServiceAccount(control, actor, "robot").catch(() => undefined);
      if (!account) expect(await authenticateKey(control, key.id, key.secret)).toBeUndefined();
      else await remove("robot");
      expect(await authenticateKey(control, key.id, key.secret)).toBeUndefined();
      if (!isDead) break;
      deaths += 1;
    }
    expect(deaths).toBeGreaterThan(5);
  });

  test("and made again is another account: old keys stay shut", async () => {
    const { control, actor } = world;
    const first = await put("robot", {});
    const key = await createApiKey(control, actor, "robot");
    // A key that was being made while the account went.
    const orphan = await apiKeys(world.store).get(world.tenant, key.id);
    await remove("robot");
    await apiKeys(world.store).create(world.tenant, orphan!.value);
    const second = await put("robot", {});
    expect(second.id).not.toBe(first.id);
    expect(await authenticateKey(control, key.id, key.secret)).toBeUndefined();
    expect(await listApiKeys(control, actor, "robot", { limit: 9 })).toEqual({ items: [] });
  });

  test("is refused while it is protected", async () => {
    await put("robot", { protected: true });
    await expect(remove("robot")).rejects.toMatchObject({ code: "resource.protected" });
  });
});

test("lists are the tenant's own, by name", async () => {
  for (const name of ["b", "a", "ab"]) await put(name, {});
  const neighbour = await openWorld(world.store);
  await putCluster(neighbour.control, neighbour.actor, "default", {});
  await writeServiceAccount(neighbour.control, neighbour.actor, "theirs", () => ({}));
  const names = async (options: object) =>
    (await listServiceAccounts(world.control, world.actor, { limit: 9, ...options })).items.map(
      ({ name }) => name,
    );
  expect(await names({})).toEqual(["a", "ab", "b"]);
  expect(await names({ namePrefix: "a" })).toEqual(["a", "ab"]);
  expect(await names({ phase: "Ready" })).toEqual(["a", "ab", "b"]);
  expect(await names({ phase: "Failed" })).toEqual([]);
  const { control, actor } = world;
  const found = getServiceAccount(control, actor, "theirs");
  await expect(found).rejects.toMatchObject({ code: "resource.not_found" });
  neighbour.close();
});
