// Walks the bytes of one message once, along its plan, and answers the message with the visitor's edits applied: a list
// of slices in which everything untouched and large is the original memory. Lengths that depend on an edit (the name's
// own length, array counts, sizes of tagged fields, the frame's size) are slots reserved on the way and filled behind.
//
// An edit replaces [start, end) by a header (nothing, an integer or a varint) and a payload. Edits are ordered by
// position. Dropping an array element takes back the edits made inside it.

import { Edits, Header } from "./edits.ts";
import { Flag, OP_SIZE, Op, type Plan } from "./plan.ts";
import { WireError } from "./wire.ts";

export const KEEP = 0;
/** Drops the array element that this field names; only for identities (topic, group, transactional id, key). */
export const DROP = 1;
/** Puts the visitor's prefix before the name. */
export const ADD_PREFIX = 2;
/** Takes as many bytes as the visitor's prefix has off the name; the caller has checked that they are the prefix. */
export const STRIP_PREFIX = 3;

/** What becomes of a field: one of the constants, or its new contents. */
export type Edit = typeof KEEP | typeof DROP | typeof ADD_PREFIX | typeof STRIP_PREFIX | Buffer;

/** Elements to put behind those of an array, encoded for the same version. */
export interface Appendix {
  readonly count: number;
  readonly bytes: Buffer;
}

export interface Visitor {
  readonly prefix: Buffer;
  /**
   * A marked string, uuid, byte string or record set: `bytes` is the walked buffer, [start, end) the contents. Null is
   * not shown. A new uuid must have 16 bytes.
   */
  span(mark: number, bytes: Buffer, start: number, end: number): Edit;
  /** A marked integer or boolean. Answers the value to send. Exact within ±2^53. */
  int(mark: number, value: number): number;
  /** An array whose elements carry an identity begins; count is -1 for null. */
  array(mark: number, count: number): void;
  /** Such an array ends, and is not null: what to append. */
  append(mark: number): Appendix | undefined;
}

/** Changes nothing; spread it to write a visitor of a few methods. */
export const bystander: Visitor = {
  prefix: Buffer.alloc(0),
  span: () => KEEP,
  int: (_mark, value) => value,
  array: () => undefined,
  append: () => undefined,
};

/**
 * Walks the message in bytes[start, end) and answers it rewritten. Throws WireError when the bytes do not fit the plan,
 * trailing bytes included.
 */
export function rewrite(
  plan: Plan,
  bytes: Buffer,
  start: number,
  end: number,
  visitor: Visitor,
): Buffer[] {
  const walker = idle.pop() ?? new Walker();
  try {
    walker.run(plan, bytes, start, end, visitor);
    return walker.edits.apply(bytes, start, end);
  } finally {
    walker.rest();
    idle.push(walker);
  }
}

/** The same for a message that newer versions may have appended to: bytes behind it are kept as they are. */
export function rewritePrefix(
  plan: Plan,
  bytes: Buffer,
  start: number,
  end: number,
  visitor: Visitor,
): Buffer[] {
  const walker = idle.pop() ?? new Walker();
  try {
    walker.run(plan, bytes, start, end, visitor, true);
    return walker.edits.apply(bytes, start, end);
  } finally {
    walker.rest();
    idle.push(walker);
  }
}

/**
 * The same for a whole frame: `frame` starts with its 4-byte size, the header follows, the body starts at `bodyAt`. The
 * size is corrected.
 */
export function rewriteFrame(
  plan: Plan,
  frame: Buffer,
  bodyAt: number,
  visitor: Visitor,
): Buffer[] {
  const walker = idle.pop() ?? new Walker();
  try {
    const size = walker.edits.reserve(0, 4);
    walker.run(plan, frame, bodyAt, frame.length, visitor);
    const { delta } = walker.edits;
    if (delta !== 0) walker.edits.fill(size, Header.int32, frame.length - 4 + delta);
    return walker.edits.apply(frame, 0, frame.length);
  } finally {
    walker.rest();
    idle.push(walker);
  }
}

const NO_TAGS: Int32Array = new Int32Array();

// Walkers are reused; a visitor may start another walk (an embedded subscription), so there is a stack of them.
const idle: Walker[] = [];

class Walker {
  readonly edits = new Edits();
  #ops: Int32Array = NO_TAGS;
  #tags: readonly Int32Array[] = [];
  #bytes = bystander.prefix;
  #end = 0;
  #visitor = bystander;
  #dropping = false;
  /** Out-value of #length: where the contents start. */
  #at = 0;

