// Clusters: what they can cost is told at birth, they shrink no further than what they hold, and go with all of it.
import { defaultPriceBook } from "@headgate/core/price-book";
import { clusters } from "@headgate/store/clusters";
import { priceBooks } from "@headgate/store/price-books";
import { tenants } from "@headgate/store/tenants";
import { topics } from "@headgate/store/topics";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Died, life, mortalStore } from "../../store/test/mortal.ts";
import { openWorld, type World } from "../test/world.ts";
import { getCluster, listClusters } from "./cluster-reads.ts";
import { deleteCluster, deleteTopicsOfCluster, putCluster, writeCluster } from "./clusters.ts";
import { toolsOf } from "./commit.ts";
import { mergePatch } from "./spec.ts";
import { getTopic, listTopics, putTopic } from "./topics.ts";

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const put = (name: string, spec: unknown, options = {}) =>
  putCluster(world.control, world.actor, name, spec, options);
const patch = async (name: string, change: unknown) =>
  (
    await writeCluster(world.control, world.actor, name, (now) => mergePatch(now, change), {
      updateOnly: true,
    })
  ).resource;
const remove = (name: string, options = {}) =>
  deleteCluster(world.control, world.actor, name, options);
const units = (max: number, min = 0) => ({ streamingUnits: { min, max } });
const topic = (name: string, spec: unknown = {}) =>
  putTopic(world.control, world.actor, "blue", name, spec);

describe("what a cluster may not be", () => {
  test.each(["", "A", "a.b", "-a", "a-", "a#b", "é", "x".repeat(64), "a\u0000"])(
    "the name %j is refused, saying why",
    async (name) => {
      await expect(put(name, {})).rejects.toMatchObject({
        code: "request.invalid",
        errors: [{ pointer: "/name", detail: expect.stringContaining("lower-case letters") }],
      });
    },
  );

  test.each<[unknown, string]>([
    [{ tier: "gold" }, "/spec/tier"],
    [units(0), "/spec/streamingUnits/max"],
    [units(101), "/spec/streamingUnits/max"],
    [units(5, -1), "/spec/streamingUnits/min"],
    [units(5, 6), "/spec/streamingUnits"],
    [{ idleAfterSeconds: 59 }, "/spec/idleAfterSeconds"],
    [{ labels: { a: "x".repeat(129) } }, "/spec/labels/a"],
    [{ brokers: 3 }, "/spec"],
  ])("the spec %j is refused at %s", async (spec, pointer) => {
    const code = "request.invalid";
    await expect(put("blue", spec)).rejects.toMatchObject({ code, errors: [{ pointer, code }] });
    expect(await world.events()).toEqual([]);
  });

  test("what the caller believes is checked", async () => {
    await put("blue", {});
    const exists = { code: "resource.exists" };
    await expect(put("blue", {}, { createOnly: true })).rejects.toMatchObject(exists);
    await expect(put("green", {}, { updateOnly: true })).rejects.toMatchObject({
      code: "resource.not_found",
    });
    const moved = { code: "request.precondition_failed" };
    await expect(put("blue", units(6), { expect: 2 })).rejects.toMatchObject(moved);
    await expect(remove("blue", { expect: 2 })).rejects.toMatchObject(moved);
    expect((await put("blue", units(6), { expect: 1 })).generation).toBe(2);
  });
});

describe("what it can cost at most, per hour", () => {
  test("is told when it is made, checked or changed: its units at the price of its tier", async () => {
    const of = async (spec: object, options = {}) =>
      (await put("blue", spec, options)).status.costPerHourMax;
    expect(await of({ tier: "dev", ...units(5) }, { validateOnly: true })).toBe("0.25");
    expect(await of({ tier: "dev", ...units(5) })).toBe("0.25");
    expect(await of({ tier: "standard", ...units(5) })).toBe("0.75");
    expect(await of({ tier: "high", ...units(100) })).toBe("30.00");
  });

  test("is by the tenant's own book, in the version in force now", async () => {
    const version = (number: number, startsAt: string, pico: string) => ({
      ...defaultPriceBook,
      id: "friends",
      version: number,
      startsAt,
      tiers: {
        ...defaultPriceBook.tiers,
        dev: { ...defaultPriceBook.tiers.dev, perUnitHourPico: pico },
      },
    });
    const books = priceBooks(world.store);
    await books.put(version(1, "2026-01-01T00:00:00.000Z", "10000000000"));
    await books.put(version(2, "2026-11-24T04:00:00.000Z", "20000000000"));
    await books.put(version(3, "2026-11-24T05:00:00.000Z", "30000000000"));
    await tenants(world.store).updateSpec(world.tenant, (now) => ({
      ...now,
      spec: { ...now.spec, priceBook: "friends" },
    }));
    expect((await put("blue", units(5))).status.costPerHourMax).toBe("0.10");
    world.clock.pass(3_600_000);
    expect((await put("green", units(5))).status.costPerHourMax).toBe("0.15");
  });
});

