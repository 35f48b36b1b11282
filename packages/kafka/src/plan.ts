// Compiles one message of one version into a flat program for the walker: runs of fixed-size fields become one SKIP,
// unmarked strings are jumped over, and only marked fields (entity-overrides.ts) call back. An op is five numbers:
//
//   code, mark, flags, arg, next
//
// SKIP arg=bytes · TEXT arg=- · INT arg=bytes (1, 2, 4, 8) · UUID · ARRAY arg=least bytes of an element, next=op after
// the body · FIXED_ARRAY arg=bytes of an element · STRUCT (nullable) next=op after the body · TAGS arg=tag table or -1.

import { cacheSlot, structOf } from "./api-schemas.ts";
import { markOf } from "./entity-overrides.ts";
import { Mark } from "./marks.ts";
import { type Direction, type Field, leastBytes, SCALAR_BYTES, type Struct } from "./schema.ts";

export const Op = {
  end: 0,
  skip: 1,
  text: 2,
  int: 3,
  uuid: 4,
  array: 5,
  fixedArray: 6,
  struct: 7,
  tags: 8,
} as const;

export const Flag = { compact: 1, nullable: 2, wide: 4 } as const;

export const OP_SIZE = 5;

export interface Plan {
  readonly ops: Int32Array;
  /** Tag tables: pairs of tag number and the op its contents start at. */
  readonly tags: readonly Int32Array[];
}

const plans = new Map<number, Plan>();

/** The program of one message, compiled at first use. Throws RangeError when the API or version is unknown. */
export function plan(apiKey: number, version: number, direction: Direction): Plan {
  const slot = cacheSlot(apiKey, version, direction);
  let known = plans.get(slot);
  if (!known) {
    const marks = (path: string, field: Field) => markOf(apiKey, direction, path, field);
    known = compile(structOf(apiKey, version, direction), marks);
    plans.set(slot, known);
  }
  return known;
}

export type MarkOf = (path: string, field: Field) => Mark;

interface Compiler {
  readonly ops: number[];
  readonly tags: number[][];
  readonly deferred: (() => void)[];
  readonly markOf: MarkOf;
}

/** Compiles a resolved struct with marks of the caller's choice. */
export function compile(struct: Struct, markOf: MarkOf): Plan {
  const c: Compiler = { ops: [], tags: [], deferred: [], markOf };
  emitStruct(c, struct, "");
  emit(c, Op.end);
  // Contents of tagged fields lie behind the main program, since tags may come and go.
  for (let next = c.deferred.shift(); next; next = c.deferred.shift()) next();
  return { ops: Int32Array.from(c.ops), tags: c.tags.map((table) => Int32Array.from(table)) };
}

function emit(c: Compiler, code: number, mark = 0, flags = 0, arg = 0): number {
  const at = c.ops.length;
  // Neighbouring skips merge, unless a jump lands between them; bodies start right after an ARRAY or STRUCT op.
  if (code === Op.skip && at > 0 && c.ops[at - OP_SIZE] === Op.skip) {
    c.ops[at - 2] = (c.ops[at - 2] ?? 0) + arg;
    return at - OP_SIZE;
  }
  c.ops.push(code, mark, flags, arg, 0);
  return at;
}

function emitStruct(c: Compiler, struct: Struct, path: string): void {
  for (const field of struct.fields) emitField(c, field, `${path}${field.name}`);
  if (!struct.flexible) return;
  if (struct.tagged.length === 0) {
    emit(c, Op.tags, 0, 0, -1);
    return;
  }
  const table: number[] = [];
  emit(c, Op.tags, 0, 0, c.tags.push(table) - 1);
  for (const { tag, field } of struct.tagged) {
    c.deferred.push(() => {
      table.push(tag, c.ops.length);
      emitField(c, field, `${path}${field.name}`);
      emit(c, Op.end);
    });
  }
}

function emitField(c: Compiler, field: Field, path: string): void {
  const mark = c.markOf(path, field);
  const flags = (field.compact ? Flag.compact : 0) | (field.nullable ? Flag.nullable : 0);
  if (field.array) emitArray(c, field, path, mark, flags);
  else if (field.struct && field.nullable) {
    const at = emit(c, Op.struct);
    emitStruct(c, field.struct, `${path}.`);
    emit(c, Op.end);
    c.ops[at + 4] = c.ops.length;
  } else if (field.struct) emitStruct(c, field.struct, `${path}.`);
  else emitScalar(c, field, mark, flags);
}

function emitArray(c: Compiler, field: Field, path: string, mark: Mark, flags: number): void {
  const elementMark = field.struct ? identity(c, field.struct, `${path}.`) : mark;
  const at = emit(c, Op.array, elementMark, flags, leastBytes(field));
  const body = c.ops.length;
  if (field.struct) emitStruct(c, field.struct, `${path}.`);
  else emitScalar(c, field, mark, field.compact ? Flag.compact : 0);
  emit(c, Op.end);
  const onlySkips = c.ops[body] === Op.skip && c.ops[body + OP_SIZE] === Op.end;
  if (onlySkips) {
    c.ops[at] = Op.fixedArray;
    c.ops[at + 3] = c.ops[body + 3] ?? 0;
    c.ops.length = body;
  } else c.ops[at + 4] = c.ops.length;
}

const IDENTITIES: ReadonlySet<number> = new Set([
  Mark.topicName,
  Mark.topicId,
  Mark.groupId,
  Mark.transactionalId,
  Mark.coordinatorKey,
  Mark.resourceName,
]);

/** The mark of what names an element of an array: that array can be filtered by it. */
function identity(c: Compiler, struct: Struct, path: string): Mark {
  for (const field of struct.fields) {
    const mark = c.markOf(`${path}${field.name}`, field);
    if (!field.array && IDENTITIES.has(mark)) return mark;
  }
  return Mark.none;
}

function emitScalar(c: Compiler, field: Field, mark: Mark, flags: number): void {
  const size = SCALAR_BYTES[field.type];
  if (size === undefined) emit(c, Op.text, mark, flags | (field.type === "string" ? 0 : Flag.wide));
  else if (mark === Mark.none) emit(c, Op.skip, 0, 0, size);
  else if (field.type === "uuid") emit(c, Op.uuid, mark);
  else emit(c, Op.int, mark, 0, size);
}
