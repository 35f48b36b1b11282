// Record batches, magic 2, without looking inside a record: a batch tells its offsets, count and producer in 61 bytes.
//
//   baseOffset int64, batchLength int32, partitionLeaderEpoch int32, magic int8, crc uint32, attributes int16,
//   lastOffsetDelta int32, baseTimestamp int64, maxTimestamp int64, producerId int64, producerEpoch int16,
//   baseSequence int32, recordsCount int32, records
//   attributes: bits 0–2 compression, 3 timestamp type, 4 transactional, 5 control
//
// Offsets and ids are numbers, exact up to 2^53.

export const BATCH_HEADER_BYTES = 61;

/** Bytes before the part that batchLength counts. */
const LOG_OVERHEAD_BYTES = 12;

/**
 * Steps through the whole batches of a record set. A cut tail, usual in Fetch responses, ends it. The accessors tell
 * about the batch that `next` moved to. One cursor can be used for many record sets: the data path allocates none.
 */
export class BatchCursor {
  /** Position of the batch in the buffer. */
  at = 0;
  /** Its size. */
  bytes = 0;
  #source = NO_BYTES;
  #next = 0;
  #end = 0;

  /** Starts over, before the first batch of a record set. */
  start(source: Buffer, start: number, end: number): this {
    this.#source = source;
    this.#next = start;
    this.#end = end;
    return this;
  }

  /** Moves to the next whole batch; false at the end. */
  next(): boolean {
    const at = this.#next;
    this.at = at;
    if (this.#end - at < BATCH_HEADER_BYTES) return false;
    const size = LOG_OVERHEAD_BYTES + readInt32(this.#source, at + 8);
    // A shorter length than the header can only be corruption or an older magic: stop rather than guess.
    if (size < BATCH_HEADER_BYTES || size > this.#end - at) return false;
    this.bytes = size;
    this.#next = at + size;
    return true;
  }

  /** Bytes after the last whole batch, once `next` answered false. */
  get tailBytes(): number {
    return this.#end - this.at;
  }

  get magic(): number {
    return this.#source.readInt8(this.at + 16);
  }

  get baseOffset(): number {
    return readInt64(this.#source, this.at);
  }

  get lastOffsetDelta(): number {
    return readInt32(this.#source, this.at + 23);
  }

  get lastOffset(): number {
    return this.baseOffset + this.lastOffsetDelta;
  }

  get recordsCount(): number {
    return readInt32(this.#source, this.at + 57);
  }

  get attributes(): number {
    return (this.#source[this.at + 21]! << 8) | this.#source[this.at + 22]!;
  }

  /** 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd. */
  get compression(): number {
    return this.attributes & 0x07;
  }

  get isLogAppendTime(): boolean {
    return (this.attributes & 0x08) !== 0;
  }

  get isTransactional(): boolean {
    return (this.attributes & 0x10) !== 0;
  }

  get isControl(): boolean {
    return (this.attributes & 0x20) !== 0;
  }

  get producerId(): number {
    return readInt64(this.#source, this.at + 43);
  }

  get producerEpoch(): number {
    return this.#source.readInt16BE(this.at + 51);
  }

  get baseSequence(): number {
    return readInt32(this.#source, this.at + 53);
  }

  get baseTimestampMs(): number {
    return readInt64(this.#source, this.at + 27);
  }

  get maxTimestampMs(): number {
    return readInt64(this.#source, this.at + 35);
  }

  /** Contents after the header. */
  get records(): Buffer {
    return this.#source.subarray(this.at + BATCH_HEADER_BYTES, this.at + this.bytes);
  }
}

const NO_BYTES: Buffer = Buffer.alloc(0);
/** Shared by the counting functions, which run to the end without interruption. */
const cursor = new BatchCursor();

function readInt32(b: Buffer, at: number): number {
  return (b[at]! << 24) | (b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!;
}

/** A signed 64-bit integer as a number, exact within ±2^53. */
const readInt64 = (bytes: Buffer, at: number): number =>
  readInt32(bytes, at) * 4294967296 + (readInt32(bytes, at + 4) >>> 0);

/** Records a produce request hands over: the sum of the headers' counts (true once the broker answered error 0). */
export function producedRecords(bytes: Buffer, start: number, end: number): number {
  const batch = cursor.start(bytes, start, end);
  let records = 0;
  while (batch.next()) records += batch.recordsCount;
  batch.start(NO_BYTES, 0, 0);
  return records;
}

/** An aborted transaction of a fetched partition: its records run from firstOffset to the producer's abort marker. */
export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

export interface Delivered {
  readonly records: number;
  /** Of the batches that hold them. */
  readonly bytes: number;
}

const NONE_ABORTED: readonly AbortedTransaction[] = [];

/**
 * Records that a consumer asking from `fetchOffset` gets out of a fetched record set: none of control batches, none
 * before the offset it asked from, none of aborted transactions (pass them when it reads committed). Where a compacted
 * batch straddles the fetch offset the count is an upper bound.
 */
export function deliveredRecords(
  bytes: Buffer,
  start: number,
  end: number,
  fetchOffset: number,
  aborted: readonly AbortedTransaction[] = NONE_ABORTED,
): Delivered {
  const batch = cursor.start(bytes, start, end);
  const open = aborted.length > 0 ? openTransactions(aborted) : undefined;
  let records = 0;
  let counted = 0;
  while (batch.next()) {
    if (batch.isControl || open?.skips(batch)) {
      if (batch.isControl) open?.end(batch);
      continue;
    }
    const delivered = Math.min(batch.recordsCount, batch.lastOffset - fetchOffset + 1);
    if (delivered <= 0) continue;
    records += delivered;
    counted += batch.bytes;
  }
  batch.start(NO_BYTES, 0, 0);
  return { records, bytes: counted };
}

/** Follows which producers are inside an aborted transaction while batches go by in offset order. */
function openTransactions(aborted: readonly AbortedTransaction[]) {
  const pending = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset);
  const producers = new Set<number>();
  const begin = (lastOffset: number) => {
    for (let next = pending[0]; next && next.firstOffset <= lastOffset; next = pending[0]) {
      producers.add(next.producerId);
      pending.shift();
    }
  };
  return {
    skips(batch: BatchCursor): boolean {
      begin(batch.lastOffset);
      return batch.isTransactional && producers.has(batch.producerId);
    },
    end(batch: BatchCursor): void {
      begin(batch.lastOffset);
      if (isAbortMarker(batch)) producers.delete(batch.producerId);
    },
  };
}

/**
 * A control batch holds one uncompressed record whose key is `version int16, type int16`, type 0 = abort, 1 = commit.
 * Before the key: length, attributes int8, timestampDelta, offsetDelta and keyLength, all varints but the attributes.
 */
function isAbortMarker(batch: BatchCursor): boolean {
  const record = batch.records;
  let at = skipVarint(record, 0) + 1;
  for (let i = 0; i < 3; i++) at = skipVarint(record, at);
  return at + 4 <= record.length && record.readInt16BE(at + 2) === 0;
}

function skipVarint(bytes: Buffer, at: number): number {
  let pos = at;
  while (pos < bytes.length && bytes[pos]! >= 0x80) pos++;
  return pos + 1;
}
