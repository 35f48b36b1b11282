// API keys: two live at most whoever asks at once, a rotation that loses nothing, and a secret that is kept nowhere.
import { liveKeysMax } from "@headgate/core/api-key";
import { apiKeys } from "@headgate/store/api-keys";
import type { Store } from "@headgate/store/store";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { lossy } from "../../store/test/faults.ts";
import { interleave } from "../../store/test/interleave.ts";
import { modelStore } from "../../store/test/model-store.ts";
import { Died, life, mortalStore } from "../../store/test/mortal.ts";
import { openWorld, type World } from "../test/world.ts";
import { createApiKey, getApiKey, listApiKeys, revokeApiKey, rotateApiKey } from "./api-keys.ts";
import { putCluster } from "./clusters.ts";
import { authenticateKey } from "./key-use.ts";
import { writeServiceAccount } from "./service-accounts.ts";

let world: World;
async function begin(store?: Store): Promise<void> {
  world = await openWorld(store);
  await putCluster(world.control, world.actor, "default", {});
  for (const name of ["robot", "other"]) {
    await writeServiceAccount(world.control, world.actor, name, () => ({}));
  }
}
beforeEach(() => begin());
afterEach(() => world.close());

const create = (options = {}, account = "robot") =>
  createApiKey(world.control, world.actor, account, options);
const rotate = (id: string, options = {}) =>
  rotateApiKey(world.control, world.actor, "robot", id, options);
const revoke = (id: string, account = "robot") =>
  revokeApiKey(world.control, world.actor, account, id);
const opens = async ({ id, secret }: { id: string; secret: string }) =>
  (await authenticateKey(world.control, id, secret)) !== undefined;
const all = async () =>
  (await listApiKeys(world.control, world.actor, "robot", { limit: 100 })).items;

describe("a new key", () => {
  test("opens at once, and says its secret in this one answer only", async () => {
    const puts: string[] = [];
    const spied: Store = {
      ...world.store,
      put: (item, expect_) => {
        puts.push(JSON.stringify(item));
        return world.store.put(item, expect_);
      },
    };
    const key = await createApiKey(world.through(spied), world.actor, "robot");
    expect(key).toEqual({
      kind: "ApiKey",
      id: expect.stringMatching(/^ak_[0-9a-hjkmnp-tv-z]{16}$/),
      secret: expect.stringMatching(/^hgs_[0-9a-hjkmnp-tv-z]{52}$/),
      serviceAccount: "robot",
      createdAt: "2026-11-24T04:05:06.000Z",
    });
    expect(await opens(key)).toBe(true);
    const { secret, ...shown } = key;
    expect(await getApiKey(world.control, world.actor, "robot", key.id)).toEqual(shown);
    expect(await all()).toEqual([shown]);
    expect(puts.length).toBeGreaterThan(3);
    for (const put of puts) expect(put).not.toContain(secret);
    const event = (await world.events()).find(({ kind }) => kind === "ApiKey");
    const resource = `service-accounts/robot/keys/${key.id}`;
    const { actor } = world;
    expect(event).toEqual({ actor, action: "create", kind: "ApiKey", resource, after: shown });
  });

  test("is refused as the third that is live, and allowed when one is not any more", async () => {
    const first = await create();
    await create({ expiresAt: "2026-11-24T05:00:00.000Z" });
    await expect(create()).rejects.toMatchObject({
      code: "quota.exceeded",
      fix: expect.stringContaining("Revoke one"),
    });
    world.clock.pass(3_600_000);
    const third = await create();
    await expect(create()).rejects.toMatchObject({ code: "quota.exceeded" });
    await revoke(first.id);
    await create();
    expect(await opens(third)).toBe(true);
    expect(await opens(first)).toBe(false);
  });

  test("of one account leaves the others' room alone", async () => {
    await create();
    await create();
    expect(await opens(await create({}, "other"))).toBe(true);
  });

  test("of an account that is not there, or a neighbour's, is none", async () => {
    const neighbour = await openWorld(world.store);
    const none = { code: "resource.not_found" };
    await expect(create({}, "nobody")).rejects.toMatchObject(none);
    await expect(create({}, "a#b")).rejects.toMatchObject(none);
    const theirs = createApiKey(neighbour.control, neighbour.actor, "robot");
    await expect(theirs).rejects.toMatchObject(none);
    neighbour.close();
  });
});

