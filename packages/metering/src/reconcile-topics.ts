// The sandwich: gateway counts, then watermarks, then gateway counts again after every gateway has flushed. The first
// ahead of the log means that something was counted twice; the log ahead of the last is what nobody counted.
import type { Control } from "@headgate/control/control";
import type { ClusterId, TenantId } from "@headgate/core/ids";
import { Reconciliation, reconcile, withLoss } from "@headgate/core/metering";
import type { OffsetSnapshot } from "@headgate/core/usage";
import { reconciliationsOf } from "@headgate/store/keys";
import { modify } from "@headgate/store/resources";
import type { WrittenCount, WrittenCounts } from "./written-counts.ts";

export interface TopicReconciler {
  /**
   * Settles earlier comparisons with these counts and opens new ones. `counts` were read before `latest`. Answers
   * whether some comparison still waits for later counts.
   */
  compare(counts: WrittenCounts, latest: readonly OffsetSnapshot[]): Promise<boolean>;
}

interface Waiting {
  readonly atMs: number;
  readonly countedBefore: bigint;
  readonly log: bigint;
}

/** Compares one cluster's topics. `settleMs`: after that long every living gateway has flushed again. */
export function topicReconciler(
  { store, clock }: Pick<Control, "store" | "clock">,
  tenant: TenantId,
  cluster: ClusterId,
  settleMs: number,
): TopicReconciler {
  const family = reconciliationsOf(tenant, cluster);
  const waiting = new Map<string, Waiting>();
  /** What was compared last, so that an idle topic costs nothing. */
  const compared = new Map<string, string>();

  const settle = async (count: WrittenCount, topic: OffsetSnapshot): Promise<void> => {
    const { topicId } = topic;
    const waited = waiting.get(topicId);
    const nowMs = clock.nowMs();
    const due = waited !== undefined && waited.atMs + settleMs <= nowMs ? waited : undefined;
    const lost = BigInt(topic.lost ?? 0);
    if (!due && !count.isNews && lost === count.lost) return;
    await modify(store, Reconciliation, family.key(topicId), (found) => {
      let next = found ?? newReconciliation(topic, count.openFrom);
      if (found === undefined || found.openFrom < count.openFrom) {
        const countedClosed = String(count.countedClosed);
        next = { ...next, openFrom: count.openFrom, countedClosed };
      }
      next = withLoss(next, nowMs, lost);
      if (due) next = reconcile(next, { ...due, countedAfter: count.total });
      return next === found ? undefined : next;
    });
    if (due) waiting.delete(topicId);
  };

  return {
    async compare(counts, latest) {
      for (const topic of latest) {
        const { topicId } = topic;
        const count = counts(topicId);
        await settle(count, topic);
        const sample = { countedBefore: count.total, log: recordsOf(topic) };
        const state = `${sample.countedBefore}/${sample.log}`;
        if (waiting.has(topicId) || compared.get(topicId) === state) continue;
        compared.set(topicId, state);
        waiting.set(topicId, { atMs: clock.nowMs(), ...sample });
      }
      const live = new Set(latest.map((topic) => topic.topicId));
      for (const known of [waiting, compared]) {
        for (const topicId of known.keys()) if (!live.has(topicId)) known.delete(topicId);
      }
      return waiting.size > 0;
    },
  };
}

function newReconciliation(topic: OffsetSnapshot, openFrom: string): Reconciliation {
  return {
    topic: topic.topic,
    topicId: topic.topicId,
    countedClosed: "0",
    openFrom,
    lost: "0",
    unattributed: [],
    findings: [],
  };
}

/** All offsets ever given out: the log began at 0. */
function recordsOf({ offsets }: OffsetSnapshot): bigint {
  return Object.values(offsets).reduce((total, end) => total + BigInt(end), 0n);
}
