// Snapshots by several readers at once, in every order and with deaths: what is billed joins without gap or overlap and
// is what the log grew by. The log is one the test holds; metering's tests read a real broker's.
import { hourOf } from "@headgate/core/clock";
import { rangesByHour } from "@headgate/core/offset-chain";
import type { OffsetRange } from "@headgate/core/usage";
import type { KafkaAdmin } from "@headgate/kafka/admin";
import { offsets } from "@headgate/store/offsets";
import type { Store } from "@headgate/store/store";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { interleave } from "../../store/test/interleave.ts";
import { modelStore } from "../../store/test/model-store.ts";
import { Died, life, mortalStore } from "../../store/test/mortal.ts";
import { clusterId } from "../../store/test/records.ts";
import { openWorld, type World } from "../test/world.ts";
import { snapshotOffsets } from "./snapshot-offsets.ts";

const prefix = "c000000000.";
const cluster = clusterId();
let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

/** Topics of a broker, as far as snapshots look at one. */
function brokerOf(ends: Record<string, number[]>) {
  const ids: Record<string, string> = {};
  const broken = new Set<string>();
  const admin: Pick<KafkaAdmin, "metadata" | "listOffsets"> = {
    metadata: async (selector) => {
      const { names } = selector as { names: readonly string[] };
      return names.map((name) => {
        const partitions = (ends[name] ?? []).map((_, partition) => ({ partition }));
        const described = {
          name,
          topicId: ids[name] ?? `id ${name}`,
          isInternal: false,
          partitions,
        };
        return ends[name] ? described : { ...described, error: new Error("unknown topic") };
      }) as never;
    },
    listOffsets: async (queries) =>
      queries.map(({ topic, partition }) => {
        const offset = BigInt(ends[topic]?.[partition] ?? -1);
        const answer = { topic, partition, offset, timestampMs: -1, leaderEpoch: 0 };
        return broken.has(`${topic}/${partition}`)
          ? { ...answer, error: new Error("no leader") }
          : answer;
      }) as never,
  };
  return { admin, ends, ids, broken };
}

const scope = (...topics: string[]) => ({ tenant: world.tenant, cluster, prefix, topics });

/** What is billed of a topic: its ranges by hour. */
async function billed(topicId: string): Promise<Map<string, OffsetRange[]>> {
  const span = { from: "2000-01-01T00", before: "LATEST" };
  const boundaries = await offsets(world.store).boundaries(world.tenant, cluster, span);
  const latest = await offsets(world.store).getLatest(world.tenant, cluster, topicId);
  return rangesByHour(
    boundaries.filter((boundary) => boundary.topicId === topicId),
    latest,
  );
}
const total = (hours: Map<string, OffsetRange[]>) =>
  [...hours.values()].flat().reduce((sum, { from, to }) => sum + BigInt(to) - BigInt(from), 0n);
const flat = (hours: Map<string, OffsetRange[]>) =>
  [...hours].flatMap(([hour, ranges]) =>
    ranges.map(({ partition, from, to }) => `${hour} ${partition}: ${from}-${to}`),
  );

