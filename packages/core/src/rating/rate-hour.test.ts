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
  ["nothing", {}, 0, "messages", 0n],
  ["a million records", { recordsIn: 1_000_000n, bytesIn: 1_000_000n }, 0, "messages", 10n],
  ["records nobody counted the bytes of", { recordsIn: 1_000_000n }, 0, "messages", 10n],
  ["two million, one unit", { recordsIn: 2_000_000n, bytesIn: 1n }, 0, "ceiling", 15n],
  ["a reserve of two unused", {}, 2, "reserve", 30n],
  ["a reserve of one, half used", { recordsOut: 500_000n, bytesOut: 1n }, 1, "reserve", 15n],
  ["a reserve of one, all used", { recordsOut: 5_000_000n, bytesOut: 1n }, 1, "ceiling", 15n],
] as const)("%s: decided by %s %s, %s cents %s", (_name, u, min, by, cents) => {
  const rated = rate(u, "standard", min);
  expect(rated.by).toBe(by);
  expect(toCentsExactly(amountOf(rated))).toBe(cents);
});

test("an hour is the formula: max(min·S, min(messages·M, used·S)) plus storage", () => {
  fc.assert(
    fc.property(usage, tier, unitsMin, (u, t, min) => {
      const rated = rate(u, t, min);
      const perMessage =
        (BigInt(book.tiers[t].perMillionMessagesPico) * rateDenominator) / 1_000_000n;
      const perUnit = BigInt(book.tiers[t].perUnitHourPico) * rateDenominator;
      const byMessages = (rated.messagesIn + rated.messagesOut) * perMessage;
      const ceiling = rated.usedUnits * perUnit;
      const used = byMessages < ceiling ? byMessages : ceiling;
      expect(amountOf(rated) - rated.storage).toBe(max(BigInt(min) * perUnit, used));
      expect(rated.written + rated.read).toBe(used);
      expect([rated.written, rated.read, rated.reserve, rated.storage].every((n) => n >= 0n)).toBe(
        true,
      );
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
      fc.pre(rated.by === "messages");
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
