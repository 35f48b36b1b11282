import { expect, test } from "vitest";
import {
  formatBytes,
  formatCount,
  formatHour,
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
  expect([0, 0.42, 12.3, 3400].map(formatRate)).toEqual(["0", "0.42", "12", "3,400"]);
  expect(["604800000", "5400000", "-1", "1"].map(formatSpan)).toEqual([
    "7 d",
    "90 min",
    "for ever",
    "1 ms",
  ]);
  expect(formatHour("2026-11-04T07")).toBe("4 Nov, 07:00");
});

test("times near and far are told from now", () => {
  const now = Date.parse("2026-11-24T12:00:00Z");
  const ago = (ms: number) => formatRelative(now - ms, now);
  expect([0, 30_000, 90_000, 86_400_000 * 3, 86_400_000 * 400].map(ago)).toEqual([
    "just now",
    "30 seconds ago",
    "1 minute ago",
    "3 days ago",
    "last year",
  ]);
});