  run(plan: Plan, bytes: Buffer, start: number, end: number, visitor: Visitor, tail = false) {
    this.#ops = plan.ops;
    this.#tags = plan.tags;
    this.#bytes = bytes;
    this.#end = end;
    this.#visitor = visitor;
    const stop = this.#walk(0, start);
    if (stop !== end && !tail) throw new WireError(`${end - stop} bytes too many`, stop);
    if (this.#dropping) throw new Error("DROP of a field that names no array element");
  }

  rest(): void {
    this.edits.clear();
    this.#bytes = bystander.prefix;
    this.#visitor = bystander;
    this.#dropping = false;
  }

  #walk(from: number, start: number): number {
    const ops = this.#ops;
    let pc = from;
    let pos = start;
    for (;;) {
      switch (ops[pc]) {
        case Op.skip:
          pos = this.#need(pos, ops[pc + 3]!);
          break;
        case Op.text:
          pos = this.#text(pc, pos);
          break;
        case Op.int:
          pos = this.#int(ops[pc + 1]!, ops[pc + 3]!, pos);
          break;
        case Op.uuid:
          pos = this.#uuid(ops[pc + 1]!, pos);
          break;
        case Op.array:
          pos = this.#array(pc, pos);
          pc = ops[pc + 4]!;
          continue;
        case Op.fixedArray:
          pos = this.#fixedArray(pc, pos);
          break;
        case Op.struct:
          pos = this.#struct(pc, pos);
          pc = ops[pc + 4]!;
          continue;
        case Op.tags:
          pos = this.#taggedFields(ops[pc + 3]!, pos);
          break;
        default:
          return pos;
      }
      pc += OP_SIZE;
    }
  }

  /** The position `size` bytes on. */
  #need(pos: number, size: number): number {
    if (size > this.#end - pos)
      throw new WireError(`needs ${size} bytes, has ${this.#end - pos}`, pos);
    return pos + size;
  }

