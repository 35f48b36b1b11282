import fc from "fast-check";
import { expect, test } from "vitest";
import { InvoiceLine } from "./bill.ts";
import { Tier } from "./cluster.ts";
import type { ClusterId } from "./ids.ts";
import { invoiceLines, type MeteredCluster, type MeteredHour, totalOf } from "./invoice-lines.ts";
import { toCents, usd } from "./money.ts";
import { bookInForce, defaultPriceBook, type PriceBook } from "./price-book.ts";
import { amountOf, rateHour, toCentsExactly } from "./rating/rate-hour.ts";
import { noUsage } from "./usage.ts";

const id = "cl_0123456789abcdef" as ClusterId;
const second: PriceBook = {
  ...defaultPriceBook,
  version: 2,
  startsAt: "2026-11-10T00:00:00.000Z",
  tiers: {
    ...defaultPriceBook.tiers,
    dev: { ...defaultPriceBook.tiers.dev, perMillionMessagesPico: "60000000000" },
  },
};

const hourName = fc
  .tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 0, max: 23 }))
  .map((parts) => parts.map((n) => String(n).padStart(2, "0")))
  .map(([day, hour]) => `2026-11-${day}T${hour}`);
const amount = fc.bigInt({ min: 0n, max: 10n ** 11n });
const meteredHour: fc.Arbitrary<MeteredHour> = fc.record({
  hour: hourName,
  usage: fc.record({
    recordsIn: fc.oneof(
      { weight: 9, arbitrary: amount },
      { weight: 1, arbitrary: fc.constant(-5n) },
    ),
    recordsOut: amount,
    bytesIn: amount,
    bytesOut: amount,
    bytesStored: amount,
  }),
  tier: fc.constantFrom(...Tier.options),
  unitsMin: fc.integer({ min: 0, max: 3 }),
  ranges: fc.constant([]),
});
const clusters: fc.Arbitrary<MeteredCluster[]> = fc.array(
  fc
    .uniqueArray(meteredHour, { maxLength: 8, selector: (h) => h.hour })
    .map((hours) => ({ id, name: "default", hours })),
  { maxLength: 3 },
);
const books = fc.constantFrom<PriceBook[][]>([defaultPriceBook], [second, defaultPriceBook]);

const linesOf = (list: MeteredCluster[], of: PriceBook[] = [defaultPriceBook]) =>
  invoiceLines("2026-11", list, of);
const oneHour = (hour: Partial<MeteredHour>): MeteredCluster => ({
  id,
  name: "default",
  hours: [
    { hour: "2026-11-24T04", usage: noUsage, tier: "standard", unitsMin: 0, ranges: [], ...hour },
  ],
});

test("the total is the sum of the rounded lines, and every line has the published shape", () => {
  fc.assert(
    fc.property(clusters, books, (list, of) => {
      const lines = linesOf(list, of);
      for (const line of lines) expect(InvoiceLine.parse(line)).toEqual(line);
      const sum = lines.reduce((total, line) => total + usd(line.amount), 0n);
      expect(usd(totalOf(lines))).toBe(sum);
    }),
  );
});

test("the credit is at most the monthly one and never makes the total negative", () => {
  fc.assert(
    fc.property(clusters, books, (list, of) => {
      const lines = linesOf(list, of);
      const credit = lines.filter((line) => line.kind === "credit");
      const before = lines
        .filter((line) => line.kind !== "credit")
        .reduce((total, line) => total + usd(line.amount), 0n);
      expect(credit.length).toBe(before > 0n ? 1 : 0);
      expect(usd(totalOf(lines))).toBe(
        before <= 0n ? before : before > usd("1") ? before - usd("1") : 0n,
      );
    }),
  );
});

test("a line is rounded once: within half a cent of what its hours come to", () => {
  fc.assert(
    fc.property(clusters, books, (list, of) => {
      const exact = list
        .flatMap((cluster) => cluster.hours)
        .map((h) =>
          amountOf(rateHour(h.hour, h.usage, h.tier, h.unitsMin, bookInForce(of, `${h.hour}:00`))),
        )
        .reduce((a, b) => a + b, 0n);
      const lines = linesOf(list, of).filter((line) => line.kind !== "credit");
      const rounded = lines.reduce((total, line) => total + usd(line.amount), 0n);
      const off = rounded - toCentsExactly(exact) * 10_000_000_000n;
      const most = BigInt(lines.length + 1) * 5_000_000_000n;
      expect(off <= most && off >= -most).toBe(true);
    }),
  );
});

