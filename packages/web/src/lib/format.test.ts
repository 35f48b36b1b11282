import fc from "fast-check";
import { expect, test } from "vitest";
import {
  formatAbsolute,
  formatBytes,
  formatCompact,
  formatCount,
  formatDay,
  formatHour,
  formatMonth,
  formatRate,
  formatRelative,
  formatSpan,
  formatUsd,
  formatUsdExact,
} from "./format.ts";

test("quantities beyond a float's precision keep every digit", () => {
  expect(formatCount("90071992547409931234")).toBe("90,071,992,547,409,931,234");
  expect(formatUsd("90071992547409931234.50")).toBe("$90,071,992,547,409,931,234.50");
});

test("money keeps what was counted and drops only zeros that say nothing", () => {
  expect(formatUsdExact("0.000000100000")).toBe("$0.0000001");
  expect(formatUsdExact("12.000000000000")).toBe("$12.00");
  expect(formatUsdExact("-1.000000000000")).toBe("−$1.00");
  expect(formatUsd("0.00")).toBe("$0.00");
});

test("bytes, rates, spans and hours read as people say them", () => {
  expect([0, 999, 1024, 1_269_760].map(formatBytes)).toEqual(["0 B", "999 B", "1 KiB", "1.21 MiB"]);
  expect([1023, 1_048_575, 1_047_552].map(formatBytes)).toEqual(["1,023 B", "1 MiB", "1,023 KiB"]);
  expect(formatBytes("9".repeat(24))).toBe("867,362 EiB");
  expect([0, 0.42, 12.3, 3400].map(formatRate)).toEqual(["0", "0.42", "12", "3,400"]);
  expect(["604800000", "5400000", "-1", "1"].map(formatSpan)).toEqual([
    "7 d",
    "90 min",
    "for ever",
    "1 ms",
  ]);
  expect(formatHour("2026-11-04T07")).toBe("4 Nov, 07:00");
  expect(formatDay("2026-11-04T00")).toBe("4 Nov");
  expect(formatMonth("2026-09")).toBe("September 2026");
  expect(formatAbsolute("2026-11-24T04:05:06.789Z")).toBe("2026-11-24 04:05:06 UTC");
  expect([0, 999, 12_345, 2_000_000].map(formatCompact)).toEqual(["0", "999", "12.3K", "2M"]);
});

test("times near and far are told from now", () => {
  const now = Date.parse("2026-11-24T12:00:00Z");
  const ago = (ms: number) => formatRelative(now - ms, now);
  expect([0, 30_000, 90_000, 86_400_000 * 3, 86_400_000 * 400].map(ago)).toEqual([
    "just now",
    "just now",
    "1 minute ago",
    "3 days ago",
    "last year",
  ]);
});

test("a size is never shown as a thousand and more of a unit that has a next one", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 63n }), (bytes) => {
      const [number, unit] = formatBytes(String(bytes)).split(" ");
      const shown = Number(number!.replaceAll(",", ""));
      expect(shown < 1024 || unit === "EiB").toBe(true);
    }),
  );
});
