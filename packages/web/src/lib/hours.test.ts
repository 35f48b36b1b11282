import fc from "fast-check";
import { expect, test } from "vitest";
import { hourPoints, hourStart, rangeHours, scaleTicks } from "./hours.ts";

const now = Date.parse("2026-03-01T00:59:59Z");

test("a range ends with the present UTC hour and has no gap, also over the end of a month", () => {
  const day = rangeHours("24h", now);
  expect(day).toHaveLength(24);
  expect([day[0], day[22], day[23]]).toEqual(["2026-02-28T01", "2026-02-28T23", "2026-03-01T00"]);
  expect(rangeHours("7d", now)).toHaveLength(168);
  expect(hourStart(day[0]!)).toBe("2026-02-28T01:00:00.000Z");
});

test("an hour without usage is a zero, and usage outside the range is left out", () => {
  const amounts = { bytesIn: "0", bytesOut: "0", messages: "0", cost: "0.00" };
  const row = (hour: string) => ({ hour, recordsWritten: "5", recordsRead: "7", ...amounts });
  const rows = [row("2026-02-28T23"), row("2020-01-01T00")];
  expect(hourPoints(["2026-02-28T22", "2026-02-28T23"], rows)).toEqual([
    { hour: "2026-02-28T22", written: 0, read: 0 },
    { hour: "2026-02-28T23", written: 5, read: 7 },
  ]);
});

test("a scale has few whole steps and reaches above everything it measures", () => {
  expect(scaleTicks(0)).toEqual([0, 1]);
  expect(scaleTicks(3)).toEqual([0, 1, 2, 3]);
  expect(scaleTicks(305_000)).toEqual([0, 100_000, 200_000, 300_000, 400_000]);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10 ** 15 }), (most) => {
      const ticks = scaleTicks(most);
      expect(ticks.length).toBeGreaterThanOrEqual(2);
      expect(ticks.length).toBeLessThanOrEqual(6);
      expect(ticks.every(Number.isInteger)).toBe(true);
      expect(ticks.at(-1)).toBeGreaterThanOrEqual(most);
    }),
  );
});