test("a message line none of whose hours is at the ceiling is its quantity at the unit price, to the pico-dollar", () => {
  fc.assert(
    fc.property(clusters, books, (list, of) => {
      const messages = linesOf(list, of).filter((line) => line.unit === "message");
      for (const line of messages) {
        const atPrice =
          (BigInt(line.quantity) * usd(line.unitPrice)) / BigInt(line.unitPriceQuantity);
        if (line.hoursAtCeiling === 0) expect(usd(line.exactAmount)).toBe(atPrice);
        else expect(usd(line.exactAmount) <= atPrice).toBe(true);
      }
    }),
  );
});

test("each line is its exact amount rounded half to even, unless the pico-dollar shown is itself rounded", () => {
  fc.assert(
    fc.property(clusters, books, (list, of) => {
      for (const line of linesOf(list, of)) {
        const exact = usd(line.exactAmount);
        const off = usd(line.amount) - exact;
        expect(off <= 5_000_000_000n && off >= -5_000_000_000n).toBe(true);
        if (exact % 5_000_000_000n !== 0n)
          expect(usd(line.amount)).toBe(toCents(exact) * 10n ** 10n);
      }
    }),
  );
});

test("a plain hour reads as quantity times unit price", () => {
  const ranges = [{ topic: "orders", topicId: "t", partition: 0, from: "5", to: "250005" }];
  const usage = {
    ...noUsage,
    recordsIn: 250_000n,
    bytesIn: 250_000n,
    recordsOut: 1n,
    bytesOut: 1n,
  };
  const [written, read, credit] = linesOf([oneHour({ usage, ranges })]);
  expect(written).toMatchObject({
    kind: "written",
    quantity: "250000",
    records: "250000",
    unitPrice: "0.10",
    unitPriceQuantity: "1000000",
    exactAmount: "0.025",
    amount: "0.02",
    offsetRanges: [{ ...ranges[0], hour: "2026-11-24T04" }],
  });
  expect(read).toMatchObject({ kind: "read", exactAmount: "0.0000001", amount: "0.00" });
  expect(credit).toMatchObject({ kind: "credit", amount: "-0.02", unitPrice: "-1.00" });
});

test("the cent is decided by the exact fraction, not by what is shown of it", () => {
  // 0.005 dollars and a little less than half a pico-dollar: shown as 0.005, which alone would round to even.
  const storedFor = (numerator: bigint) =>
    oneHour({ usage: { ...noUsage, bytesStored: numerator } });
  const half = (5_000_000_000n * 1_073_741_824n * 720n) / 250_000_000_000n;
  const [line] = linesOf([storedFor(half + 1n)]);
  expect(line).toMatchObject({ exactAmount: "0.005", amount: "0.01" });
});

test("hours are rated by the prices and the tier in force when they began, each on a line of its own", () => {
  const usage = { ...noUsage, recordsIn: 1_000_000n, bytesIn: 1n };
  const hours = (["2026-11-09T23", "2026-11-10T00", "2026-11-10T01"] as const).map((hour, i) => ({
    ...oneHour({ hour, usage, tier: i === 2 ? "high" : "dev" }).hours[0]!,
  }));
  const lines = linesOf([{ id, name: "default", hours }], [defaultPriceBook, second]);
  expect(
    lines.slice(0, 3).map((l) => [l.tier, l.priceVersion, l.amount, l.hoursAtCeiling]),
  ).toEqual([
    ["dev", 1, "0.05", 0],
    ["dev", 2, "0.05", 1],
    ["high", 2, "0.20", 0],
  ]);
});

test("a month without use has no lines", () => {
  expect(linesOf([oneHour({})])).toEqual([]);
  expect(totalOf([])).toBe("0.00");
});
