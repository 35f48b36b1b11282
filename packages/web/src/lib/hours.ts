// The hours a chart shows, and usage laid onto them: an hour nobody used is a zero, not a gap.
import { hourOf, hourStartMs } from "@headgate/core/clock";
import type { UsageRow } from "./wire.ts";

/** The last 24 or 168 UTC hours (`2026-11-24T04`), oldest first, the present one last. */
export function rangeHours(range: "24h" | "7d", nowMs: number): string[] {
  const count = range === "24h" ? 24 : 168;
  return Array.from({ length: count }, (_, i) => hourOf(nowMs - (count - 1 - i) * 3_600_000));
}

export function hourPoints(hours: readonly string[], rows: readonly UsageRow[]) {
  const byHour = new Map(rows.map((row) => [row.hour, row]));
  return hours.map((hour) => ({
    at: hourStartMs(hour) / 1000,
    written: Number(byHour.get(hour)?.recordsWritten ?? 0),
    read: Number(byHour.get(hour)?.recordsRead ?? 0),
  }));
}
