import fc from "fast-check";
import { expect, test } from "vitest";
import { Tier } from "../cluster.ts";
import { defaultPriceBook as book } from "../price-book.ts";
import { bytesPerGib, type HourUsage, noUsage } from "../usage.ts";
import { amountOf, rateDenominator, rateHour, toCentsExactly, toPico } from "./rate-hour.ts";

const hour = "2026-11-24T04";
const big = fc.bigInt({ min: 0n, max: 10n ** 13n });
const usage: fc.Arbitrary<HourUsage> = fc.record({
  recordsIn: big,
  recordsOut: big,
  bytesIn: big,
  bytesOut: big,
  bytesStored: big,
});
const tier = fc.constantFrom(...Tier.options);
const unitsMin = fc.integer({ min: 0, max: 100 });
const max = (a: bigint, b: bigint) => (a > b ? a : b);

const rate = (u: Partial<HourUsage>, t: Tier = "standard", min = 0) =>
  rateHour(hour, { ...noUsage, ...u }, t, min, book);

test.each(["2026-02", "2028-02", "2026-04", "2026-12"])(
  "a GiB kept for all of %s costs the published price exactly",
  (month) => {
    const hours = { "2026-02": 672n, "2028-02": 696n, "2026-04": 720n, "2026-12": 744n }[month]!;
    const one = rateHour(
      `${month}-01T00`,
      { ...noUsage, bytesStored: bytesPerGib },
      "dev",
      0,
      book,
    );
    expect(one.storage * hours).toBe(BigInt(book.tiers.dev.perGibMonthPico) * rateDenominator);
  },
);

test.each([
  ["nothing", {}, 0, false, 0n],
  ["a million records", { recordsIn: 1_000_000n, bytesIn: 1_000_000n }, 0, false, 10n],
  ["records nobody counted the bytes of", { recordsIn: 1_000_000n }, 0, false, 10n],
  ["exactly what a unit costs", { recordsIn: 1_500_000n, bytesIn: 1n }, 0, false, 15n],
  ["two million, one unit", { recordsIn: 2_000_000n, bytesIn: 1n }, 0, true, 15n],
  ["a reserve of two unused", {}, 2, false, 30n],
  ["a reserve of one, half used", { recordsOut: 500_000n, bytesOut: 1n }, 1, false, 15n],
  ["a reserve of one, all used", { recordsOut: 5_000_000n, bytesOut: 1n }, 1, true, 15n],
  ["a reserve of two, one used up", { recordsOut: 5_000_000n, bytesOut: 1n }, 2, true, 30n],
] as const)(
  "%s: %s reserved %s, at the ceiling %s, cents %s",
  (_name, u, min, isAtCeiling, cents) => {
    const rated = rate(u, "standard", min);
    expect(rated.isAtCeiling).toBe(isAtCeiling);
    expect(toCentsExactly(amountOf(rated))).toBe(cents);
  },
);

/** The published formula (docs/pricing.md) once more, from the five numbers, in pico-dollars over `over`. */
function recomputed(u: HourUsage, t: Tier, min: number): { over: bigint; amount: bigint } {
  const up = (value: bigint, by: bigint) => (value % by === 0n ? value / by : value / by + 1n);
  const MiB = 1024n * 1024n;
  const messages =
    max(u.recordsIn, up(u.bytesIn, 4096n)) + max(u.recordsOut, up(u.bytesOut, 4096n));
  const used = max(
    messages > 0n ? 1n : 0n,
    max(up(u.bytesIn, 3600n * MiB), up(u.bytesOut, 10_800n * MiB)),
  );
  const over = 1_000_000n * 1024n * MiB * 720n;
  const price = book.tiers[t];
  const byMessages = messages * BigInt(price.perMillionMessagesPico) * 1024n * MiB * 720n;
  const ceiling = used * BigInt(price.perUnitHourPico) * over;
  const reserve = BigInt(min) * BigInt(price.perUnitHourPico) * over;
  const storage = u.bytesStored * BigInt(price.perGibMonthPico) * 1_000_000n;
  return { over, amount: max(reserve, byMessages < ceiling ? byMessages : ceiling) + storage };
}

