// Partitions of a cluster under every order of commands, provisioners, shrinking clusters and deaths between any two
// steps: the sum over topics never passes the maximum, and the counter comes back to that sum.
import { partitionsMax } from "@headgate/core/cluster";
import { AppError } from "@headgate/core/errors";
import type { ClusterId } from "@headgate/core/ids";
import { clusters } from "@headgate/store/clusters";
import type { Store } from "@headgate/store/store";
import { topics } from "@headgate/store/topics";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lossy, type When } from "../../store/test/faults.ts";
import { interleave } from "../../store/test/interleave.ts";
import { modelStore } from "../../store/test/model-store.ts";
import { Died, life, mortalStore } from "../../store/test/mortal.ts";
import { openWorld, type World } from "../test/world.ts";
import { putCluster } from "./clusters.ts";
import type { Control } from "./control.ts";
import { giveBackPartitions, partitionsUsed, settlePartitions } from "./partition-quota.ts";
import { deleteTopic, putTopic } from "./topics.ts";

const units = (max: number) => ({ streamingUnits: { min: 0, max } });

/** What topics hold, and what the cluster allows, as they are stored now. */
async function truth(store: Store, { tenant }: World, cluster: ClusterId) {
  const list = await topics(store).list(tenant, cluster, { limit: 100 });
  const held = list.items.reduce((sum, { value }) => sum + value.spec.partitions, 0);
  const { value } = (await clusters(store).get(tenant, "c"))!;
  return { held, max: partitionsMax(value.spec) };
}

/** As the provisioner does once nothing of the topic is left on its cell. */
async function remove(control: Control, { tenant }: World, id: ClusterId, name: string) {
  const stored = await topics(control.store).get(tenant, id, name);
  if (stored?.value.deletedAt === undefined) return;
  await giveBackPartitions(control, { tenant, id }, stored.value);
  await topics(control.store).remove(tenant, id, name, stored.version);
  await settlePartitions(control, { tenant, id });
}

const name = fc.constantFrom("a", "b", "c");
const command = fc.oneof(
  fc.record({
    do: fc.constant("put" as const),
    name,
    partitions: fc.constantFrom(20, 50, 60, 90),
  }),
  fc.record({ do: fc.constant("delete" as const), name }),
  fc.record({ do: fc.constant("units" as const), max: fc.constantFrom(1, 2) }),
);
const process = fc.record({
  commands: fc.array(command, { minLength: 1, maxLength: 3 }),
  /** Dies at that write, which was or was not carried out. */
  diesAt: fc.option(fc.integer({ min: 1, max: 12 }), { nil: undefined, freq: 3 }),
  carriedOut: fc.boolean(),
  /** The answer to that write is lost, which was or was not carried out. */
  losesAt: fc.option(fc.integer({ min: 1, max: 12 }), { nil: undefined, freq: 3 }),
  lost: fc.constantFrom<When>("before", "after"),
});

test("in every order, with deaths and lost answers anywhere: never over the maximum, and nothing is lost", async () => {
  let refused = 0;
  let died = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(process, { minLength: 2, maxLength: 5 }),
      fc.infiniteStream(fc.nat()),
      async (processes, order) => {
        const base = modelStore();
        const world = await openWorld(base);
        const { id } = await putCluster(world.control, world.actor, "c", units(2));
        const watched: Store = {
          ...base,
          put: async (item, expect_) => {
            const version = await base.put(item, expect_);
            const { held, max } = await truth(base, world, id);
            expect(held).toBeLessThanOrEqual(max);
            return version;
          },
        };
        const run = (each: (typeof processes)[number]) => async (gated: Store) => {
          const own = life(each.diesAt, each.carriedOut);
          let writes = 0;
          const unheard = lossy(gated, () => (++writes === each.losesAt ? each.lost : undefined));
          const control = world.through(mortalStore(unheard, own));
          const { actor } = world;
          for (const todo of each.commands) {
            try {
              if (todo.do === "units") await putCluster(control, actor, "c", units(todo.max));
              else if (todo.do === "put") {
                await putTopic(control, actor, "c", todo.name, { partitions: todo.partitions });
              } else {
                await deleteTopic(control, actor, "c", todo.name);
                await remove(control, world, id, todo.name);
              }
            } catch (error) {
              if (error instanceof Died) died += 1;
              else if (error instanceof AppError && error.code === "quota.exceeded") refused += 1;
              else if (!(error instanceof AppError)) throw error;
            }
          }
        };
        const ended = await interleave(watched, processes.map(run), () => order.next().value);
        expect(ended.filter(({ status }) => status === "rejected")).toEqual([]);
        // A minute later nobody is under way; a provisioner finishes what was asked for.
        world.clock.pass(60_000);
        for (const topic of ["a", "b", "c"]) await remove(world.control, world, id, topic);
        const { held, max } = await truth(base, world, id);
        expect(held).toBeLessThanOrEqual(max);
        expect(await partitionsUsed(world.control, { tenant: world.tenant, id })).toBe(held);
        world.close();
      },
    ),
    { numRuns: 300, interruptAfterTimeLimit: 8000 },
  );
  expect(refused).toBeGreaterThan(0);
  expect(died).toBeGreaterThan(0);
});

