// Who a key is: every wrong credential is answered alike, and uses are noted without anybody waiting for it.
import { apiKeys } from "@headgate/store/api-keys";
import type { Store } from "@headgate/store/store";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { openWorld, type World } from "../test/world.ts";
import { createApiKey, revokeApiKey } from "./api-keys.ts";
import { putCluster } from "./clusters.ts";
import type { Control } from "./control.ts";
import { authenticateKey, noteKeyUse } from "./key-use.ts";
import { writeServiceAccount } from "./service-accounts.ts";

let world: World;
let key: { id: string; secret: string };
beforeEach(async () => {
  world = await openWorld();
  const { control, actor } = world;
  await putCluster(control, actor, "default", {});
  await writeServiceAccount(control, actor, "robot", () => ({ role: "viewer" }));
  key = await createApiKey(control, actor, "robot", { expiresAt: "2026-11-24T05:00:00.000Z" });
});
afterEach(() => world.close());

const known = (id = key.id, secret = key.secret) => authenticateKey(world.control, id, secret);
const stored = async () => (await apiKeys(world.store).find(key.id as `ak_${string}`))!.value;

describe("a credential", () => {
  test("that is right is known with its key and account", async () => {
    const found = await known();
    expect(found?.key).toMatchObject({ id: key.id, tenant: world.tenant });
    expect(found?.account).toMatchObject({ name: "robot", spec: { role: "viewer" } });
  });

  test("that is wrong in any way is not", async () => {
    const other = await createApiKey(world.control, world.actor, "robot");
    const wrong: [string, string][] = [
      [key.id, ""],
      [key.id, `${key.secret}x`],
      [key.id, other.secret],
      ["ak_0000000000000000", key.secret],
      ["", key.secret],
      ["a#b", key.secret],
      ["__proto__", key.secret],
      [key.id.toUpperCase(), key.secret],
    ];
    for (const [id, secret] of wrong) expect(await known(id, secret)).toBeUndefined();
  });

  test("is not any more when it has expired, to the millisecond, or was revoked", async () => {
    world.clock.pass(Date.UTC(2026, 10, 24, 5) - world.clock.nowMs() - 1);
    expect(await known()).toBeDefined();
    world.clock.pass(1);
    expect(await known()).toBeUndefined();
    const other = await createApiKey(world.control, world.actor, "robot");
    await revokeApiKey(world.control, world.actor, "robot", other.id);
    expect(await known(other.id, other.secret)).toBeUndefined();
  });
});

describe("a use", () => {
  /** Everything that is on its way has arrived: the store in memory needs no more than turns of the event loop. */
  const settle = async () => {
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
  };
  /** A control whose writes that were done, and whose log, are counted. */
  function counting(put: Store["put"] = world.store.put) {
    let puts = 0;
    const logged: string[] = [];
    const control: Control = {
      ...world.through({
        ...world.store,
        put: async (item, expect_) => {
          const version = await put(item, expect_);
          puts += 1;
          return version;
        },
      }),
      log: (message) => logged.push(message),
    };
    return { control, puts: () => puts, logged };
  }

  test("is noted once a minute, however many there are", async () => {
    const { control, puts } = counting();
    noteKeyUse(control, await stored());
    await vi.waitFor(async () => {
      expect((await stored()).lastUsedAt).toBe("2026-11-24T04:05:06.000Z");
    });
    for (let i = 0; i < 50; i++) {
      world.clock.pass(1000);
      noteKeyUse(control, await stored());
    }
    expect(puts()).toBe(1);
    world.clock.pass(10_000);
    noteKeyUse(control, await stored());
    await vi.waitFor(async () => {
      expect((await stored()).lastUsedAt).toBe("2026-11-24T04:06:06.000Z");
    });
    expect(puts()).toBe(2);
  });

  test("on many doors at the same moment is written once", async () => {
    const { control, puts, logged } = counting();
    const read = await stored();
    for (let i = 0; i < 20; i++) noteKeyUse(control, read);
    await settle();
    expect(puts()).toBe(1);
    expect(logged).toEqual([]);
    expect((await stored()).lastUsedAt).toBe("2026-11-24T04:05:06.000Z");
  });

  test("does not undo a revocation that came meanwhile", async () => {
    const read = await stored();
    await revokeApiKey(world.control, world.actor, "robot", key.id);
    noteKeyUse(world.control, read);
    await vi.waitFor(async () => expect((await stored()).lastUsedAt).toBeDefined());
    expect((await stored()).revokedAt).toBeDefined();
    expect(await known()).toBeUndefined();
  });

  test("that cannot be noted is told to the operator and to nobody else", async () => {
    const { control, logged } = counting(async () => {
      throw new Error("full");
    });
    noteKeyUse(control, await stored());
    await vi.waitFor(() => expect(logged).toEqual(["A key's use could not be noted"]));
  });

  test("of a key that is gone leaves nothing", async () => {
    const read = await stored();
    const now = (await apiKeys(world.store).find(read.id))!;
    await apiKeys(world.store).remove(world.tenant, read.id, now.version);
    const { control, puts, logged } = counting();
    noteKeyUse(control, read);
    await settle();
    expect([puts(), logged]).toEqual([0, []]);
  });
});
