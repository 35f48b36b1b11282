import fc from "fast-check";
import { expect, test } from "vitest";
import { keptMs, type Reading, rateAt, ratesUntil, withReading } from "./rate.ts";

/** Readings of a stream of `perSecond`, each `everyMs`, from 0 until `untilMs`. */
function stream(perSecond: number, everyMs: number, untilMs: number, start = 0n): Reading[] {
  let readings: Reading[] = [];
  for (let atMs = 0; atMs <= untilMs; atMs += everyMs) {
    const count = start + BigInt(Math.round((perSecond * atMs) / 1000));
    readings = withReading(readings, { atMs, count });
  }
  return readings;
}

test("a steady stream shows its own rate, however often it is read and however large its count is", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.integer({ min: 200, max: 2500 }),
      fc.bigInt({ min: 0n, max: 10n ** 30n }),
      (perSecond, everyMs, start) => {
        const readings = stream(perSecond, everyMs, 30_000, start);
        const shown = rateAt(readings, readings.at(-1)!.atMs + 200);
        expect(Math.abs(shown - perSecond)).toBeLessThanOrEqual(1 + perSecond * 0.1);
      },
    ),
  );
});

test("a count that does not grow has no rate, and neither has a single reading", () => {
  expect(rateAt([], 1000)).toBe(0);
  expect(rateAt([{ atMs: 0, count: 5n }], 1000)).toBe(0);
  expect(rateAt(stream(0, 1000, 20_000), 20_000)).toBe(0);
});

test("when records stop, the rate falls to nothing within ten seconds though no reading comes", () => {
  const readings = stream(100, 1000, 30_000);
  expect(rateAt(readings, 34_000)).toBeLessThan(100);
  expect(rateAt(readings, 40_000)).toBe(0);
});

test("what comes after a silence is a burst, not a trickle through the silence", () => {
  const quiet = withReading([], { atMs: 0, count: 7n });
  const burst = withReading(quiet, { atMs: 60_000, count: 1007n });
  expect(rateAt(burst, 50_000)).toBe(0);
  expect(rateAt(burst, 61_500)).toBeGreaterThan(100);
});

test("a count that began anew (the month turned) is not a negative rate", () => {
  const readings = withReading(stream(100, 1000, 10_000), { atMs: 11_000, count: 3n });
  expect(readings).toEqual([{ atMs: 11_000, count: 3n }]);
  expect(rateAt(readings, 12_000)).toBe(0);
});

test("readings older than the chart are dropped, so that a page left open stays small", () => {
  const readings = stream(10, 1000, 3_600_000);
  expect(readings.length).toBeLessThan(140);
  expect(readings[0]!.atMs).toBeGreaterThan(3_600_000 - keptMs - 10_000);
});

test("the course covers two minutes at most and ends now", () => {
  const readings = stream(10, 1000, 300_000);
  const course = ratesUntil(readings, 300_000, 2000);
  expect(course).toHaveLength(61);
  expect(course[0]!.atMs).toBe(180_000);
  expect(course.at(-1)!.atMs).toBe(300_000);
  expect(ratesUntil([], 5000, 2000)).toEqual([{ atMs: 5000, perSecond: 0 }]);
});
