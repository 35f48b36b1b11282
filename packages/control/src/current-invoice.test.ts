// The invoice of the month that is not over: lines with their evidence, recounted from the published price.

import { Invoice } from "@headgate/core/bill";
import type { Reconciliation } from "@headgate/core/metering";
import { defaultPriceBook } from "@headgate/core/price-book";
import { reconciliationsOf } from "@headgate/store/keys";
import { priceBooks } from "@headgate/store/price-books";
import { tenants } from "@headgate/store/tenants";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { counted, topicIdOf } from "../test/counted.ts";
import { add, bill, type Dollars, type Hour, nothing, rounded } from "../test/recount.ts";
import { openWorld, type World } from "../test/world.ts";
import { putCluster } from "./clusters.ts";
import { currentInvoice } from "./current-invoice.ts";

let world: World;
beforeEach(async () => {
  // The clock stands at 2026-11-24T04:05:06Z.
  world = await openWorld();
});
afterEach(() => world.close());

const day = "2026-11-24T";
const gib = 1024n ** 3n;
const invoice = () => currentInvoice(world.control, world.tenant, world.clock.nowMs());
async function cluster(name: string, spec: object = {}) {
  const { id } = await putCluster(world.control, world.actor, name, spec);
  return { id, ...counted(world.store, world.tenant, id) };
}

test("a month without use has no lines, costs nothing, and says by which prices", async () => {
  await cluster("blue");
  const now = await invoice();
  expect(now).toEqual({
    kind: "Invoice",
    id: `inv-${world.tenant}-2026-11`,
    tenant: world.tenant,
    period: "2026-11",
    state: "open",
    currency: "USD",
    lines: [],
    total: "0.00",
    priceBooks: [defaultPriceBook],
    findings: [],
    unattributedRecords: "0",
    asOf: `${day}04:05:06.000Z`,
  });
  expect(Invoice.parse(now)).toEqual(now);
});

test("each line says quantity, unit price, exact and rounded amount, and the offsets behind it", async () => {
  const { id, ...fill } = await cluster("blue", { streamingUnits: { min: 1, max: 5 } });
  await fill.boundary(`${day}04`, "orders", { 0: 100, 1: 0 });
  await fill.latest(`${day}04`, "orders", { 0: 200_100, 1: 50_000 });
  await fill.window(`${day}04`, "w1", { recordsOut: 150_000n });
  await fill.sample(`${day}04`, { orders: 36n * gib });
  const { lines, total } = await invoice();
  const same = { cluster: id, clusterName: "blue", tier: "dev", priceVersion: 1 };
  const message = {
    unit: "message",
    unitPrice: "0.05",
    unitPriceQuantity: "1000000",
    hoursAtCeiling: 0,
  };
  const range = { topic: "orders", topicId: topicIdOf("orders"), hour: `${day}04` };
  expect(lines).toMatchObject([
    {
      ...same,
      ...message,
      kind: "written",
      quantity: "250000",
      records: "250000",
      exactAmount: "0.0125",
      amount: "0.01",
      offsetRanges: [
        { ...range, partition: 0, from: "100", to: "200100" },
        { ...range, partition: 1, from: "0", to: "50000" },
      ],
    },
    {
      ...same,
      ...message,
      kind: "read",
      quantity: "150000",
      records: "150000",
      exactAmount: "0.0075",
      amount: "0.01",
    },
    {
      ...same,
      kind: "reserve",
      quantity: "1",
      unit: "unit-hour",
      unitPrice: "0.05",
      unitPriceQuantity: "1",
      // A unit's hour less what messages paid of it: 0.05 − 0.02.
      exactAmount: "0.03",
      amount: "0.03",
    },
    {
      ...same,
      kind: "storage",
      quantity: String(36n * gib),
      unit: "byte-hour",
      unitPrice: "0.10",
      // November has 720 hours.
      unitPriceQuantity: String(gib * 720n),
      // Half a cent, to even: none.
      exactAmount: "0.005",
      amount: "0.00",
    },
    // What is to pay is less than the dollar a month has free.
    { kind: "credit", unit: "month", unitPrice: "-1.00", amount: "-0.05" },
  ]);
  expect(total).toBe("0.00");
});

test("the month's credit is taken off once, over all clusters", async () => {
  for (const name of ["blue", "green"]) {
    const fill = await cluster(name, { tier: "high", streamingUnits: { min: 0, max: 9 } });
    await fill.window(`${day}04`, "w1", { recordsOut: 50_000_000n, bytesOut: 9_999_999_999n });
  }
  const { lines, total } = await invoice();
  expect(lines.map(({ kind, amount }) => [kind, amount])).toEqual([
    ["read", "0.30"],
    ["read", "0.30"],
    ["credit", "-0.60"],
  ]);
  expect(lines[0]).toMatchObject({ hoursAtCeiling: 1, quantity: "50000000" });
  expect(total).toBe("0.00");
});

