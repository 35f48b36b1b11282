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
  /**
   * Where a watermark went back (unclean election, power loss): `from` is above `to`. The chain credits it by itself.
   */
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
  // Never seen: all of it was written since its hour began. Clocks of readers differ; hours never go back.
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
 * hour on. Hours in which nothing was written are left out. At any moment, all ranges together end at `latest`.
 */
export function rangesByHour(
  boundaries: readonly OffsetSnapshot[],
  latest: OffsetSnapshot | undefined,
): Map<string, OffsetRange[]> {
  const chain = [...boundaries];
  // Between the writes of a step, or since a reader died there, the newest boundaries are ahead of the latest: such an
  // hour has not begun. Told by offsets, since the clocks of readers differ.
  while (latest !== undefined && chain.length > 0 && isAhead(chain.at(-1)!, latest)) chain.pop();
  const hours = new Map<string, OffsetRange[]>();
  chain.forEach((boundary, i) => {
    const end = chain[i + 1] ?? latest;
    if (end === undefined) return;
    const ranges = writtenBetween(boundary, { ...end, topic: latest?.topic ?? end.topic });
    if (ranges.length > 0) hours.set(boundary.hour, ranges);
  });
  return hours;
}

/**
 * Whether a boundary knows of partitions or records that `latest` does not, and not because the log lost some since.
 */
function isAhead(boundary: OffsetSnapshot, latest: OffsetSnapshot): boolean {
  if (Object.keys(boundary.offsets).some((partition) => !(partition in latest.offsets)))
    return true;
  const hasLost = BigInt(latest.lost ?? 0) > BigInt(boundary.lost ?? 0);
  return !hasLost && recordsIn(boundary) > recordsIn(latest);
}

function recordsIn({ offsets }: OffsetSnapshot): bigint {
  return Object.values(offsets).reduce((sum, end) => sum + BigInt(end), 0n);
}
