// How fast a count grows, from readings of it: a count has no rate, two of them have.

export interface Reading {
  readonly atMs: number;
  /** Only ever grows; any size. */
  readonly count: bigint;
}

/** How far back readings are kept, and what a chart of the rate shows. */
export const keptMs = 120_000;
const windowMs = 8000;
/** Counts come each second while records flow: a rate is told a bit late, so that one on its way is no pause. */
const lagMs = 1500;
/** Readings further apart than this had silence between them, not a slow stream. */
const silenceMs = 4000;

/** `readings`, oldest first, with one more; those too old to matter go. */
export function withReading(readings: readonly Reading[], next: Reading): Reading[] {
  const last = readings.at(-1);
  if (last && (next.atMs <= last.atMs || next.count < last.count)) return [next];
  const kept = readings.filter((one) => one.atMs > next.atMs - keptMs - windowMs);
  const isSilence = last !== undefined && next.atMs - last.atMs > silenceMs;
  const silence = isSilence ? [{ atMs: next.atMs - lagMs, count: last.count }] : [];
  return [...kept, ...silence, next];
}

/** Growth per second around `atMs`. */
export function rateAt(readings: readonly Reading[], atMs: number): number {
  const first = readings[0];
  if (!first) return 0;
  const endMs = atMs - lagMs;
  const startMs = Math.max(endMs - windowMs, first.atMs);
  const grown = grownBy(readings, endMs) - grownBy(readings, startMs);
  // Over less than two seconds one count more would look like a flood.
  return grown / (Math.max(endMs - startMs, 2000) / 1000);
}

/** Rates over the last two minutes, `stepMs` apart, oldest first; from the first reading on. */
export function ratesUntil(
  readings: readonly Reading[],
  nowMs: number,
  stepMs: number,
): { readonly atMs: number; readonly perSecond: number }[] {
  const first = readings[0]?.atMs ?? nowMs;
  const steps = Math.floor(Math.min(keptMs, Math.max(0, nowMs - first)) / stepMs);
  return Array.from({ length: steps + 1 }, (_, i) => nowMs - (steps - i) * stepMs).map((atMs) => ({
    atMs,
    perSecond: rateAt(readings, atMs),
  }));
}

/** Growth since the first reading, on the straight line between the readings around `atMs`. */
function grownBy(readings: readonly Reading[], atMs: number): number {
  const after = readings.findIndex((one) => one.atMs > atMs);
  const first = readings[0]!;
  if (after === 0) return 0;
  if (after < 0) return Number(readings.at(-1)!.count - first.count);
  const [from, to] = [readings[after - 1]!, readings[after]!];
  const share = (atMs - from.atMs) / (to.atMs - from.atMs);
  return Number(from.count - first.count) + share * Number(to.count - from.count);
}