test("hours before the month are left out, and the hour that is not over is in", async () => {
  const fill = await cluster("blue");
  await fill.window("2026-10-31T23", "w1", { recordsOut: 9n });
  await fill.window("2026-11-01T00", "w1", { recordsOut: 20n });
  await fill.window(`${day}04`, "w1", { recordsOut: 3n });
  await fill.window(`${day}05`, "w1", { recordsOut: 100n });
  const { lines } = await invoice();
  expect(lines).toMatchObject([{ kind: "read", quantity: "23" }]);
});

test("prices switch with the hour, and each version has lines and a copy of its own", async () => {
  const half = { perMillionMessagesPico: "25000000000" };
  const dev = { ...defaultPriceBook.tiers.dev, ...half };
  const tiers = { ...defaultPriceBook.tiers, dev };
  const startsAt = `${day}03:00:00.000Z`;
  const books = priceBooks(world.store);
  const own = { ...defaultPriceBook, id: "own" };
  await books.put(own);
  await books.put({ ...own, version: 2, startsAt, tiers });
  await books.put({ ...own, version: 3, startsAt: "2026-12-01T00:00:00.000Z" });
  await tenants(world.store).updateSpec(world.tenant, (now) => ({
    ...now,
    spec: { ...now.spec, priceBook: "own" },
  }));
  const fill = await cluster("blue");
  for (const hour of ["02", "03", "04"]) {
    await fill.window(day + hour, "w1", { recordsOut: 200_000n });
  }
  const { lines, priceBooks: copies } = await invoice();
  const read = lines.filter(({ kind }) => kind === "read");
  expect(read.map((line) => [line.priceVersion, line.quantity, line.exactAmount])).toEqual([
    [1, "200000", "0.01"],
    [2, "400000", "0.01"],
  ]);
  expect(copies.map(({ version }) => version)).toEqual([1, 2]);
});

test("what metering found stands on it, of this month only", async () => {
  const { id } = await cluster("blue");
  const found = (at: string, text: string) => ({ at, text, blocking: true });
  const reconciliation: Reconciliation = {
    topic: "orders",
    topicId: "id",
    countedClosed: "0",
    openFrom: `${day}04`,
    lost: "0",
    unattributed: [
      { month: "2026-10", records: "100" },
      { month: "2026-11", records: "130" },
    ],
    findings: [
      found("2026-10-31T23:59:59.999Z", "last month"),
      found("2026-11-01T00:00:00.000Z", "this month"),
    ],
  };
  const { store, tenant } = world;
  await store.put({ ...reconciliationsOf(tenant, id).key("id"), data: reconciliation }, "absent");
  const { findings, unattributedRecords } = await invoice();
  expect(findings).toEqual(["this month"]);
  expect(unattributedRecords).toBe("30");
});

const amount = (max: bigint) => fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max }));
const hour = fc.record({
  recordsIn: fc.constant(0n),
  recordsOut: amount(20_000_000n),
  bytesIn: amount(20_000n * 1024n ** 2n),
  bytesOut: amount(40_000n * 1024n ** 2n),
  stored: amount(500n * gib),
});

test("whatever was counted, each line and the total are those of a second count", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(hour, { minLength: 1, maxLength: 4 }),
      fc.constantFrom("dev" as const, "standard" as const, "high" as const),
      fc.integer({ min: 0, max: 2 }),
      async (hours: Hour[], tier, min) => {
        world.close();
        world = await openWorld();
        const fill = await cluster("blue", { tier, streamingUnits: { min, max: 5 } });
        for (const [i, { recordsOut, bytesIn, bytesOut, stored }] of hours.entries()) {
          await fill.window(`${day}0${4 + i}`, "w1", { recordsOut, bytesIn, bytesOut });
          await fill.sample(`${day}0${4 + i}`, { orders: stored });
        }
        world.clock.pass((hours.length - 1) * 3_600_000);
        const sums: Record<string, Dollars> = {};
        for (const each of hours) {
          for (const [kind, dollars] of Object.entries(bill(each, tier, BigInt(min)))) {
            sums[kind] = add(sums[kind] ?? nothing, dollars);
          }
        }
        const { lines, total } = await invoice();
        let cents = 0n;
        for (const kind of ["written", "read", "reserve", "storage"]) {
          const line = lines.find((each) => each.kind === kind);
          const amount_ = rounded(sums[kind]!, 2);
          cents += BigInt(amount_.replace(".", ""));
          expect(line?.amount ?? "0.00").toBe(amount_);
        }
        const credit = cents < 100n ? cents : 100n;
        expect(total).toBe(rounded({ n: cents - credit, of: 100n }, 2));
      },
    ),
    { numRuns: 100 },
  );
});