test("the worked example of docs/pricing.md comes out as it says", () => {
  const records = { recordsIn: 3_000_000n, recordsOut: 6_000_000n };
  const rated = rate({ ...records, bytesIn: 600_000_000n, bytesOut: 1_200_000_000n }, "dev");
  expect(rated).toMatchObject({ messagesIn: 3_000_000n, messagesOut: 6_000_000n, usedUnits: 1n });
  expect(toCentsExactly(amountOf(rated))).toBe(5n);
});

test("anyone can recompute an hour from its five numbers, tier and reserve, to the last fraction", () => {
  fc.assert(
    fc.property(usage, tier, unitsMin, (u, t, min) => {
      const { over, amount } = recomputed(u, t, min);
      expect(amountOf(rate(u, t, min)) * over).toBe(amount * rateDenominator);
    }),
  );
});

test("an hour never costs less than its reserve, which it pays once", () => {
  fc.assert(
    fc.property(usage, tier, unitsMin, (u, t, min) => {
      const reserve = BigInt(min) * BigInt(book.tiers[t].perUnitHourPico) * rateDenominator;
      const rated = rate(u, t, min);
      expect(rated.written + rated.read + rated.reserve >= reserve).toBe(true);
      if (rated.reserve > 0n) expect(rated.written + rated.read + rated.reserve).toBe(reserve);
    }),
  );
});

test("every part of an hour is a charge, split between written and read as their messages are", () => {
  fc.assert(
    fc.property(usage, tier, unitsMin, (u, t, min) => {
      const rated = rate(u, t, min);
      expect([rated.written, rated.read, rated.reserve, rated.storage].every((n) => n >= 0n)).toBe(
        true,
      );
      // Within the one division's rounding.
      const skew = rated.written * rated.messagesOut - rated.read * rated.messagesIn;
      const messages = rated.messagesIn + rated.messagesOut;
      expect(skew <= 0n && skew >= -messages).toBe(true);
    }),
  );
});

test("no cluster-hour costs more than the units used or reserved", () => {
  fc.assert(
    fc.property(usage, tier, unitsMin, (u, t, min) => {
      const rated = rate(u, t, min);
      const units = max(BigInt(min), rated.usedUnits);
      const most = units * BigInt(book.tiers[t].perUnitHourPico) * rateDenominator;
      expect(amountOf(rated) - rated.storage <= most).toBe(true);
    }),
  );
});

test("more of anything never costs less", () => {
  fc.assert(
    fc.property(usage, usage, tier, unitsMin, (u, more, t, min) => {
      for (const key of Object.keys(u) as (keyof HourUsage)[]) {
        const larger = { ...u, [key]: u[key] + more[key] };
        expect(amountOf(rate(larger, t, min)) >= amountOf(rate(u, t, min))).toBe(true);
      }
    }),
  );
});

test("below the ceiling every message costs its price to the pico-dollar, written and read apart", () => {
  fc.assert(
    fc.property(big, big, (recordsIn, recordsOut) => {
      const units = 10n ** 9n;
      const bytesIn = recordsIn < units ? recordsIn : units;
      const rated = rate({ recordsIn, recordsOut, bytesIn });
      fc.pre(!rated.isAtCeiling);
      expect(toPico(rated.written)).toBe(recordsIn * 100_000n);
      expect(toPico(rated.read)).toBe(recordsOut * 100_000n);
    }),
  );
});

test("records lost with the log are credited at the price of a message", () => {
  const rated = rate({ recordsIn: -20n, recordsOut: 50n, bytesOut: 50n });
  expect(toPico(rated.written)).toBe(-20n * 100_000n);
  expect(toPico(rated.read)).toBe(50n * 100_000n);
});
