// Kafka's primitive types read from a buffer, each checked against the end. Counts are checked against the bytes left
// before anything is allocated for them.

import { type Field, leastBytes } from "./schema.ts";
import { WireError } from "./wire.ts";

export class Reader {
  at: number;
  #end: number;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer, start: number, end: number) {
    this.#bytes = bytes;
    this.at = start;
    this.#end = end;
  }

  /** Throws when bytes are left. */
  finish(): void {
    if (this.at !== this.#end)
      throw new WireError(`${this.#end - this.at} bytes too many`, this.at);
  }

  /** Limits reading to the next `size` bytes; answers the end to give back to `widen`. */
  narrow(size: number): number {
    const outer = this.#end;
    this.#need(size);
    this.#end = this.at + size;
    return outer;
  }

  /** Ends a `narrow`; its bytes must have been read exactly, unless they are skipped. */
  widen(outerEnd: number, wasRead: boolean): void {
    if (wasRead) this.finish();
    this.at = this.#end;
    this.#end = outerEnd;
  }

  #need(size: number): void {
    if (size > this.#end - this.at)
      throw new WireError(`needs ${size} bytes, has ${this.#end - this.at}`, this.at);
  }

  /** Answers where `size` bytes start, and steps over them. */
  #take(size: number): number {
    this.#need(size);
    const start = this.at;
    this.at += size;
    return start;
  }

  bool(): boolean {
    return this.int8() !== 0;
  }

  int8(): number {
    return this.#bytes.readInt8(this.#take(1));
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#take(2));
  }

  uint16(): number {
    return this.#bytes.readUInt16BE(this.#take(2));
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#take(4));
  }

  int64(): bigint {
    return this.#bytes.readBigInt64BE(this.#take(8));
  }

  float64(): number {
    return this.#bytes.readDoubleBE(this.#take(8));
  }

  uuid(): string {
    const start = this.#take(16);
    return this.#bytes.toString("base64url", start, start + 16);
  }

  /** At most 31 bits: no length, count or tag in a frame is larger. */
  varint(): number {
    const start = this.at;
    let value = 0;
    for (let weight = 1; weight <= 2 ** 28; weight *= 128) {
      const byte = this.#bytes[this.#take(1)] ?? 0;
      value += (byte & 0x7f) * weight;
      if (byte < 0x80) {
        if (value > 0x7fffffff) throw new WireError(`varint ${value}`, start);
        return value;
      }
    }
    throw new WireError("varint has more than 5 bytes", start);
  }

  string(compact: boolean, nullable: boolean): string | null {
    const length = this.#length(compact ? this.varint() - 1 : this.int16(), nullable);
    if (length < 0) return null;
    const start = this.#take(length);
    return this.#bytes.toString("utf8", start, start + length);
  }

  /** A view of the input, not a copy. */
  bytes(compact: boolean, nullable: boolean): Buffer | null {
    const length = this.#length(compact ? this.varint() - 1 : this.int32(), nullable);
    if (length < 0) return null;
    const start = this.#take(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** Elements of an array of `field`, -1 for null; refused when that many cannot be there. */
  count(compact: boolean, nullable: boolean, field: Field): number {
    const start = this.at;
    const count = this.#length(compact ? this.varint() - 1 : this.int32(), nullable);
    if (count * leastBytes(field) > this.#end - this.at)
      throw new WireError(`${count} elements`, start);
    return count;
  }

  #length(length: number, nullable: boolean): number {
    if (length < -1) throw new WireError(`length ${length}`, this.at);
    if (length === -1 && !nullable) throw new WireError("null where none may be", this.at);
    return length;
  }
}
