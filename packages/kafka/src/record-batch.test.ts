import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { crc32c } from "./crc32c.ts";
import { BatchCursor, deliveredRecords, producedRecords } from "./record-batch.ts";
import { decodeRecords, encodeBatch } from "./records.ts";
import { WireError } from "./wire.ts";

const record = (value: string) => ({ value: Buffer.from(value), timestampMs: 1000 });

function batchAt(baseOffset: number, count: number, producerId = -1n, attributes = 0): Buffer {
  const values = Array.from({ length: count }, (_, i) => record(`v${i}`));
  const producer = { producerId, producerEpoch: 0, baseSequence: 0 };
  const batch = encodeBatch(values, producer);
  batch.writeBigInt64BE(BigInt(baseOffset), 0);
  batch.writeInt16BE(attributes, 21);
  return batch;
}

function marker(offset: number, producerId: bigint, type: 0 | 1): Buffer {
  const key = Buffer.from([0, 0, 0, type]);
  const value = Buffer.alloc(6);
  const producer = { producerId, producerEpoch: 0, baseSequence: -1 };
  const batch = encodeBatch([{ key, value, timestampMs: 1000 }], producer);
  batch.writeBigInt64BE(BigInt(offset), 0);
  batch.writeInt16BE(0x30, 21);
  return batch;
}

const delivered = (
  set: Buffer,
  from: number,
  aborted?: { producerId: number; firstOffset: number }[],
) => deliveredRecords(set, 0, set.length, from, aborted).records;

describe("records delivered", () => {
  it("are those of whole batches; a cut tail and an empty set count nothing", () => {
    const set = Buffer.concat([batchAt(0, 3), batchAt(3, 2)]);
    expect(delivered(set, 0)).toBe(5);
    expect(delivered(set.subarray(0, -1), 0)).toBe(3);
    expect(delivered(Buffer.alloc(0), 0)).toBe(0);
  });

  it("leave out what lies before the fetch offset", () => {
    const set = Buffer.concat([batchAt(0, 3), batchAt(3, 2)]);
    expect(delivered(set, 2)).toBe(3);
    expect(delivered(set, 4)).toBe(1);
    expect(delivered(set, 9)).toBe(0);
  });

  it("leave out control batches and aborted transactions up to their abort marker", () => {
    const set = Buffer.concat([
      batchAt(0, 2, 7n, 0x10),
      batchAt(2, 4, 8n, 0x10),
      marker(6, 7n, 0),
      marker(7, 8n, 1),
      batchAt(8, 5, 7n, 0x10),
      marker(13, 7n, 1),
    ]);
    expect(delivered(set, 0)).toBe(11);
    expect(delivered(set, 0, [{ producerId: 7, firstOffset: 0 }])).toBe(9);
  });
});

describe("batches", () => {
  it("tell their header", () => {
    const cursor = new BatchCursor();
    const set = batchAt(5_000_000_000, 3, 42n, 0x18);
    expect(cursor.start(set, 0, set.length).next()).toBe(true);
    expect(cursor).toMatchObject({
      baseOffset: 5_000_000_000,
      lastOffset: 5_000_000_002,
      recordsCount: 3,
      producerId: 42,
      magic: 2,
      isTransactional: true,
      isControl: false,
      isLogAppendTime: true,
    });
    expect(cursor.next()).toBe(false);
    expect(producedRecords(set, 0, set.length)).toBe(3);
  });

  it("of a hostile length end the walk", () => {
    for (const length of [-1, 0, 48, 2 ** 31 - 1]) {
      const set = batchAt(0, 3);
      set.writeInt32BE(length, 8);
      expect(delivered(set, 0)).toBe(0);
    }
  });

  it("come back as the records they were made of, gzip too", () => {
    const headers: [string, Buffer | null][] = [
      ["h", Buffer.from("x")],
      ["n", null],
    ];
    const plain = encodeBatch([
      { key: Buffer.from("k"), value: null, timestampMs: 1000, headers },
      { value: Buffer.from("v"), timestampMs: 5 },
    ]);
    const packed = gzipSync(plain.subarray(61));
    const gzip = Buffer.concat([plain.subarray(0, 61), packed]);
    gzip.writeInt32BE(gzip.length - 12, 8);
    gzip.writeInt16BE(1, 21);
    for (const set of [plain, gzip])
      expect(decodeRecords(set)).toEqual([
        { offset: 0, key: Buffer.from("k"), value: null, timestampMs: 1000, headers },
        { offset: 1, key: null, value: Buffer.from("v"), timestampMs: 5, headers: [] },
      ]);
    gzip[61] = 0;
    expect(() => decodeRecords(gzip)).toThrow(WireError);
  });

  it("carry the checksum of RFC 3720", () => {
    expect(crc32c(Buffer.from("123456789"))).toBe(0xe3069283);
  });
});
