// Usage: what the store holds, summed up by hour, topic and account, and priced as the published sentence says.
import type { ClusterId } from "@headgate/core/ids";
import type { UsageGroupBy, UsageReport } from "@headgate/core/usage";
import { clusters } from "@headgate/store/clusters";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { counted } from "../test/counted.ts";
import {
  add,
  bill,
  type Hour,
  messagesIn,
  messagesOut,
  nothing,
  rounded,
} from "../test/recount.ts";
import { openWorld, type World } from "../test/world.ts";
import { putCluster } from "./clusters.ts";
import { readUsage } from "./usage-report.ts";

let world: World;
beforeEach(async () => {
  // The clock stands at 2026-11-24T04:05:06Z.
  world = await openWorld();
});
afterEach(() => world.close());

const day = "2026-11-24T";
const span = { from: `${day}04:00:00.000Z`, to: `${day}08:00:00.000Z` };
const read = (groupBy: UsageGroupBy, more: object = {}): Promise<UsageReport> =>
  readUsage(world.control, world.tenant, { ...span, groupBy, ...more });
const gib = 1024n ** 3n;

/** An amount without the zeros at its end, as it is shown. */
const shown = (dollars: string) => dollars.replace(/(\.\d\d\d*?)0+$/, "$1");

async function blue(spec: object = {}): Promise<ReturnType<typeof counted>> {
  const { id } = await putCluster(world.control, world.actor, "blue", spec);
  return counted(world.store, world.tenant, id);
}

/** Two hours of two topics; `orders` is written and read by two accounts, `logs` grew with nobody counting. */
async function twoHours() {
  const fill = await blue();
  await fill.boundary(`${day}04`, "orders", { 0: 100, 1: 0 });
  await fill.boundary(`${day}05`, "orders", { 0: 1100, 1: 500 });
  await fill.latest(`${day}06`, "orders", { 0: 1150, 1: 500 });
  await fill.boundary(`${day}05`, "logs", { 0: 0 });
  await fill.latest(`${day}06`, "logs", { 0: 7 });
  await fill.window(`${day}04`, "w1", { recordsIn: 1400n, recordsOut: 700n, bytesIn: 3_000_000n });
  await fill.window(`${day}04`, "w2", { recordsOut: 300n, bytesOut: 9_000_000n });
  await fill.window(`${day}05`, "w1", { recordsIn: 50n, bytesIn: 4097n });
  const orders = { topic: "orders", serviceAccount: "app" };
  await fill.attribution(`${day}04`, "w1", [
    { ...orders, counts: { recordsIn: 1400n, recordsOut: 700n, bytesIn: 3_000_000n } },
  ]);
  await fill.attribution(`${day}04`, "w2", [
    { ...orders, serviceAccount: "sink", counts: { recordsOut: 300n, bytesOut: 9_000_000n } },
  ]);
  await fill.attribution(`${day}05`, "w1", [
    { ...orders, counts: { recordsIn: 50n, bytesIn: 4097n } },
  ]);
  await fill.sample(`${day}04`, { orders: gib });
  await fill.sample(`${day}05`, { orders: 2n * gib, logs: gib });
}