describe("many at once", () => {
  test("make two, and leave nothing of the others", async () => {
    const ended = await Promise.allSettled(Array.from({ length: 12 }, () => create()));
    const made = ended.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    expect(made).toHaveLength(liveKeysMax);
    for (const each of ended) {
      if (each.status === "rejected") expect(each.reason).toMatchObject({ code: "quota.exceeded" });
    }
    expect((await all()).map(({ id }) => id).sort()).toEqual(made.map(({ id }) => id).sort());
    expect(await Promise.all(made.map(opens))).toEqual([true, true]);
    const creations = (await world.events()).filter(({ kind }) => kind === "ApiKey");
    expect(creations).toHaveLength(liveKeysMax);
  });

  test("in every order, with deaths and lost answers: never three that somebody can present", async () => {
    const todo = fc.constantFrom("create" as const, "rotate" as const, "revoke" as const);
    const process = fc.record({
      todos: fc.array(todo, { minLength: 1, maxLength: 3 }),
      diesAt: fc.option(fc.integer({ min: 1, max: 10 }), { nil: undefined, freq: 3 }),
      losesAt: fc.option(fc.integer({ min: 1, max: 10 }), { nil: undefined, freq: 3 }),
      when: fc.constantFrom("before" as const, "after" as const),
    });
    let made = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(process, { minLength: 2, maxLength: 4 }),
        fc.infiniteStream(fc.nat()),
        async (processes, order) => {
          world.close();
          const base = modelStore();
          await begin(base);
          const given = new Map<string, { id: string; secret: string }>();
          const revoked = new Set<string>();
          const first = await create();
          given.set(first.id, first);
          const run = (each: (typeof processes)[number]) => async (gated: Store) => {
            let writes = 0;
            const unheard = lossy(gated, () => (++writes === each.losesAt ? each.when : undefined));
            const own = life(each.diesAt, each.when === "after");
            const control = world.through(mortalStore(unheard, own));
            const { actor } = world;
            for (const todo of each.todos) {
              const [known] = [...given.keys()].filter((id) => !revoked.has(id));
              try {
                if (todo === "create" || known === undefined) {
                  const key = await createApiKey(control, actor, "robot");
                  given.set(key.id, key);
                } else if (todo === "rotate") {
                  const key = await rotateApiKey(control, actor, "robot", known);
                  given.set(key.id, key);
                } else {
                  await revokeApiKey(control, actor, "robot", known);
                  revoked.add(known);
                }
              } catch (error) {
                const codes = ["quota.exceeded", "resource.not_found", "store.unavailable"];
                if (error instanceof Died) return;
                expect(codes).toContain((error as { code: string }).code);
              }
            }
          };
          const ended = await interleave(base, processes.map(run), () => order.next().value);
          expect(ended.filter(({ status }) => status === "rejected")).toEqual([]);
          const open = [];
          for (const key of given.values()) if (await opens(key)) open.push(key.id);
          expect(open.length).toBeLessThanOrEqual(liveKeysMax);
          for (const id of open) expect(revoked.has(id)).toBe(false);
          made += given.size;
        },
      ),
      { numRuns: 40, interruptAfterTimeLimit: 5000 },
    );
    expect(made).toBeGreaterThan(0);
  });
});

