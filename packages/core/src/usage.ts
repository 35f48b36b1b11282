// What is counted, per cluster and UTC hour. Quantities are whole base units; in JSON they are decimal strings.
import { z } from "zod";
import { hourStartMs } from "./clock.ts";
import { ClusterId, TenantId } from "./ids.ts";
import { Name, Timestamp } from "./resource.ts";

/** A whole number of any size, as decimal text in JSON and in the store. */
export const Quantity = z.string().regex(/^-?\d+$/);

export const Hour = z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}$/);

/** The numbers one hour of one cluster is rated by. */
export interface HourUsage {
  readonly recordsIn: bigint;
  readonly recordsOut: bigint;
  readonly bytesIn: bigint;
  readonly bytesOut: bigint;
  /** Bytes kept, one copy, as sampled in that hour. */
  readonly bytesStored: bigint;
}

export const noUsage: HourUsage = {
  recordsIn: 0n,
  recordsOut: 0n,
  bytesIn: 0n,
  bytesOut: 0n,
  bytesStored: 0n,
};

/** Counters of one gateway process: they only ever grow within one (cluster, hour). */
export const Counters = z.object({
  recordsIn: Quantity,
  recordsOut: Quantity,
  bytesIn: Quantity,
  bytesOut: Quantity,
  requests: Quantity,
});
export type Counters = z.infer<typeof Counters>;

/**
 * One writer's cumulative usage of one cluster in one hour. Only the writer overwrites it, only with larger numbers;
 * the sum over writers is the usage, so replays and late flushes change nothing.
 */
export const UsageWindow = z.object({
  tenant: TenantId,
  cluster: ClusterId,
  hour: Hour,
  /** Random id of the gateway process since its start. */
  writer: z.string(),
  totals: Counters,
  /** First and last count, for the live view. */
  firstAtMs: z.int(),
  lastAtMs: z.int(),
});
export type UsageWindow = z.infer<typeof UsageWindow>;

/** Who and where a part of a window came from. `topic` is the tenant's name for it. */
export const Attribution = z.object({
  topic: z.string(),
  topicId: z.string(),
  serviceAccount: z.string(),
  clientId: z.string(),
  recordsIn: Quantity,
  recordsOut: Quantity,
  bytesIn: Quantity,
  bytesOut: Quantity,
});
export type Attribution = z.infer<typeof Attribution>;

/** A piece (≤ 64 KB) of a window's attribution; the tail beyond the limits is folded into topic `other`. */
export const AttributionChunk = z.object({
  hour: Hour,
  writer: z.string(),
  chunk: z.int().min(0),
  rows: z.array(Attribution),
});
export type AttributionChunk = z.infer<typeof AttributionChunk>;

/** High watermarks of one topic: either the put-once boundary of an hour or the latest seen. */
export const OffsetSnapshot = z.object({
  topic: z.string(),
  topicId: z.string(),
  /** Hour the boundary opens; for the latest snapshot the hour it was read in. */
  hour: Hour,
  atMs: z.int(),
  /** Partition number → high watermark. */
  offsets: z.record(z.string(), Quantity),
  /** Records that went whenever a watermark went back, over the topic's life; left out while there are none. */
  lost: Quantity.optional(),
});
export type OffsetSnapshot = z.infer<typeof OffsetSnapshot>;

/**
 * Bytes kept by a cluster in one hour, one copy, from the log directories; put once, by the first sample of the hour.
 */
export const StorageSample = z.object({
  hour: Hour,
  atMs: z.int(),
  bytes: Quantity,
  /** Topic → its bytes; the smallest topics are left out when there are too many for one item. */
  topics: z.record(z.string(), Quantity),
});
export type StorageSample = z.infer<typeof StorageSample>;

/** A range of offsets written in one hour: the evidence behind a produced line. `to` is exclusive. */
export const OffsetRange = z.object({
  topic: z.string(),
  topicId: z.string(),
  partition: z.int().min(0),
  from: Quantity,
  to: Quantity,
});
export type OffsetRange = z.infer<typeof OffsetRange>;

const messageBytes = 4096n;
export const bytesPerGib = 1_073_741_824n;

/**
 * Billable messages of one direction: `max(records, ⌈bytes / 4 KiB⌉)`. Fewer than no records (the log went back) stay
 * what they are: a credit.
 */
export function messagesOf(records: bigint, bytes: bigint): bigint {
  if (records < 0n) return records;
  const bySize = divideUp(bytes, messageBytes);
  return records > bySize ? records : bySize;
}

