// Partitions of a cluster are reserved on one counter item before the topic is written, so that concurrent creates
// cannot overshoot. A crash between the two leaves a pending entry, and looking at the topic settles it: no reservation
// is lost for good, none is given back twice.

/** A change of the counter whose other half, the write or removal of the topic item, may not have happened yet. */
export interface PendingReservation {
  readonly topic: string;
  /** `take`: of one reservation, which the topic item carries once written. `give`: id of the topic being removed. */
  readonly token: string;
  readonly kind: "take" | "give";
  readonly partitions: number;
  readonly atMs: number;
}

/** Partitions reserved in a cluster; pending takes are already counted, pending gives not yet subtracted. */
export interface PartitionQuota {
  readonly used: number;
  readonly pending: readonly PendingReservation[];
  /** A maximum that came into force when the cluster shrank: commands under way may still believe in a higher one. */
  readonly ceiling?: { readonly partitions: number; readonly atMs: number } | undefined;
}

/** What settling needs to know of a topic item. */
export interface TopicTrace {
  readonly id: string;
  readonly name: string;
  readonly reservation: string | undefined;
}

export const noPartitions: PartitionQuota = { used: 0, pending: [] };

/** A take this old whose topic does not carry it was abandoned, and a ceiling is known: no command lives that long. */
export const abandonedAfterMs = 60_000;

/**
 * Resolves pending entries by the topics as they are now. A take is done when its topic carries it, and void when it is
 * abandoned; a give is done when its topic is gone. `topics` must have been read before the counter is written and hold
 * every pending topic that exists.
 */
export function settle(
  quota: PartitionQuota,
  topics: ReadonlyMap<string, TopicTrace>,
  nowMs: number,
): PartitionQuota {
  let used = quota.used;
  const pending = quota.pending.filter((entry) => {
    const topic = topics.get(entry.topic);
    if (entry.kind === "give") {
      if (topic?.id === entry.token) return true;
      used -= entry.partitions;
      return false;
    }
    if (topic?.reservation === entry.token) return false;
    if (nowMs - entry.atMs < abandonedAfterMs) return true;
    used -= entry.partitions;
    return false;
  });
  const { ceiling } = quota;
  const isKnown = ceiling === undefined || nowMs - ceiling.atMs >= abandonedAfterMs;
  return { used, pending, ...(!isKnown && { ceiling }) };
}

/** The counter after `partitions` more were reserved; undefined when there is no room. */
export function take(
  quota: PartitionQuota,
  entry: Omit<PendingReservation, "kind">,
  partitionsMax: number,
): PartitionQuota | undefined {
  if (quota.used + entry.partitions > maxOf(quota, partitionsMax)) return undefined;
  const pending = [...quota.pending, { ...entry, kind: "take" as const }];
  return { ...quota, used: quota.used + entry.partitions, pending };
}

/** The maximum in force for a caller who read that it is `partitionsMax`. */
export function maxOf({ ceiling }: PartitionQuota, partitionsMax: number): number {
  return Math.min(partitionsMax, ceiling?.partitions ?? partitionsMax);
}

/** The counter before a cluster shrinks to `partitionsMax`; undefined when more are in use. */
export function lower(
  quota: PartitionQuota,
  partitionsMax: number,
  atMs: number,
): PartitionQuota | undefined {
  if (quota.used > partitionsMax) return undefined;
  return { ...quota, ceiling: { partitions: maxOf(quota, partitionsMax), atMs } };
}

/** The counter after a take whose topic was not written; only the taker may say so. */
export function cancel(quota: PartitionQuota, token: string): PartitionQuota {
  const entry = quota.pending.find((other) => other.kind === "take" && other.token === token);
  if (entry === undefined) return quota;
  const pending = quota.pending.filter((other) => other !== entry);
  return { ...quota, used: quota.used - entry.partitions, pending };
}

/**
 * The counter before a topic item is removed: what it holds is given back once it is gone. Said again with more, the
 * topic grew since (it never shrinks).
 */
export function give(
  quota: PartitionQuota,
  entry: Omit<PendingReservation, "kind">,
): PartitionQuota {
  const known = quota.pending.find((p) => p.kind === "give" && p.token === entry.token);
  if (known && known.partitions >= entry.partitions) return quota;
  const others = quota.pending.filter((other) => other !== known);
  return { ...quota, pending: [...others, { ...entry, kind: "give" as const }] };
}