describe("a report", () => {
  test("by hour has what the log grew by, what gateways counted, and the price of each", async () => {
    await twoHours();
    const { rows, totals, ...rest } = await read("hour");
    expect(rest).toEqual({ kind: "Usage", ...span, groupBy: "hour", asOf: `${day}04:05:06.000Z` });
    expect(rows).toEqual([
      {
        hour: `${day}04`,
        recordsWritten: "1500",
        recordsRead: "1000",
        bytesIn: "3000000",
        bytesOut: "9000000",
        // 1500 records are more than 733 times 4 KiB; 2198 times 4 KiB more than 1000 records.
        messages: "3698",
        bytesStored: String(gib),
        // 3698 × 0.05 / 10⁶ + 0.10 / 720 h
        cost: "0.000323788889",
      },
      {
        hour: `${day}05`,
        recordsWritten: "57",
        recordsRead: "0",
        bytesIn: "4097",
        bytesOut: "0",
        messages: "57",
        bytesStored: String(3n * gib),
        // 57 × 0.05 / 10⁶ + 3 × 0.10 / 720 h
        cost: "0.000419516667",
      },
    ]);
    expect(totals).toEqual({
      recordsWritten: "1557",
      recordsRead: "1000",
      bytesIn: "3004097",
      bytesOut: "9000000",
      messages: "3755",
      // Of the newest sample: what is kept now, not what was kept summed over hours.
      bytesStored: String(3n * gib),
      cost: "0.000743305556",
    });
  });

  test("by topic takes what was written from offsets, and what was read from gateways", async () => {
    await twoHours();
    const { rows } = await read("topic");
    const orders = rows.find(({ topic }) => topic === "orders");
    const logs = rows.find(({ topic }) => topic === "logs");
    expect(rows).toHaveLength(2);
    expect(orders).toMatchObject({
      recordsWritten: "1550",
      recordsRead: "1000",
      bytesIn: "3004097",
      bytesOut: "9000000",
      messages: "3748",
      bytesStored: String(2n * gib),
    });
    expect(logs).toMatchObject({ recordsWritten: "7", recordsRead: "0", messages: "7" });
    // (3698 + 50) × 0.05 / 10⁶ + (1 + 2) × 0.10 / 720 h, and 7 × 0.05 / 10⁶ + 0.10 / 720 h
    expect(orders?.cost).toBe("0.000604066667");
    expect(logs?.cost).toBe("0.000139238889");
  });

  test("by account names what nobody counted as unattributed", async () => {
    await twoHours();
    const { rows } = await read("serviceAccount");
    expect(rows.map((row) => [row.serviceAccount, row.recordsWritten, row.recordsRead])).toEqual([
      ["app", "1450", "700"],
      ["sink", "0", "300"],
      ["unattributed", "107", "0"],
    ]);
    for (const row of rows) expect(row).not.toHaveProperty("bytesStored");
  });

  test("of hours in which nothing happened has no rows, and costs nothing", async () => {
    await blue();
    const { rows, totals } = await read("hour");
    expect(rows).toEqual([]);
    expect(totals).toMatchObject({ recordsWritten: "0", messages: "0", cost: "0.00" });
  });

  test("widens its window to whole hours", async () => {
    await twoHours();
    const inside = { from: `${day}05:59:59.999Z`, to: `${day}06:00:00.000Z` };
    const report = await read("hour", inside);
    expect(report.from).toBe(`${day}05:00:00.000Z`);
    expect(report.to).toBe(`${day}06:00:00.000Z`);
    expect(report.rows.map(({ hour }) => hour)).toEqual([`${day}05`]);
    // What was written in hours after the window is not in it.
    const before = await read("hour", { to: `${day}05:00:00.000Z` });
    expect(before.rows.map(({ hour }) => hour)).toEqual([`${day}04`]);
    expect(before.totals.recordsWritten).toBe("1500");
    const more = await read("hour", { ...inside, to: `${day}06:00:00.001Z` });
    expect(more.to).toBe(`${day}07:00:00.000Z`);
  });

  test("of one cluster leaves the others out; of a tenant, the neighbours", async () => {
    await twoHours();
    const { id } = await putCluster(world.control, world.actor, "green", {});
    const green = counted(world.store, world.tenant, id);
    await green.window(`${day}04`, "w1", { recordsOut: 5n });
    const neighbour = await openWorld(world.store);
    const theirs = await putCluster(neighbour.control, neighbour.actor, "blue", {});
    const fill = counted(world.store, neighbour.tenant, theirs.id);
    await fill.window(`${day}04`, "w1", { recordsOut: 999n });
    expect((await read("hour")).totals.recordsRead).toBe("1005");
    const only = await read("hour", { cluster: "green" });
    expect(only).toMatchObject({ cluster: "green", totals: { recordsRead: "5" } });
    neighbour.close();
  });

  test("still counts a cluster that is gone, by the settings metering kept", async () => {
    await twoHours();
    const { store, tenant } = world;
    const stored = (await clusters(store).get(tenant, "blue"))!;
    const { id, name, createdAt } = stored.value;
    const settings = [{ from: createdAt.slice(0, 13), tier: "standard" as const, unitsMin: 0 }];
    const pk = `TENANT#${tenant}#METERED`;
    await store.put({ pk, sk: id, data: { cluster: id, name, settings } }, "absent");
    await clusters(store).remove(tenant, "blue", stored.version);
    const { totals } = await read("hour", { cluster: "blue" });
    expect(totals).toMatchObject({ recordsWritten: "1557", cost: "0.001764388889" });
  });

  test.each([
    [{ from: span.to, to: span.from }, "from must be before to."],
    [{ from: span.from, to: span.from }, "from must be before to."],
    [{ from: "yesterday" }, "from and to must be timestamps (RFC 3339)."],
    [{ from: "2025-11-22T00:00:00.000Z" }, "The window may be a year long at most."],
  ])("of the window %j is refused", async (more, detail) => {
    await expect(read("hour", more)).rejects.toMatchObject({ code: "request.invalid", detail });
  });

  test("of a cluster nobody knows is refused", async () => {
    const unknown = read("hour", { cluster: "blue" });
    await expect(unknown).rejects.toMatchObject({ code: "resource.not_found" });
  });
});