  #text(pc: number, pos: number): number {
    const flags = this.#ops[pc + 2]!;
    const length = this.#length(flags, pos);
    const contents = this.#at;
    if (length < 0) {
      if ((flags & Flag.nullable) === 0) throw new WireError("null where none may be", pos);
      return contents;
    }
    const end = this.#need(contents, length);
    const mark = this.#ops[pc + 1]!;
    if (mark === 0) return end;
    const edit = this.#visitor.span(mark, this.#bytes, contents, end);
    if (edit !== KEEP) this.#editText(edit, flags, pos, contents, end);
    return end;
  }

  #editText(edit: Edit, flags: number, pos: number, contents: number, end: number): void {
    if (edit === DROP) this.#drop();
    else if (edit === ADD_PREFIX) {
      const { prefix } = this.#visitor;
      this.#replace(flags, pos, contents, end - contents + prefix.length, prefix);
    } else if (edit === STRIP_PREFIX) {
      const cut = contents + this.#visitor.prefix.length;
      if (cut > end) throw new WireError("name is shorter than its prefix", contents);
      this.#replace(flags, pos, cut, end - cut, undefined);
    } else if (edit !== KEEP) this.#replace(flags, pos, end, edit.length, edit);
  }

  #replace(flags: number, start: number, end: number, length: number, payload: Buffer | undefined) {
    if (flags & Flag.compact) this.edits.add(start, end, Header.varint, length + 1, payload);
    else if (flags & Flag.wide) this.edits.add(start, end, Header.int32, length, payload);
    else {
      if (length > 32767) throw new WireError(`a string of ${length} bytes is too long`, start);
      this.edits.add(start, end, Header.int16, length, payload);
    }
  }

  /** From here to the end of the element the visitor is not called. */
  #drop(): void {
    this.#dropping = true;
    this.#visitor = bystander;
  }

  #int(mark: number, size: number, pos: number): number {
    const end = this.#need(pos, size);
    const value = this.#readInt(pos, size);
    const next = this.#visitor.int(mark, value);
    if (next !== value) this.edits.add(pos, end, INT_HEADERS[size]!, next, undefined);
    return end;
  }

  #readInt(pos: number, size: number): number {
    const b = this.#bytes;
    if (size === 1) return (b[pos]! << 24) >> 24;
    if (size === 2) return ((b[pos]! << 24) >> 16) | b[pos + 1]!;
    const high = (b[pos]! << 24) | (b[pos + 1]! << 16) | (b[pos + 2]! << 8) | b[pos + 3]!;
    if (size === 4) return high;
    const low = (b[pos + 4]! << 24) | (b[pos + 5]! << 16) | (b[pos + 6]! << 8) | b[pos + 7]!;
    return high * 4294967296 + (low >>> 0);
  }

  #uuid(mark: number, pos: number): number {
    const end = this.#need(pos, 16);
    const edit = this.#visitor.span(mark, this.#bytes, pos, end);
    if (edit === DROP) this.#drop();
    else if (typeof edit !== "number") this.edits.add(pos, end, Header.none, 0, edit);
    return end;
  }

  #array(pc: number, pos: number): number {
    const ops = this.#ops;
    const mark = ops[pc + 1]!;
    const flags = ops[pc + 2]!;
    const count = this.#count(flags, ops[pc + 3]!, pos);
    let at = this.#at;
    if (mark === 0) {
      for (let i = 0; i < count; i++) at = this.#walk(pc + OP_SIZE, at);
      return at;
    }
    const { edits } = this;
    const visitor = this.#visitor;
    const slot = edits.reserve(pos, at);
    const outerDropping = this.#dropping;
    visitor.array(mark, count);
    let kept = count;
    for (let i = 0; i < count; i++) {
      const size = edits.size;
      const delta = edits.delta;
      this.#dropping = false;
      const next = this.#walk(pc + OP_SIZE, at);
      if (this.#dropping) {
        this.#visitor = visitor;
        edits.rewind(size, delta);
        edits.add(at, next, Header.none, 0, undefined);
        kept--;
      }
      at = next;
    }
    this.#dropping = outerDropping;
    const appendix = count < 0 ? undefined : visitor.append(mark);
    if (appendix) {
      edits.add(at, at, Header.none, 0, appendix.bytes);
      kept += appendix.count;
    }
    if (kept !== count) {
      if (flags & Flag.compact) edits.fill(slot, Header.varint, kept + 1);
      else edits.fill(slot, Header.int32, kept);
    }
    return at;
  }

  #fixedArray(pc: number, pos: number): number {
    const elementBytes = this.#ops[pc + 3]!;
    const count = this.#count(this.#ops[pc + 2]!, elementBytes, pos);
    return count > 0 ? this.#at + count * elementBytes : this.#at;
  }

  /** An array's count, -1 for null; refused unless that many elements can be there. */
  #count(flags: number, leastBytes: number, pos: number): number {
    const count = this.#length(flags | Flag.wide, pos);
    if (count < 0 && (flags & Flag.nullable) === 0) throw new WireError("null array", pos);
    if (count * leastBytes > this.#end - this.#at) throw new WireError(`${count} elements`, pos);
    return count;
  }

  #struct(pc: number, pos: number): number {
    const at = this.#need(pos, 1);
    return this.#bytes[pos]! < 128 ? this.#walk(pc + OP_SIZE, at) : at;
  }

  #taggedFields(table: number, pos: number): number {
    let count = this.#varint(pos);
    let at = this.#at;
    const tags = table < 0 ? NO_TAGS : this.#tags[table]!;
    for (; count > 0; count--) {
      const tag = this.#varint(at);
      const sizeAt = this.#at;
      const size = this.#varint(sizeAt);
      const start = this.#at;
      const end = this.#need(start, size);
      for (let i = 0; i < tags.length; i += 2)
        if (tags[i] === tag) this.#taggedField(tags[i + 1]!, sizeAt, start, end);
      at = end;
    }
    return at;
  }

  #taggedField(pc: number, sizeAt: number, start: number, end: number): void {
    const slot = this.edits.reserve(sizeAt, start);
    const { delta } = this.edits;
    const outerEnd = this.#end;
    this.#end = end;
    const stop = this.#walk(pc, start);
    if (stop !== end) throw new WireError(`${end - stop} bytes too many in a tagged field`, stop);
    this.#end = outerEnd;
    const change = this.edits.delta - delta;
    if (change !== 0) this.edits.fill(slot, Header.varint, end - start + change);
  }

  /** A length or count, -1 for null; sets #at behind it. */
  #length(flags: number, pos: number): number {
    if (flags & Flag.compact) return this.#varint(pos) - 1;
    const b = this.#bytes;
    this.#at = this.#need(pos, flags & Flag.wide ? 4 : 2);
    const high = ((b[pos]! << 24) >> 16) | b[pos + 1]!;
    const length = flags & Flag.wide ? (high << 16) | (b[pos + 2]! << 8) | b[pos + 3]! : high;
    if (length < -1) throw new WireError(`length ${length}`, pos);
    return length;
  }

  /** An unsigned varint of at most 31 bits (nothing in a frame is longer); sets #at behind it. */
  #varint(pos: number): number {
    const b = this.#bytes;
    let value = 0;
    for (let i = 0; i < 5; i++) {
      if (pos + i >= this.#end) throw new WireError("varint is cut off", pos);
      const byte = b[pos + i]!;
      value += (byte & 0x7f) * VARINT_WEIGHTS[i]!;
      if (byte < 0x80) {
        if (value > 0x7fffffff) throw new WireError(`varint ${value}`, pos);
        this.#at = pos + i + 1;
        return value;
      }
    }
    throw new WireError("varint has more than 5 bytes", pos);
  }
}

const VARINT_WEIGHTS = [1, 128, 16384, 2097152, 268435456];
const INT_HEADERS: Readonly<Record<number, number>> = {
  1: Header.int8,
  2: Header.int16,
  4: Header.int32,
  8: Header.int64,
};
