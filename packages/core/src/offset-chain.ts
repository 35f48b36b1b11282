// What to write when the watermarks of a topic were read, and what they say was written in which hour. Pure.
//
// The chain of a topic: `latest`, the newest watermarks and the hour they were read in, and put-once boundaries.
// B[h], the first watermarks read after hour h began, is written only for hours in which the topic was seen to change:
// a missing one equals the next that is there, or else `latest`. What hour h is billed is B[h+1] − B[h], so every range
// joins the next, and an hour is a label on a range of offsets, not a time in which things happened.
import { type OffsetRange, type OffsetSnapshot, recordsInRanges, writtenBetween } from "./usage.ts";

export interface SnapshotStep {
  /** Put once, and before `latest`: a boundary already there stands. */
  readonly boundaries: readonly OffsetSnapshot[];
  /** Replaces the latest that was read before the watermarks; undefined when nothing changed. */
  readonly latest: OffsetSnapshot | undefined;
  /** Where a watermark went back (unclean election, power loss): `from` is above `to`. The chain credits it by itself. */
  readonly lost: readonly OffsetRange[];
}

/**
 * The next step of a chain. `read` are watermarks read after `latest` was: then one that is lower did go back. A
 * partition missing from it keeps its watermark.
 */
export function nextSnapshot(
  latest: OffsetSnapshot | undefined,
  read: OffsetSnapshot,
): SnapshotStep {
  // Never seen: all of it was written since its hour began. Clocks of several readers differ; the chain's never goes back.
  const before = latest ?? { ...read, offsets: {} };
  const isBack = read.hour < before.hour;
  const hour = isBack ? before.hour : read.hour;
  const offsets = { ...before.offsets, ...read.offsets };
  const changes = writtenBetween(before, { ...read, offsets });
  const lost = changes.filter((range) => BigInt(range.from) > BigInt(range.to));
  // Summed up in the same item, so that no crash separates a loss from the watermark that shows it.
  const lostInAll = BigInt(before.lost ?? 0) - recordsInRanges(lost);
  const after = {
    ...read,
    hour,
    atMs: Math.max(read.atMs, before.atMs),
    offsets,
    ...(lostInAll > 0n && { lost: String(lostInAll) }),
  };
  if (changes.length === 0) {
    const rolled = latest === undefined || hour > latest.hour || read.topic !== latest.topic;
    return { boundaries: [], latest: rolled ? after : undefined, lost: [] };
  }
  return {
    // Unchanged since the first read of its hour, or its boundary would be there already.
    boundaries: hour > before.hour ? [before, after] : [before],
    latest: after,
    lost,
  };
}

/**
 * Offset ranges by hour, of one topic. `boundaries` in the order of their hours, all there are from the first wanted
 * hour on. Hours in which nothing was written are left out.
 */
export function rangesByHour(
  boundaries: readonly OffsetSnapshot[],
  latest: OffsetSnapshot | undefined,
): Map<string, OffsetRange[]> {
  const hours = new Map<string, OffsetRange[]>();
  boundaries.forEach((boundary, i) => {
    const end = boundaries[i + 1] ?? latest;
    // Between the two writes of one step the latest is still older than the boundary.
    if (end === undefined || (end === latest && end.atMs < boundary.atMs)) return;
    const ranges = writtenBetween(boundary, { ...end, topic: latest?.topic ?? end.topic });
    if (ranges.length > 0) hours.set(boundary.hour, ranges);
  });
  return hours;
}
