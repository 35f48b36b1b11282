// Records themselves, for tools and probes only (the data path never opens a batch): builds one uncompressed batch and
// reads uncompressed or gzip batches.
//
//   record: length varint, attributes int8, timestampDelta varlong, offsetDelta varint, keyLength varint, key,
//           valueLength varint, value, headers: count varint, (keyLength varint, key, valueLength varint, value)*
//   varints are zigzag; length -1 is null

import { gunzipSync } from "node:zlib";
import { crc32c } from "./crc32c.ts";
import { BATCH_HEADER_BYTES, BatchCursor } from "./record-batch.ts";
import { WireError } from "./wire.ts";

export interface NewRecord {
  readonly key?: Buffer | null;
  readonly value: Buffer | null;
  readonly timestampMs: number;
  readonly headers?: readonly (readonly [key: string, value: Buffer | null])[];
}

export interface FetchedRecord {
  readonly offset: number;
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly (readonly [key: string, value: Buffer | null])[];
}

export interface Producer {
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly transactional?: boolean;
}

const NO_PRODUCER: Producer = { producerId: -1n, producerEpoch: -1, baseSequence: -1 };

/** One uncompressed batch of at least one record, as Produce wants it. */
export function encodeBatch(
  records: readonly NewRecord[],
  producer: Producer = NO_PRODUCER,
): Buffer {
  const first = records[0];
  if (!first) throw new RangeError("a batch has at least one record");
  const base = first.timestampMs;
  const bodies = records.map((record, i) => encodeRecord(record, record.timestampMs - base, i));
  const header = Buffer.alloc(BATCH_HEADER_BYTES);
  const batch = Buffer.concat([header, ...bodies]);
  batch.writeInt32BE(batch.length - 12, 8);
  batch.writeInt32BE(-1, 12);
  batch.writeInt8(2, 16);
  batch.writeInt16BE(producer.transactional ? 0x10 : 0, 21);
  batch.writeInt32BE(records.length - 1, 23);
  batch.writeBigInt64BE(BigInt(base), 27);
  batch.writeBigInt64BE(BigInt(Math.max(...records.map((r) => r.timestampMs))), 35);
  batch.writeBigInt64BE(producer.producerId, 43);
  batch.writeInt16BE(producer.producerEpoch, 51);
  batch.writeInt32BE(producer.baseSequence, 53);
  batch.writeInt32BE(records.length, 57);
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17);
  return batch;
}

function encodeRecord(record: NewRecord, timestampDelta: number, offsetDelta: number): Buffer {
  const headers = record.headers ?? [];
  const body = Buffer.concat([
    Buffer.of(0),
    zigzag(timestampDelta),
    zigzag(offsetDelta),
    sized(record.key ?? null),
    sized(record.value),
    zigzag(headers.length),
    ...headers.flatMap(([key, value]) => [sized(Buffer.from(key)), sized(value)]),
  ]);
  return Buffer.concat([zigzag(body.length), body]);
}

const sized = (bytes: Buffer | null): Buffer =>
  bytes === null ? zigzag(-1) : Buffer.concat([zigzag(bytes.length), bytes]);

/** Zigzag varint of any safe integer. */
function zigzag(value: number): Buffer {
  let rest = value >= 0 ? value * 2 : -value * 2 - 1;
  const bytes: number[] = [];
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}

const COMPRESSIONS = ["none", "gzip", "snappy", "lz4", "zstd"];

/** Inflated batches are bounded, so that a small batch cannot fill the memory. */
const INFLATED_BYTES_MAX = 256 * 1024 * 1024;

/**
 * All records of the whole batches of a fetched record set, control batches left out. Throws WireError on broken
 * batches and on a compression other than gzip.
 */
export function decodeRecords(bytes: Buffer): FetchedRecord[] {
  const batch = new BatchCursor().start(bytes, 0, bytes.length);
  const records: FetchedRecord[] = [];
  while (batch.next()) {
    if (batch.isControl) continue;
    if (batch.magic !== 2) throw new WireError(`magic ${batch.magic}`, batch.at);
    const reader = new RecordReader(contents(batch.records, batch.compression, batch.at));
    for (let i = 0; i < batch.recordsCount; i++) {
      const record = reader.record();
      records.push({
        ...record,
        offset: batch.baseOffset + record.offset,
        timestampMs: batch.isLogAppendTime
          ? batch.maxTimestampMs
          : batch.baseTimestampMs + record.timestampMs,
      });
    }
  }
  return records;
}

function contents(bytes: Buffer, compression: number, at: number): Buffer {
  if (compression === 0) return bytes;
  const name = COMPRESSIONS[compression] ?? `${compression}`;
  if (name !== "gzip") throw new WireError(`compression ${name} is not readable here`, at);
  try {
    return gunzipSync(bytes, { maxOutputLength: INFLATED_BYTES_MAX });
  } catch (error) {
    throw new WireError(`broken gzip: ${error instanceof Error ? error.message : error}`, at);
  }
}

/** Offsets and timestamps as deltas. */
class RecordReader {
  #at = 0;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  record(): FetchedRecord {
    const length = this.#varint();
    const end = this.#at + length;
    if (length < 0 || end > this.#bytes.length)
      throw new WireError(`record of ${length} bytes`, this.#at);
    this.#at++;
    const timestampMs = this.#varint();
    const offset = this.#varint();
    const key = this.#sized();
    const value = this.#sized();
    const headers: [string, Buffer | null][] = [];
    for (let count = this.#varint(); count > 0; count--)
      headers.push([this.#sized()?.toString("utf8") ?? "", this.#sized()]);
    if (this.#at !== end) throw new WireError("record length does not fit", this.#at);
    return { offset, timestampMs, key, value, headers };
  }

  #sized(): Buffer | null {
    const length = this.#varint();
    if (length < 0) return null;
    const start = this.#at;
    if (length > this.#bytes.length - start) throw new WireError(`${length} bytes`, start);
    this.#at += length;
    return this.#bytes.subarray(start, this.#at);
  }

  #varint(): number {
    const start = this.#at;
    let value = 0;
    for (let weight = 1; weight <= 2 ** 49; weight *= 128) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new WireError("varint is cut off", start);
      value += (byte & 0x7f) * weight;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
    throw new WireError("varint is too long", start);
  }
}