describe("shrinking", () => {
  test("is refused below what topics hold, naming the field, and leaves the limit as it was", async () => {
    await put("blue", units(3));
    await topic("a", { partitions: 101 });
    for (const options of [{}, { validateOnly: true }]) {
      await expect(put("blue", units(1), options)).rejects.toMatchObject({
        code: "quota.exceeded",
        errors: [
          {
            pointer: "/spec/streamingUnits/max",
            detail: "1 streaming units allow 100 partitions; 101 are in use.",
          },
        ],
      });
    }
    await topic("b", { partitions: 199 });
  });

  test("to what topics hold is fine; validateOnly lowers nothing", async () => {
    await put("blue", units(3));
    await topic("a", { partitions: 100 });
    await put("blue", units(1), { validateOnly: true });
    await topic("b", { partitions: 100 });
    await put("blue", units(2));
    await expect(topic("c", { partitions: 1 })).rejects.toMatchObject({ code: "quota.exceeded" });
  });

  test("and growing again, the lower limit stays for a minute", async () => {
    await put("blue", units(3));
    await put("blue", units(1));
    await put("blue", units(3));
    await expect(topic("a", { partitions: 200 })).rejects.toMatchObject({ code: "quota.exceeded" });
    world.clock.pass(60_000);
    await topic("a", { partitions: 200 });
  });
});

describe("what a write leaves", () => {
  test("a cluster with defaults; again it is the same, and nothing is written", async () => {
    const made = await put("blue", {});
    expect(made).toMatchObject({
      kind: "Cluster",
      id: expect.stringMatching(/^cl_[0-9a-hjkmnp-tv-z]{16}$/),
      name: "blue",
      spec: {
        tier: "dev",
        streamingUnits: { min: 0, max: 5 },
        idleAfterSeconds: 600,
        autoCreateTopics: false,
        protected: false,
        labels: {},
      },
      status: { phase: "Pending", observedGeneration: 0 },
      generation: 1,
    });
    const changes = await world.changes();
    expect(await put("blue", {})).toEqual(await getCluster(world.control, world.actor, "blue"));
    expect(await world.changes()).toEqual(changes);
    expect(changes).toEqual([`cluster write ${made.id} blue`]);
    const { items } = await toolsOf(world.control).queue.list(0, 9);
    expect(items).toMatchObject([{ key: ["cluster", world.tenant, "blue"], generation: 1 }]);
  });

  test("an event with before and after, and who manages which field", async () => {
    const made = await put("blue", {});
    const stack = { ...world.actor, channel: "stack" as const, serviceAccountName: "infra" };
    const after = await putCluster(world.control, stack, "blue", { autoCreateTopics: true });
    const [updated, created] = await world.events();
    const where = { kind: "Cluster", resource: "clusters/blue" };
    expect(created).toEqual({ actor: world.actor, action: "create", ...where, after: made.spec });
    const change = { before: made.spec, after: after.spec };
    expect(updated).toEqual({ actor: stack, action: "update", ...where, ...change });
    expect(after.managedBy).toMatchObject({
      "/autoCreateTopics": "stack:infra",
      "/tier": "api:ann",
    });
  });

  test("nothing of its place to be seen", async () => {
    await put("blue", {});
    const placement = {
      cell: "ce_0000000000000001",
      prefix: "c000000000.",
      principal: "p",
    } as const;
    const { store, tenant, control, actor } = world;
    await clusters(store).updateStatus(tenant, "blue", ({ status }) => ({ status, placement }));
    const changed = await patch("blue", { autoCreateTopics: true });
    for (const seen of [changed, await getCluster(control, actor, "blue")]) {
      expect(seen).not.toHaveProperty("placement");
    }
    const stored = await clusters(store).get(tenant, "blue");
    expect(stored?.value.placement).toEqual(placement);
  });
});