describe("rotating", () => {
  test("gives a second key, and the first a day more", async () => {
    const old = await create();
    const made = await rotate(old.id);
    expect(made.id).not.toBe(old.id);
    world.clock.pass(86_400_000 - 1);
    expect([await opens(old), await opens(made)]).toEqual([true, true]);
    world.clock.pass(1);
    expect([await opens(old), await opens(made)]).toEqual([false, true]);
    // There is room again.
    await rotate(made.id);
  });

  test("gives the first exactly what the caller says, none included, and never more than it had", async () => {
    const old = await create();
    const made = await rotate(old.id, { overlapSeconds: 0 });
    expect([await opens(old), await opens(made)]).toEqual([false, true]);
    const next = await rotate(made.id, { overlapSeconds: 60 });
    world.clock.pass(59_999);
    expect(await opens(made)).toBe(true);
    world.clock.pass(1);
    expect(await opens(made)).toBe(false);
    await revoke(next.id);
    const expiresAt = "2026-11-24T05:00:00.000Z";
    const short = await create({ expiresAt });
    await rotate(short.id);
    expect(await getApiKey(world.control, world.actor, "robot", short.id)).toMatchObject({
      expiresAt,
    });
  });

  test("is refused while there are two, and for a key that is not live", async () => {
    const old = await create();
    const made = await rotate(old.id);
    await expect(rotate(made.id)).rejects.toMatchObject({ code: "quota.exceeded" });
    await expect(rotate(old.id)).rejects.toMatchObject({ code: "quota.exceeded" });
    await revoke(old.id);
    await expect(rotate(old.id)).rejects.toMatchObject({ code: "resource.not_found" });
    await expect(rotate("ak_0000000000000000")).rejects.toMatchObject({
      code: "resource.not_found",
    });
    await expect(rotate("nonsense")).rejects.toMatchObject({ code: "resource.not_found" });
  });

  test("leaves an event for the new one, and one that says until when the old one opens", async () => {
    const old = await create();
    const made = await rotate(old.id, { overlapSeconds: 60 });
    const [updated, rotated] = await world.events();
    const path = (id: string) => `service-accounts/robot/keys/${id}`;
    expect(rotated).toMatchObject({
      action: "rotate",
      resource: path(made.id),
      after: { id: made.id },
    });
    expect(updated).toMatchObject({
      action: "update",
      resource: path(old.id),
      before: { id: old.id },
      after: { id: old.id, expiresAt: "2026-11-24T04:06:06.000Z" },
    });
    expect(updated?.before).not.toHaveProperty("expiresAt");
  });

  test("that dies anywhere leaves the first open, and at most two", async () => {
    for (let step = 1; ; step++) {
      world.close();
      await begin();
      const old = await create();
      const dying = world.through(mortalStore(world.store, life(step)));
      const isDead = await rotateApiKey(dying, world.actor, "robot", old.id).then(
        () => false,
        (error: unknown) => error instanceof Died,
      );
      expect(await opens(old)).toBe(true);
      expect((await all()).length).toBeLessThanOrEqual(2);
      if (!isDead) break;
    }
  });
});

describe("revoking", () => {
  test("shuts the key at once, and twice is once, said twice", async () => {
    const key = await create();
    const first = await revoke(key.id);
    expect(first.revokedAt).toBe("2026-11-24T04:05:06.000Z");
    expect(await opens(key)).toBe(false);
    world.clock.pass(5000);
    expect(await revoke(key.id)).toEqual(first);
    const revocations = (await world.events()).filter(({ action }) => action === "revoke");
    expect(revocations).toMatchObject([{ before: { id: key.id }, after: first }]);
    // Whoever asks again may have met a failure before gateways were told.
    const said = (await world.changes()).filter((change) => change.endsWith(key.id));
    expect(said).toEqual(Array(3).fill(`api-key write robot ${key.id}`));
  });

  test("of a key of another account, or none, is refused and shuts nothing", async () => {
    const key = await create({}, "other");
    const none = { code: "resource.not_found" };
    await expect(revoke(key.id)).rejects.toMatchObject(none);
    await expect(revoke("ak_0000000000000000")).rejects.toMatchObject(none);
    await expect(revoke("../other")).rejects.toMatchObject(none);
    expect(await opens(key)).toBe(true);
  });
});

test("lists are of one account, revoked keys too, page by page", async () => {
  const ids: string[] = [];
  for (let i = 0; i < 5; i++) {
    const { id } = await create();
    ids.push(id);
    await revoke(id);
    await revoke((await create({}, "other")).id, "other");
  }
  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await listApiKeys(world.control, world.actor, "robot", { limit: 2, cursor });
    expect(page.items.length).toBeLessThanOrEqual(2);
    found.push(...page.items.map(({ id }) => id));
    cursor = page.next;
  } while (cursor !== undefined);
  expect(found).toEqual([...ids].sort());
  expect(await apiKeys(world.store).list(world.tenant, { limit: 99 })).toMatchObject({
    items: { length: 10 },
  });
});