test("records a log lost are a credit, of the hour and of the topic that lost them", async () => {
  const fill = await blue();
  await fill.boundary(`${day}04`, "orders", { 0: 0 });
  await fill.boundary(`${day}05`, "orders", { 0: 1_000_000 });
  await fill.latest(`${day}05`, "orders", { 0: 400_000 }, "600000");
  const { rows, totals } = await read("hour");
  expect(rows.map(({ recordsWritten, cost }) => [recordsWritten, cost])).toEqual([
    ["1000000", "0.05"],
    ["-600000", "-0.03"],
  ]);
  expect(totals).toMatchObject({ recordsWritten: "400000", cost: "0.02" });
  const byTopic = await read("topic");
  expect(byTopic.rows).toMatchObject([{ recordsWritten: "400000", cost: "0.02" }]);
});

test("a reserve is paid by the hour until now, as far as messages do not use it up", async () => {
  const fill = await blue({ streamingUnits: { min: 2, max: 5 } });
  // 10⁸ reads would be 5.00 by message: a unit's 0.05 is the ceiling, and the rest of the reserve stays.
  await fill.window(`${day}05`, "w1", { recordsOut: 100_000_000n });
  world.clock.pass(2 * 3_600_000);
  const { rows, totals } = await read("hour");
  expect(rows.map(({ hour, cost }) => [hour, cost])).toEqual([
    [`${day}04`, "0.10"],
    [`${day}05`, "0.10"],
    [`${day}06`, "0.10"],
  ]);
  expect(totals.cost).toBe("0.30");
  const byTopic = await read("topic");
  expect(byTopic.rows).toEqual([]);
});

interface Case {
  readonly hours: readonly Hour[];
  readonly tier: "dev" | "standard" | "high";
  readonly unitsMin: number;
}
const amount = (max: bigint) => fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max }));
const hour = fc.record({
  recordsIn: amount(20_000_000n),
  recordsOut: amount(20_000_000n),
  bytesIn: amount(20_000n * 1024n ** 2n),
  bytesOut: amount(40_000n * 1024n ** 2n),
  stored: amount(50n * gib),
});

test("whatever was counted, the numbers are those of a second count", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        hours: fc.array(hour, { minLength: 1, maxLength: 4 }),
        tier: fc.constantFrom("dev", "standard", "high"),
        unitsMin: fc.integer({ min: 0, max: 2 }),
      }),
      async ({ hours, tier, unitsMin }: Case) => {
        world.close();
        world = await openWorld();
        const spec = { tier, streamingUnits: { min: unitsMin, max: 5 } };
        const { id } = await putCluster(world.control, world.actor, "blue", spec);
        await fill(id, hours);
        world.clock.pass((hours.length - 1) * 3_600_000);
        const report = await read("hour");
        let cost = nothing;
        for (const [i, counts] of hours.entries()) {
          const lines = Object.values(bill(counts, tier, BigInt(unitsMin)));
          const exact = lines.reduce(add, nothing);
          cost = add(cost, exact);
          const row = report.rows.find((each) => each.hour === `${day}0${4 + i}`);
          if (!row) {
            expect(exact.n).toBe(0n);
            continue;
          }
          expect(row).toMatchObject({
            recordsWritten: String(counts.recordsIn),
            recordsRead: String(counts.recordsOut),
            messages: String(messagesIn(counts) + messagesOut(counts)),
            cost: shown(rounded(exact, 12)),
          });
        }
        expect(report.totals.cost).toBe(shown(rounded(cost, 12)));
      },
    ),
    { numRuns: 100 },
  );
});

/** Hours from the fourth on: each number by two writers, and a log of two partitions that grew by its records. */
async function fill(id: ClusterId, hours: readonly Hour[]): Promise<void> {
  const store = counted(world.store, world.tenant, id);
  const ends = { 0: 0n, 1: 17n };
  for (const [i, { recordsIn, recordsOut, bytesIn, bytesOut, stored }] of hours.entries()) {
    const at = `${day}0${4 + i}`;
    await store.boundary(at, "orders", ends);
    const third = recordsIn / 3n;
    ends[0] += third;
    ends[1] += recordsIn - third;
    const half = { recordsOut: recordsOut / 2n, bytesIn: bytesIn / 2n, bytesOut: bytesOut / 2n };
    await store.window(at, "w1", half);
    await store.window(at, "w2", {
      recordsOut: recordsOut - half.recordsOut,
      bytesIn: bytesIn - half.bytesIn,
      bytesOut: bytesOut - half.bytesOut,
    });
    await store.sample(at, { orders: stored });
  }
  await store.latest(`${day}0${3 + hours.length}`, "orders", ends);
}