describe("deleting", () => {
  test("marks the cluster and every topic, protected ones too, each with its event", async () => {
    await put("blue", {});
    const names = Array.from({ length: 250 }, (_, i) => `t${i}`);
    for (const name of names) await topic(name, { partitions: 1, protected: name === "t7" });
    const deleted = await remove("blue");
    expect(deleted).toMatchObject({ generation: 2, status: { phase: "Deleting" } });
    const left = await listTopics(world.control, world.actor, "blue", { limit: 300 });
    expect(left.items.filter(({ status }) => status.phase === "Deleting")).toHaveLength(250);
    const said = (await world.events()).filter(({ action }) => action === "delete");
    expect(said).toHaveLength(251);
    const queue = await toolsOf(world.control).queue.list(0, 300);
    const announced = queue.items.filter(({ generation }) => generation === 2);
    expect(announced).toHaveLength(251);
  });

  test("that dies anywhere in between is finished by asking again", async () => {
    let deaths = 0;
    for (let step = 1; ; step++) {
      world.close();
      world = await openWorld();
      await put("blue", {});
      for (const name of ["a", "b"]) await topic(name);
      const dying = world.through(mortalStore(world.store, life(step)));
      const run = deleteCluster(dying, world.actor, "blue");
      const isDead = await run.then(
        () => false,
        (error: unknown) => error instanceof Died,
      );
      // Whatever is not marked yet can still be seen, and nothing new can be made once the cluster is.
      const now = await getCluster(world.control, world.actor, "blue");
      if (now.status.phase === "Deleting") {
        await expect(topic("c")).rejects.toMatchObject({ code: "resource.deleting" });
      }
      await remove("blue");
      for (const name of ["a", "b"]) {
        const found = await getTopic(world.control, world.actor, "blue", name);
        expect(found.status.phase).toBe("Deleting");
      }
      if (!isDead) break;
      deaths += 1;
    }
    expect(deaths).toBeGreaterThan(8);
  });

  test("is refused while it is protected, and writes nothing with validateOnly", async () => {
    await put("blue", { protected: true });
    await expect(remove("blue")).rejects.toMatchObject({ code: "resource.protected" });
    await patch("blue", { protected: false });
    await topic("a");
    const before = await world.events();
    expect((await remove("blue", { validateOnly: true })).status.phase).toBe("Deleting");
    expect(await world.events()).toEqual(before);
    expect((await getTopic(world.control, world.actor, "blue", "a")).status.phase).toBe("Pending");
  });

  test("twice is once; gone, it is not found, and its name is free", async () => {
    const first = await put("blue", {});
    const deleted = await remove("blue");
    const before = await world.events();
    expect(await remove("blue")).toEqual(deleted);
    expect(await remove("blue", { expect: 1 })).toEqual(deleted);
    expect(await world.events()).toEqual(before);
    await expect(put("blue", {})).rejects.toMatchObject({ code: "resource.deleting" });
    const stored = (await clusters(world.store).get(world.tenant, "blue"))!;
    await clusters(world.store).remove(world.tenant, "blue", stored.version);
    await expect(remove("blue")).rejects.toMatchObject({ code: "resource.not_found" });
    const again = await put("blue", {});
    expect(again.generation).toBe(1);
    expect(again.id).not.toBe(first.id);
  });

  test("goes on when a topic is removed meanwhile, and counts what is left", async () => {
    const { id } = await put("blue", {});
    for (const name of ["a", "b", "c"]) await topic(name);
    const cluster = (await clusters(world.store).get(world.tenant, "blue"))!.value;
    const owned = { ...cluster, tenant: world.tenant };
    const racing = world.through({
      ...world.store,
      query: async (pk, options) => {
        const page = await world.store.query(pk, options);
        const gone = (await topics(world.store).get(world.tenant, id, "b"))?.version;
        if (gone) await topics(world.store).remove(world.tenant, id, "b", gone);
        return page;
      },
    });
    expect(await deleteTopicsOfCluster(racing, world.actor, owned)).toBe(3);
    expect(await deleteTopicsOfCluster(world.control, world.actor, owned)).toBe(2);
  });
});

test("lists are the tenant's own, by name, with those being deleted", async () => {
  for (const name of ["red", "blue", "green"]) await put(name, {});
  await remove("green");
  const neighbour = await openWorld(world.store);
  await putCluster(neighbour.control, neighbour.actor, "theirs", {});
  const { control, actor } = world;
  const all = await listClusters(control, actor, { limit: 9 });
  expect(all.items.map(({ name }) => name)).toEqual(["blue", "green", "red"]);
  const going = await listClusters(control, actor, { limit: 9, phase: "Deleting" });
  expect(going.items.map(({ name }) => name)).toEqual(["green"]);
  const found = getCluster(control, actor, "theirs");
  await expect(found).rejects.toMatchObject({ code: "resource.not_found" });
  neighbour.close();
});
