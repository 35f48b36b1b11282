import fc from "fast-check";
import { expect, test } from "vitest";
import { divideHalfEven, formatCents, formatUsd, picoPerCent, toCents, usd } from "./money.ts";

const amount = fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n });

test.each([
  [5n, 2n, 2n],
  [15n, 10n, 2n],
  [25n, 10n, 2n],
  [35n, 10n, 4n],
  [26n, 10n, 3n],
  [24n, 10n, 2n],
  [-15n, 10n, -2n],
  [-25n, 10n, -2n],
  [-26n, 10n, -3n],
  [0n, 7n, 0n],
])("%s / %s rounds half to even: %s", (value, by, quotient) => {
  expect(divideHalfEven(value, by)).toBe(quotient);
});

test("rounding is never off by more than a half, and is even where it is off by exactly that", () => {
  fc.assert(
    fc.property(amount, fc.bigInt({ min: 1n, max: 10n ** 12n }), (value, by) => {
      const rounded = divideHalfEven(value, by);
      const twice = 2n * (value - rounded * by);
      expect(twice <= by && twice >= -by).toBe(true);
      if (twice === by || twice === -by) expect(rounded % 2n).toBe(0n);
    }),
  );
});

test("rounding is odd: a credit rounds as the charge it takes back", () => {
  fc.assert(
    fc.property(amount, (pico) => {
      expect(toCents(-pico)).toBe(-toCents(pico));
    }),
  );
});

test("dollars as text and back lose nothing", () => {
  fc.assert(
    fc.property(amount, (pico) => {
      expect(usd(formatUsd(pico))).toBe(pico);
      expect(formatUsd(pico)).toMatch(/^-?\d+[.]\d{2,12}$/);
    }),
  );
  fc.assert(
    fc.property(amount, (cents) => {
      expect(usd(formatCents(cents))).toBe(cents * picoPerCent);
      expect(formatCents(cents)).toMatch(/^-?\d+[.]\d\d$/);
    }),
  );
});

test.each([
  ["0.0000001", 100_000n],
  ["1.50", 1_500_000_000_000n],
  ["-0.01", -10_000_000_000n],
])("%s dollars are %s pico-dollars", (text, pico) => {
  expect(usd(text)).toBe(pico);
  expect(formatUsd(pico)).toBe(text);
});

test.each(["", "1.", ".5", "1e3", "0.1234567890123", "1,5", " 1"])(
  "'%s' is not an amount",
  (text) => {
    expect(() => usd(text)).toThrow(RangeError);
  },
);
