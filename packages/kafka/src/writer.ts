// Kafka's primitive types written to a buffer that grows by doubling. Values come from our own code: one that does not
// fit its type is a bug there and raises RangeError.

import { varintBytes, writeVarint } from "./wire.ts";

export class Writer {
  #bytes = Buffer.allocUnsafe(256);
  #at = 0;

  finish(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }

  /** Makes room for `size` bytes; answers where they go. */
  #grow(size: number): number {
    const start = this.#at;
    const needed = start + size;
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
      this.#bytes.copy(larger, 0, 0, start);
      this.#bytes = larger;
    }
    this.#at = needed;
    return start;
  }

  int8(value: number): void {
    const at = this.#grow(1);
    this.#bytes.writeInt8(value, at);
  }

  int16(value: number): void {
    const at = this.#grow(2);
    this.#bytes.writeInt16BE(value, at);
  }

  uint16(value: number): void {
    const at = this.#grow(2);
    this.#bytes.writeUInt16BE(value, at);
  }

  int32(value: number): void {
    const at = this.#grow(4);
    this.#bytes.writeInt32BE(value, at);
  }

  int64(value: bigint): void {
    const at = this.#grow(8);
    this.#bytes.writeBigInt64BE(value, at);
  }

  float64(value: number): void {
    const at = this.#grow(8);
    this.#bytes.writeDoubleBE(value, at);
  }

  varint(value: number): void {
    const at = this.#grow(varintBytes(value));
    writeVarint(this.#bytes, at, value);
  }

  uuid(value: string): void {
    const raw = Buffer.from(value, "base64url");
    if (raw.length !== 16) throw new RangeError(`"${value}" is no uuid`);
    this.raw(raw);
  }

  string(value: string | null, compact: boolean): void {
    const length = value === null ? -1 : Buffer.byteLength(value);
    if (compact) this.varint(length + 1);
    else this.int16(length);
    if (value === null) return;
    const at = this.#grow(length);
    this.#bytes.write(value, at, "utf8");
  }

  bytes(value: Buffer | null, compact: boolean): void {
    this.count(value === null ? -1 : value.length, compact);
    if (value !== null) this.raw(value);
  }

  /** Length of an array or byte string; -1 for null. */
  count(count: number, compact: boolean): void {
    if (compact) this.varint(count + 1);
    else this.int32(count);
  }

  raw(bytes: Buffer): void {
    const at = this.#grow(bytes.length);
    bytes.copy(this.#bytes, at);
  }
}