describe("a snapshot", () => {
  test("bills what was written between two of them to the hour it was first seen in", async () => {
    const { admin, ends } = brokerOf({ [`${prefix}orders`]: [5, 0] });
    const take = () => snapshotOffsets(world.control, admin, scope("orders"));
    const id = `id ${prefix}orders`;
    await take();
    ends[`${prefix}orders`] = [9, 2];
    await take();
    expect(flat(await billed(id))).toEqual(["2026-11-24T04 0: 0-9", "2026-11-24T04 1: 0-2"]);
    world.clock.pass(3_600_000);
    await take();
    ends[`${prefix}orders`] = [9, 3];
    const { latest } = await take();
    expect(latest).toMatchObject([{ topic: "orders", offsets: { 0: "9", 1: "3" } }]);
    expect(flat(await billed(id))).toEqual([
      "2026-11-24T04 0: 0-9",
      "2026-11-24T04 1: 0-2",
      "2026-11-24T05 1: 2-3",
    ]);
  });

  test("leaves out topics the cell does not have, and keeps partitions it could not read", async () => {
    const { admin, ends, broken } = brokerOf({ [`${prefix}orders`]: [5, 5] });
    const take = () => snapshotOffsets(world.control, admin, scope("orders", "absent"));
    await take();
    ends[`${prefix}orders`] = [7, 8];
    broken.add(`${prefix}orders/1`);
    const { latest, lost } = await take();
    expect(latest).toMatchObject([{ topic: "orders", offsets: { 0: "7", 1: "5" } }]);
    expect(lost).toEqual([]);
  });

  test("of a topic made anew in between lends its offsets to nobody", async () => {
    const { admin, ends, ids } = brokerOf({ [`${prefix}orders`]: [500] });
    const swapping: typeof admin = {
      ...admin,
      listOffsets: async (queries) => {
        ends[`${prefix}orders`] = [3];
        ids[`${prefix}orders`] = "the new one";
        return admin.listOffsets(queries);
      },
    };
    const { latest } = await snapshotOffsets(world.control, swapping, scope("orders"));
    expect(latest).toEqual([]);
    await snapshotOffsets(world.control, admin, scope("orders"));
    expect(flat(await billed("the new one"))).toEqual(["2026-11-24T04 0: 0-3"]);
    expect(flat(await billed(`id ${prefix}orders`))).toEqual([]);
  });

  test("tells where a watermark went back, and credits it", async () => {
    const { admin, ends } = brokerOf({ [`${prefix}orders`]: [100] });
    const take = () => snapshotOffsets(world.control, admin, scope("orders"));
    await take();
    ends[`${prefix}orders`] = [60];
    const { lost } = await take();
    expect(lost).toMatchObject([{ partition: 0, from: "100", to: "60" }]);
    expect(flat(await billed(`id ${prefix}orders`))).toEqual(["2026-11-24T04 0: 0-60"]);
  });

  test("of hundreds of topics reads each once", async () => {
    const names = Array.from({ length: 450 }, (_, i) => `t${i}`);
    const { admin } = brokerOf(Object.fromEntries(names.map((name) => [prefix + name, [1]])));
    const { latest } = await snapshotOffsets(world.control, admin, scope(...names));
    expect(latest.map(({ topic }) => topic).sort()).toEqual([...names].sort());
  });
});

test("by readers in every order, dying anywhere: what is billed is what the log grew by", async () => {
  const reader = fc.record({
    rounds: fc.integer({ min: 1, max: 3 }),
    diesAt: fc.option(fc.integer({ min: 1, max: 8 }), { nil: undefined, freq: 2 }),
    carriedOut: fc.boolean(),
    /** Its clock, against the others'. */
    aheadMs: fc.constantFrom(-2000, 0, 0, 2000),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(reader, { minLength: 2, maxLength: 4 }),
      fc.infiniteStream(fc.nat()),
      async (readers, order) => {
        world.close();
        const base = modelStore();
        world = await openWorld(base);
        const name = `${prefix}orders`;
        const { admin, ends } = brokerOf({ [name]: [0, 0] });
        // The log grows and the hours pass while they read: with every look at the broker.
        const growing: typeof admin = {
          metadata: admin.metadata,
          listOffsets: async (queries) => {
            const grown = order.next().value;
            ends[name]![grown % 2]! += grown % 7;
            if (grown % 5 === 0) world.clock.pass(1_000_000);
            return admin.listOffsets(queries);
          },
        };
        const run = (each: (typeof readers)[number]) => async (gated: Store) => {
          const own = world.through(mortalStore(gated, life(each.diesAt, each.carriedOut)));
          const clock = { nowMs: () => world.clock.nowMs() + each.aheadMs };
          for (let round = 0; round < each.rounds; round++) {
            await snapshotOffsets({ ...own, clock }, growing, scope("orders"));
          }
        };
        // At every moment what is billed only grows, and is never more than was written.
        let before = 0n;
        const watched: Store = {
          ...base,
          put: async (item, expect_) => {
            const version = await base.put(item, expect_);
            const now = total(await billed(`id ${name}`));
            expect(now >= before && now <= BigInt(ends[name]![0]! + ends[name]![1]!)).toBe(true);
            before = now;
            return version;
          },
        };
        const ended = await interleave(watched, readers.map(run), () => order.next().value);
        for (const each of ended) {
          if (each.status === "rejected") expect(each.reason).toBeInstanceOf(Died);
        }
        await snapshotOffsets(world.control, admin, scope("orders"));
        const hours = await billed(`id ${name}`);
        for (const partition of [0, 1]) {
          let end = 0n;
          for (const [hour, ranges] of [...hours].sort(([a], [b]) => (a < b ? -1 : 1))) {
            expect(hour <= hourOf(world.clock.nowMs() + 2000)).toBe(true);
            for (const range of ranges.filter((each) => each.partition === partition)) {
              expect(BigInt(range.from)).toBe(end);
              expect(BigInt(range.to)).toBeGreaterThan(end);
              end = BigInt(range.to);
            }
          }
          expect(end).toBe(BigInt(ends[name]![partition]!));
        }
      },
    ),
    { numRuns: 300, interruptAfterTimeLimit: 5000 },
  );
});
