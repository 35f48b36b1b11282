import fc from "fast-check";
import { expect, test } from "vitest";
import { hourOf, hourStartMs, hoursInMonth, monthOf, nextHour, toTimestamp } from "./clock.ts";

/** 0001-01-01 to 9999-12-31. */
const moment = fc.integer({
  min: Date.parse("0001-01-01T00:00:00Z"),
  max: Date.UTC(9999, 11, 31, 23, 59, 59, 999),
});

test("timestamps are those of JavaScript's own calendar", () => {
  fc.assert(
    fc.property(moment, (ms) => {
      expect(toTimestamp(ms)).toBe(new Date(ms).toISOString());
    }),
  );
});

test("an hour begins where it is said to, and holds the moment it was taken from", () => {
  fc.assert(
    fc.property(moment, (ms) => {
      const start = hourStartMs(hourOf(ms));
      expect(start).toBe(Date.parse(`${hourOf(ms)}:00:00.000Z`));
      expect(ms - start).toBeGreaterThanOrEqual(0);
      expect(ms - start).toBeLessThan(3_600_000);
      expect(hourStartMs(nextHour(hourOf(ms)))).toBe(start + 3_600_000);
    }),
  );
});

test("hours sort as text in the order of time", () => {
  fc.assert(
    fc.property(moment, moment, (a, b) => {
      if (hourOf(a) < hourOf(b)) expect(a).toBeLessThan(b);
    }),
  );
});

test("a month has as many hours as the calendar says", () => {
  fc.assert(
    fc.property(moment, (ms) => {
      const date = new Date(ms);
      const days = new Date(Date.UTC(2000, 0, 1)).setUTCFullYear(
        date.getUTCFullYear(),
        date.getUTCMonth() + 1,
        0,
      );
      expect(hoursInMonth(monthOf(toTimestamp(ms)))).toBe(new Date(days).getUTCDate() * 24);
    }),
  );
  expect(["2026-02", "2028-02", "2026-04", "2026-12"].map(hoursInMonth)).toEqual([
    672, 696, 720, 744,
  ]);
});
