// What metering keeps beside the counts: the settings a cluster is rated by, hour by hour, and how gateway counts
// compare with the log. Pure.
import { z } from "zod";
import { hourOf, nextHour, toTimestamp } from "./clock.ts";
import { type Cluster, Tier } from "./cluster.ts";
import { ClusterId } from "./ids.ts";
import { Name, Timestamp } from "./resource.ts";
import { compareSandwich, Hour, Quantity } from "./usage.ts";

/** Settings in force from the hour `from` on: a change counts from the hour after it. */
export const RatedSettings = z.object({ from: Hour, tier: Tier, unitsMin: z.int().min(0) });
export type RatedSettings = z.infer<typeof RatedSettings>;

/** One per cluster that was ever metered; outlives it, so that a bill can name it. */
export const MeteredCluster = z.object({
  cluster: ClusterId,
  name: Name,
  /** Rising by `from`; never empty. */
  settings: z.array(RatedSettings).min(1),
  /** First hour in which it was no more. */
  endedBefore: Hour.optional(),
});
export type MeteredCluster = z.infer<typeof MeteredCluster>;

type Rated = Pick<Cluster, "id" | "name" | "spec" | "createdAt" | "updatedAt">;

/** The record with a cluster's present settings; the same object when it has them already. */
export function withSettings(record: MeteredCluster | undefined, cluster: Rated): MeteredCluster {
  const now = { tier: cluster.spec.tier, unitsMin: cluster.spec.streamingUnits.min };
  if (record === undefined) {
    const settings = [{ from: cluster.createdAt.slice(0, 13), ...now }];
    return { cluster: cluster.id, name: cluster.name, settings };
  }
  const last = record.settings.at(-1)!;
  if (last.tier === now.tier && last.unitsMin === now.unitsMin) return record;
  const from = nextHour(cluster.updatedAt.slice(0, 13));
  const earlier = record.settings.filter((settings) => settings.from < from);
  return { ...record, settings: [...earlier, { from, ...now }] };
}

/** The settings an hour is rated by. */
export function settingsIn(record: MeteredCluster, hour: string): RatedSettings {
  return record.settings.findLast(({ from }) => from <= hour) ?? record.settings[0]!;
}

/** Something about the counting of one topic that an invoice must say; a blocking one keeps it from becoming final. */
export const MeteringFinding = z.object({
  at: Timestamp,
  blocking: z.boolean(),
  text: z.string(),
});
export type MeteringFinding = z.infer<typeof MeteringFinding>;

/** Gateway counts of one topic's writes against its log, over the topic's life. */
export const Reconciliation = z.object({
  topic: z.string(),
  topicId: z.string(),
  /** Gateway counts of the hours before `openFrom`, summed up. */
  countedClosed: Quantity,
  openFrom: Hour,
  /** Records that went with a watermark that went back. */
  lost: Quantity,
  /** Records no gateway counted, as last seen in each month; cumulative. Rising by month. */
  unattributed: z.array(z.object({ month: z.string(), records: Quantity })),
  findings: z.array(MeteringFinding),
});
export type Reconciliation = z.infer<typeof Reconciliation>;

/** Counts and log of one topic, read in this order; each count was complete when it was read. */
export interface ReconciliationSample {
  readonly atMs: number;
  readonly countedBefore: bigint;
  readonly log: bigint;
  readonly countedAfter: bigint;
}

const findingsMax = 50;

/** The reconciliation after one more comparison; the same object when nothing is new. */
export function reconcile(now: Reconciliation, sample: ReconciliationSample): Reconciliation {
  const log = sample.log + BigInt(now.lost);
  const { unattributed, finding } = compareSandwich({ ...sample, log });
  const next = withUnattributed(now, hourOf(sample.atMs).slice(0, 7), unattributed);
  if (!finding || now.findings.some((known) => known.blocking)) return next;
  const ahead = sample.countedBefore - log;
  const text = `Topic ${now.topic}: gateways counted ${ahead} more records than its log holds.`;
  return withFinding(next, { at: toTimestamp(sample.atMs), blocking: true, text });
}

/** The reconciliation when watermarks went back by `lost` records in all; the same object when it knows of them. */
export function withLoss(now: Reconciliation, atMs: number, lost: bigint): Reconciliation {
  const more = lost - BigInt(now.lost);
  if (more <= 0n) return now;
  const text = `Topic ${now.topic}: its log lost ${more} records that were counted; they are credited.`;
  const next = { ...now, lost: String(lost) };
  return withFinding(next, { at: toTimestamp(atMs), blocking: false, text });
}

/** Records of one month that no gateway counted. Negative when some were attributed late. */
export function unattributedIn(of: Reconciliation, month: string): bigint {
  const at = of.unattributed.findIndex((entry) => entry.month === month);
  if (at < 0) return 0n;
  return BigInt(of.unattributed[at]!.records) - BigInt(of.unattributed[at - 1]?.records ?? "0");
}

function withUnattributed(now: Reconciliation, month: string, records: bigint): Reconciliation {
  const last = now.unattributed.at(-1);
  if (last === undefined ? records === 0n : last.records === String(records)) return now;
  const others = now.unattributed.filter((entry) => entry.month !== month);
  return { ...now, unattributed: [...others, { month, records: String(records) }] };
}

function withFinding(now: Reconciliation, finding: MeteringFinding): Reconciliation {
  const findings = [...now.findings, finding];
  // What blocks an invoice never makes room for what does not.
  const oldest = findings.findIndex((known) => !known.blocking);
  return {
    ...now,
    findings: findings.length > findingsMax ? findings.toSpliced(oldest, 1) : findings,
  };
}