/**
 * The hour's average streaming units, whole and rounded up: `⌈max(in / 3600 MiB, out / 10800 MiB)⌉`. Records without
 * bytes (markers, or a gateway died before it counted) use a unit too: an hour with messages has at least one.
 */
export function usedUnits(usage: Omit<HourUsage, "bytesStored">): bigint {
  const perHour = 3600n * 1_048_576n;
  const unitsIn = divideUp(usage.bytesIn, perHour);
  const unitsOut = divideUp(usage.bytesOut, 3n * perHour);
  const least = usage.recordsIn > 0n || usage.recordsOut > 0n ? 1n : 0n;
  return [unitsIn, unitsOut].reduce((most, units) => (units > most ? units : most), least);
}

function divideUp(value: bigint, by: bigint): bigint {
  return (value + by - 1n) / by;
}

/**
 * Ranges written between two snapshots of one topic. A partition unknown to `from` starts at 0: it was created within
 * the hour. A watermark that went back gives a negative range (a credit), which the caller reports as a finding.
 */
export function writtenBetween(
  from: Pick<OffsetSnapshot, "offsets"> | undefined,
  to: Pick<OffsetSnapshot, "topic" | "topicId" | "offsets">,
): OffsetRange[] {
  return Object.entries(to.offsets)
    .map(([partition, end]) => ({
      topic: to.topic,
      topicId: to.topicId,
      partition: Number(partition),
      from: from?.offsets[partition] ?? "0",
      to: end,
    }))
    .filter((range) => range.from !== range.to)
    .sort((a, b) => a.partition - b.partition);
}

/** Records in a set of ranges. */
export function recordsInRanges(ranges: readonly OffsetRange[]): bigint {
  return ranges.reduce((sum, range) => sum + BigInt(range.to) - BigInt(range.from), 0n);
}

export interface Sandwich {
  /** Gateway counts flushed before the watermarks were read, cumulative over the topic's life or the period. */
  readonly countedBefore: bigint;
  readonly log: bigint;
  /** Gateway counts flushed after the watermarks were read. */
  readonly countedAfter: bigint;
}

/**
 * Compares counters and log. Counters read before the watermarks can never exceed them; if they do, something counted
 * twice, and the invoice is blocked. The log being ahead of even the later counters is `unattributed`, and billed.
 */
export function compareSandwich(s: Sandwich): { unattributed: bigint; finding: boolean } {
  return {
    unattributed: s.log > s.countedAfter ? s.log - s.countedAfter : 0n,
    finding: s.countedBefore > s.log,
  };
}

/** Whether an hour lies wholly before `nowMs`. */
export function isClosedHour(hour: string, nowMs: number): boolean {
  return hourStartMs(hour) + 3_600_000 <= nowMs;
}

/** What usage can be grouped by. */
export const UsageGroupBy = z.enum(["hour", "topic", "serviceAccount"]);
export type UsageGroupBy = z.infer<typeof UsageGroupBy>;

/**
 * Decimal text. Records written are log offsets; read records and bytes are gateway counts; stored bytes are sampled.
 */
export const UsageAmounts = z.object({
  recordsWritten: Quantity,
  recordsRead: Quantity,
  bytesIn: Quantity,
  bytesOut: Quantity,
  /** Billable messages, written and read: by record, or by 4 KiB where that is more. */
  messages: Quantity,
  /** Bytes kept, one copy: in that hour, else by the newest sample. */
  bytesStored: Quantity.optional(),
  /** Dollars to twelve places, before the monthly credit. Rows by topic or account carry no part of a reserve. */
  cost: z.string(),
});
export type UsageAmounts = z.infer<typeof UsageAmounts>;

/** One row: exactly the field it is grouped by is there. */
export const UsageRow = UsageAmounts.extend({
  hour: Hour.optional(),
  topic: z.string().optional(),
  /** Name of the service account; `unattributed` is what the log holds beyond what gateways counted. */
  serviceAccount: z.string().optional(),
});
export type UsageRow = z.infer<typeof UsageRow>;

/** Answer of `GET /v1/usage`. The window is whole UTC hours: `from` inclusive, `to` exclusive. */
export const UsageReport = z.object({
  kind: z.literal("Usage"),
  cluster: Name.optional(),
  from: Timestamp,
  to: Timestamp,
  groupBy: UsageGroupBy,
  rows: z.array(UsageRow),
  totals: UsageAmounts,
  /** When it was read; counts up to a few seconds before are in it. */
  asOf: Timestamp,
});
export type UsageReport = z.infer<typeof UsageReport>;
