// The edits of one walk, in parallel arrays that are kept between walks, and their application: small pieces are copied
// together into one new buffer, large untouched ranges stay slices of the original (a slice object costs more than
// copying a kilobyte).

import { varintBytes, writeVarint } from "./wire.ts";

/** What stands before an edit's payload. */
export const Header = {
  /** A slot that was not needed: the original stays. */
  unused: 0,
  none: 1,
  varint: 2,
  int8: 3,
  int16: 4,
  int32: 5,
  int64: 6,
} as const;

/** Untouched ranges of at least this size are forwarded as slices. */
const SLICE_BYTES_MIN = 2048;
const COPY_LOOP_BYTES_MAX = 24;

export class Edits {
  size = 0;
  /** Change of the total size so far. */
  delta = 0;
  /** Largest size before a rewind. */
  #high = 0;
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #headers: number[] = [];
  readonly #values: number[] = [];
  readonly #payloads: (Buffer | undefined)[] = [];

  add(start: number, end: number, header: number, value: number, payload: Buffer | undefined) {
    const i = this.size++;
    this.#starts[i] = start;
    this.#ends[i] = end;
    this.#headers[i] = header;
    this.#values[i] = value;
    this.#payloads[i] = payload;
    this.delta += headerBytes(header, value) + (payload ? payload.length : 0) - (end - start);
  }

  /** A place for a number that may have to change later; answers the slot for `fill`. */
  reserve(start: number, end: number): number {
    const i = this.size++;
    this.#starts[i] = start;
    this.#ends[i] = end;
    this.#headers[i] = Header.unused;
    this.#values[i] = 0;
    this.#payloads[i] = undefined;
    return i;
  }

  fill(slot: number, header: number, value: number): void {
    this.#headers[slot] = header;
    this.#values[slot] = value;
    this.delta += headerBytes(header, value) - (this.#ends[slot]! - this.#starts[slot]!);
  }

  rewind(size: number, delta: number): void {
    this.#high = Math.max(this.#high, this.size);
    this.size = size;
    this.delta = delta;
  }

  clear(): void {
    const high = Math.max(this.#high, this.size);
    for (let i = 0; i < high; i++) this.#payloads[i] = undefined;
    this.#high = 0;
    this.size = 0;
    this.delta = 0;
    if (this.#starts.length > ARRAYS_KEPT_MAX) {
      for (const a of [this.#starts, this.#ends, this.#headers, this.#values]) a.length = 0;
      this.#payloads.length = 0;
    }
  }

  /** The range [start, end) of `bytes` with all edits. Without edits it is that range itself. */
  apply(bytes: Buffer, start: number, end: number): Buffer[] {
    const copied = this.#copiedBytes(start, end);
    if (copied < 0)
      return [start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end)];
    const target = Buffer.allocUnsafe(copied);
    const slices: Buffer[] = [];
    let from = 0;
    let to = 0;
    let cursor = start;
    for (let i = 0; i <= this.size; i++) {
      const last = i === this.size;
      if (!last && this.#headers[i] === Header.unused) continue;
      const gapEnd = last ? end : this.#starts[i]!;
      if (gapEnd - cursor >= SLICE_BYTES_MIN) {
        if (to > from) slices.push(target.subarray(from, to));
        from = to;
        slices.push(bytes.subarray(cursor, gapEnd));
      } else to = copy(bytes, cursor, gapEnd, target, to);
      if (last) break;
      to = this.#write(i, target, to);
      cursor = this.#ends[i]!;
    }
    if (to > from) slices.push(from === 0 && to === copied ? target : target.subarray(from, to));
    return slices;
  }

  /** Bytes that are not forwarded as slices; -1 when there is no edit at all. */
  #copiedBytes(start: number, end: number): number {
    let bytes = end - start + this.delta;
    let cursor = start;
    let used = 0;
    for (let i = 0; i < this.size; i++) {
      if (this.#headers[i] === Header.unused) continue;
      used++;
      const gap = this.#starts[i]! - cursor;
      if (gap >= SLICE_BYTES_MIN) bytes -= gap;
      cursor = this.#ends[i]!;
    }
    if (used === 0) return -1;
    return end - cursor >= SLICE_BYTES_MIN ? bytes - (end - cursor) : bytes;
  }

  #write(i: number, target: Buffer, at: number): number {
    const pos = writeHeader(target, at, this.#headers[i]!, this.#values[i]!);
    const payload = this.#payloads[i];
    return payload ? copy(payload, 0, payload.length, target, pos) : pos;
  }
}

/** A huge message (metadata of thousands of topics) must not pin its arrays for ever. */
const ARRAYS_KEPT_MAX = 4096;

function headerBytes(header: number, value: number): number {
  switch (header) {
    case Header.varint:
      return varintBytes(value);
    case Header.int8:
      return 1;
    case Header.int16:
      return 2;
    case Header.int32:
      return 4;
    case Header.int64:
      return 8;
    default:
      return 0;
  }
}

function writeHeader(target: Buffer, at: number, header: number, value: number): number {
  switch (header) {
    case Header.varint:
      return writeVarint(target, at, value);
    case Header.int8:
      target[at] = value;
      return at + 1;
    case Header.int16:
      target[at] = value >> 8;
      target[at + 1] = value;
      return at + 2;
    case Header.int32:
      return writeInt32(target, at, value);
    case Header.int64:
      return writeInt32(target, writeInt32(target, at, Math.floor(value / 4294967296)), value);
    default:
      return at;
  }
}

function writeInt32(target: Buffer, at: number, value: number): number {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
  return at + 4;
}

function copy(source: Buffer, start: number, end: number, target: Buffer, at: number): number {
  if (end - start > COPY_LOOP_BYTES_MAX) source.copy(target, at, start, end);
  else for (let i = start; i < end; i++) target[at + i - start] = source[i]!;
  return at + end - start;
}
