// The hours a chart shows, and usage laid onto them: an hour nobody used is a zero, not a gap.
import { hourOf, hourStartMs, toTimestamp } from "@headgate/core/clock";
import type { UsageRow } from "./wire.ts";

export interface HourPoint {
  /** `2026-11-24T04`, UTC. */
  readonly hour: string;
  readonly written: number;
  readonly read: number;
}

/** The last 24 or 168 UTC hours, oldest first, the present one last. */
export function rangeHours(range: "24h" | "7d", nowMs: number): string[] {
  const count = range === "24h" ? 24 : 168;
  return Array.from({ length: count }, (_, i) => hourOf(nowMs - (count - 1 - i) * 3_600_000));
}

/** The timestamp at which an hour begins. */
export function hourStart(hour: string): string {
  return toTimestamp(hourStartMs(hour));
}

export function hourPoints(hours: readonly string[], rows: readonly UsageRow[]): HourPoint[] {
  const byHour = new Map(rows.map((row) => [row.hour, row]));
  return hours.map((hour) => ({
    hour,
    written: Number(byHour.get(hour)?.recordsWritten ?? 0),
    read: Number(byHour.get(hour)?.recordsRead ?? 0),
  }));
}

/** Round values from 0 to at least `most`, three to six of them: what a scale is labelled with. Whole numbers only. */
export function scaleTicks(most: number): number[] {
  const rough = Math.max(1, most) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, [1, 2, 5, 10].map((by) => by * power).find((by) => by >= rough)!);
  const count = Math.max(1, Math.ceil(Math.max(1, most) / step));
  return Array.from({ length: count + 1 }, (_, i) => i * step);
}
