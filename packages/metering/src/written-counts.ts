// What gateways counted as written, per topic and over its life: closed hours summed up once, open ones read each time.
import type { Control } from "@headgate/control/control";
import { hourOf } from "@headgate/core/clock";
import type { ClusterId, TenantId } from "@headgate/core/ids";
import { Reconciliation } from "@headgate/core/metering";
import type { AttributionChunk } from "@headgate/core/usage";
import { reconciliationsOf } from "@headgate/store/keys";
import { allBetween } from "@headgate/store/resources";
import { usage } from "@headgate/store/usage";

/** A topic that is there now; the id is missing until its creation was seen. */
export interface LiveTopic {
  readonly name: string;
  readonly topicId: string | undefined;
  readonly createdAt: string;
}

/** Sums of one topic, and from which hour on they are not yet part of `countedClosed`. */
export interface WrittenCount {
  /** All that was counted so far. */
  readonly total: bigint;
  readonly openFrom: string;
  readonly countedClosed: bigint;
  /** Whether the topic's reconciliation does not hold these yet. */
  readonly isNews: boolean;
  /** Lost records its reconciliation knows of. */
  readonly lost: bigint;
}

/** By Kafka topic id. */
export type WrittenCounts = (topicId: string) => WrittenCount;

/** Hours this old take no more counts: a gateway that cannot flush stops serving long before. */
const openMs = 2 * 3_600_000;

/** Counts flushed so far. */
export async function writtenCounts(
  { store, clock }: Pick<Control, "store" | "clock">,
  tenant: TenantId,
  cluster: ClusterId,
  topics: readonly LiveTopic[],
): Promise<WrittenCounts> {
  const { pk } = reconciliationsOf(tenant, cluster);
  const stored = await allBetween(store, Reconciliation, pk, {});
  const known = new Map(stored.map(({ value }) => [value.topicId, value]));
  const openSince = hourOf(clock.nowMs() - openMs);
  // Of topics that are gone nothing is read any more.
  const [from] = [
    openSince,
    ...topics.map(({ topicId, createdAt }) => {
      const record = topicId === undefined ? undefined : known.get(topicId);
      return record?.openFrom ?? createdAt.slice(0, 13);
    }),
  ].sort();
  const span = { from: from!, before: "9999" };
  const byTopic = countByTopic(await usage(store).attribution(tenant, cluster, span));
  return (topicId) => {
    const record = known.get(topicId);
    // A new one has all of its life open; hours never go back.
    const since = record?.openFrom ?? "";
    const hours = (byTopic.get(topicId) ?? []).filter(({ hour }) => hour >= since);
    const closing = hours.filter(({ hour }) => hour < openSince);
    const before = BigInt(record?.countedClosed ?? 0);
    const openFrom = [since, openSince].sort()[1]!;
    return {
      total: before + sum(hours),
      openFrom,
      countedClosed: before + sum(closing),
      isNews: record === undefined || record.openFrom !== openFrom,
      lost: BigInt(record?.lost ?? 0),
    };
  };
}

interface HourCount {
  readonly hour: string;
  readonly records: bigint;
}

function countByTopic(chunks: readonly AttributionChunk[]): Map<string, HourCount[]> {
  const counts = chunks.flatMap(({ hour, rows }) =>
    rows.map(({ topicId, recordsIn }) => ({ topicId, hour, records: BigInt(recordsIn) })),
  );
  return Map.groupBy(counts, ({ topicId }) => topicId);
}

function sum(counts: readonly HourCount[]): bigint {
  return counts.reduce((total, { records }) => total + records, 0n);
}