describe("one topic", () => {
  test("removed by two provisioners at once, or by one that had slept, is given back once", async () => {
    const world = await openWorld();
    const { control, actor, tenant } = world;
    const { id } = await putCluster(control, actor, "c", units(1));
    await putTopic(control, actor, "c", "kept", { partitions: 30 });
    await putTopic(control, actor, "c", "gone", { partitions: 30 });
    await deleteTopic(control, actor, "c", "gone");
    const read = (await topics(world.store).get(tenant, id, "gone"))!;
    await world.topicGone(id, "gone");
    await giveBackPartitions(control, { tenant, id }, read.value);
    await settlePartitions(control, { tenant, id });
    expect(await partitionsUsed(control, { tenant, id })).toBe(30);
    world.close();
  });

  test("whose writing nobody answered keeps what was reserved until it shows what became of it", async () => {
    for (const when of ["before", "after"] as const) {
      const world = await openWorld();
      const { actor, tenant } = world;
      const { id } = await putCluster(world.control, actor, "c", units(1));
      const isTopic = (pk: string, sk: string) => pk.endsWith(id) && sk === "TOPIC#t";
      let isNext = false;
      const flaky: Store = {
        ...world.store,
        put: (item, expect_) => {
          isNext = isTopic(item.pk, item.sk);
          return unheard.put(item, expect_);
        },
      };
      const unheard = lossy(world.store, () => (isNext ? when : undefined));
      const put = putTopic(world.through(flaky), actor, "c", "t", { partitions: 90 });
      await expect(put).rejects.toMatchObject({ code: "store.unavailable" });
      expect(await partitionsUsed(world.control, { tenant, id })).toBe(90);
      world.clock.pass(60_000);
      const used = await partitionsUsed(world.control, { tenant, id });
      expect(used).toBe(when === "after" ? 90 : 0);
      world.close();
    }
  });

  test("that is refused by the store gives back what was reserved for it, at once", async () => {
    const world = await openWorld();
    const { id } = await putCluster(world.control, world.actor, "c", units(1));
    const scope = { tenant: world.tenant, id };
    const puts = [90, 90].map((partitions) =>
      putTopic(world.control, world.actor, "c", "same", { partitions }, { createOnly: true }),
    );
    const ended = await Promise.allSettled(puts);
    expect(ended.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(await partitionsUsed(world.control, scope)).toBe(90);
    world.close();
  });

  test("being deleted holds its partitions until it is gone, and no longer", async () => {
    const world = await openWorld();
    const { control, actor } = world;
    const { id } = await putCluster(control, actor, "c", units(1));
    await putTopic(control, actor, "c", "big", { partitions: 90 });
    await deleteTopic(control, actor, "c", "big");
    const other = () => putTopic(control, actor, "c", "other", { partitions: 90 });
    await expect(other()).rejects.toMatchObject({ code: "quota.exceeded" });
    await world.topicGone(id, "big");
    expect((await other()).spec.partitions).toBe(90);
    world.close();
  });
});
