// What was written and read, from batch headers alone. Written counts when the broker accepted it, read when the bytes
// went to the client. An idempotent producer's repeated batch is acknowledged with its first offsets and counts once.
import { Api } from "@headgate/kafka/generated/types";
import {
  type AbortedTransaction,
  BatchCursor,
  deliveredRecords,
} from "@headgate/kafka/record-batch";
import { AskedPartitions } from "../asked-partitions.ts";
import type { TopicEntry } from "../cluster-state.ts";
import type { Attributed } from "../usage-book.ts";

/** Batches of one produce request, in parallel arrays: a frame costs no object per partition. */
export interface ProducedBatches {
  readonly asked: AskedPartitions;
  readonly records: number[];
  readonly bytes: number[];
  readonly producerIds: number[];
}

export const producedBatches = (): ProducedBatches => ({
  asked: new AskedPartitions(),
  records: [],
  bytes: [],
  producerIds: [],
});

/** Where each partition of a fetch starts. */
export interface FetchedFrom {
  readonly asked: AskedPartitions;
  readonly offsets: number[];
}

export const fetchedFrom = (): FetchedFrom => ({ asked: new AskedPartitions(), offsets: [] });

// Reused: a walk never waits.
const batch = new BatchCursor();

/**
 * Records of a produced record set: Kafka takes exactly one batch per partition, more are summed. False: a batch is
 * over the limit.
 */
export function noteProduced(
  batches: ProducedBatches,
  topic: TopicEntry,
  partition: number,
  bytes: Buffer,
  start: number,
  end: number,
  recordsMax: number,
): boolean {
  let records = 0;
  let producerId = -1;
  batch.start(bytes, start, end);
  while (batch.next()) {
    const count = batch.recordsCount;
    if (count > recordsMax) return false;
    records += count;
    producerId = batch.producerId;
  }
  batches.asked.add(topic, partition);
  batches.records.push(records);
  batches.bytes.push(end - start);
  batches.producerIds.push(producerId);
  return true;
}

/** Producers remembered per partition: a repeated batch comes soon after its first try, or not at all. */
const producersMax = 1000;

/**
 * Whether the broker's base offset for this producer is new. Offsets of one producer in one partition only rise, so a
 * base offset at or below the last one is a repeated batch that was appended before.
 */
export function isFirstAck(
  seen: Map<number, number>,
  producerId: number,
  baseOffset: number,
): boolean {
  if (producerId < 0) return true;
  const last = seen.get(producerId);
  if (last !== undefined && baseOffset <= last) return false;
  if (last === undefined && seen.size >= producersMax) {
    const oldest = seen.keys().next().value;
    if (oldest !== undefined) seen.delete(oldest);
  }
  seen.set(producerId, baseOffset);
  return true;
}

/** What one answer hands a consumer: counted once its bytes went out. */
export class Delivery {
  readonly #topics: TopicEntry[] = [];
  readonly #records: number[] = [];
  readonly #bytes: number[] = [];

  /** Notes a fetched record set. */
  add(
    topic: TopicEntry,
    bytes: Buffer,
    start: number,
    end: number,
    fetchOffset: number,
    aborted: readonly AbortedTransaction[],
  ): void {
    const delivered = deliveredRecords(bytes, start, end, fetchOffset, aborted);
    if (delivered.records === 0) return;
    this.#topics.push(topic);
    this.#records.push(delivered.records);
    this.#bytes.push(delivered.bytes);
  }

  get isEmpty(): boolean {
    return this.#topics.length === 0;
  }

  count(who: Attributed): void {
    for (let i = 0; i < this.#topics.length; i++)
      who.delivered(this.#topics[i]!, this.#records[i]!, this.#bytes[i]!);
  }
}

/** Whether a request counts as one: heartbeats and fetches that bring nothing are free. */
export function isBillable(apiKey: number, delivery: Delivery | undefined): boolean {
  if (apiKey === Api.Heartbeat) return false;
  return apiKey !== Api.Fetch || (delivery !== undefined && !delivery.isEmpty);
}
