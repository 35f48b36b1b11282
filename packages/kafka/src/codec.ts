// Messages as JavaScript values, for requests that are answered here or sent by ourselves (the data path uses
// walker.ts).
//
// int64 is a bigint; a uuid is Kafka's own text form (base64url, 22 characters); bytes and records are Buffers, decoded
// as views of the input; a nullable field may be null. A field that a version does not have decodes to its default, and
// is left out when encoding. Missing fields encode as their defaults, so a request names only what it means.

import { structOf } from "./api-schemas.ts";
import type { Requests, Responses } from "./generated/types.ts";
import { Reader } from "./reader.ts";
import type { Direction, Field, Struct } from "./schema.ts";
import { Writer } from "./writer.ts";

/** A message value in which every field may be left out. */
export type Input<T> = T extends Buffer | string | number | bigint | boolean | null
  ? T
  : T extends readonly (infer E)[]
    ? readonly Input<E>[]
    : { readonly [K in keyof T]?: Input<T[K]> | undefined };

export type ApiKey = keyof Requests & keyof Responses;

/** The zero uuid: "no topic id". */
export const ZERO_UUID = "AAAAAAAAAAAAAAAAAAAAAA";

/** Body of a request (no header, no size). Throws RangeError for an unknown API or version or a value out of range. */
export const encodeRequest = <K extends ApiKey>(
  apiKey: K,
  version: number,
  value: Input<Requests[K]>,
): Buffer => encode(structOf(apiKey, version, "request"), value);

export const encodeResponse = <K extends ApiKey>(
  apiKey: K,
  version: number,
  value: Input<Responses[K]>,
): Buffer => encode(structOf(apiKey, version, "response"), value);

/** The request in `body`, which must be the whole of it. Throws WireError. */
export const decodeRequest = <K extends ApiKey>(
  apiKey: K,
  version: number,
  body: Buffer,
): Requests[K] => decode(structOf(apiKey, version, "request"), body) as Requests[K];

export const decodeResponse = <K extends ApiKey>(
  apiKey: K,
  version: number,
  body: Buffer,
): Responses[K] => decode(structOf(apiKey, version, "response"), body) as Responses[K];

/**
 * One element of an array of structs, for an Appendix of the walker; `path` names the array ("responses", "topics").
 * Throws RangeError when there is no such array.
 */
export function encodeElement(
  apiKey: ApiKey,
  version: number,
  direction: Direction,
  path: string,
  value: object,
): Buffer {
  let struct: Struct | undefined = structOf(apiKey, version, direction);
  for (const name of path.split(".")) {
    const all: Field[] = [...struct.fields, ...struct.tagged.map((t) => t.field)];
    struct = all.find((field) => field.name === name)?.struct;
    if (!struct) throw new RangeError(`no array of structs at ${path}`);
  }
  return encode(struct, value);
}

type Value = Record<string, unknown>;

/** A resolved struct's bytes; for messages outside the API table (headers, the consumer protocol). */
export function encode(struct: Struct, value: object): Buffer {
  const writer = new Writer();
  writeStruct(writer, struct, value as Value);
  return writer.finish();
}

/** A value from bytes that hold exactly one `struct`, or one and a tail that is ignored. Throws WireError. */
export function decode(struct: Struct, bytes: Buffer, tail?: "with tail"): unknown {
  const reader = new Reader(bytes, 0, bytes.length);
  const value = readStruct(reader, struct);
  if (!tail) reader.finish();
  return value;
}

/** A value from where `reader` stands. Throws WireError. */
export function readStruct(r: Reader, struct: Struct): Value {
  const value: Value = {};
  for (const field of struct.fields) value[field.name] = readField(r, field);
  for (const field of struct.absent) value[field.name] = defaultOf(field);
  if (!struct.flexible) return value;
  for (const { field } of struct.tagged) value[field.name] = defaultOf(field);
  for (let count = r.varint(); count > 0; count--) {
    const tag = r.varint();
    const outerEnd = r.narrow(r.varint());
    const known = struct.tagged.find((candidate) => candidate.tag === tag);
    if (known) value[known.field.name] = readField(r, known.field);
    r.widen(outerEnd, known !== undefined);
  }
  return value;
}

function readField(r: Reader, field: Field): unknown {
  if (!field.array) return readOne(r, field, field.nullable);
  const count = r.count(field.compact, field.nullable, field);
  if (count < 0) return null;
  const items: unknown[] = [];
  for (let i = 0; i < count; i++) items.push(readOne(r, field, false));
  return items;
}

function readOne(r: Reader, field: Field, nullable: boolean): unknown {
  if (field.struct) return nullable && r.int8() < 0 ? null : readStruct(r, field.struct);
  switch (field.type) {
    case "string":
      return r.string(field.compact, nullable);
    case "bytes":
    case "records":
      return r.bytes(field.compact, nullable);
    case "struct":
      throw new Error(`${field.name} has no fields`);
    default:
      return r[field.type]();
  }
}

function writeStruct(w: Writer, struct: Struct, value: Value): void {
  for (const field of struct.fields) writeField(w, field, value[field.name]);
  if (!struct.flexible) return;
  const present = struct.tagged.filter(({ field }) => !isDefault(field, value[field.name]));
  w.varint(present.length);
  for (const { tag, field } of present) {
    const contents = new Writer();
    writeField(contents, field, value[field.name]);
    const bytes = contents.finish();
    w.varint(tag);
    w.varint(bytes.length);
    w.raw(bytes);
  }
}

function writeField(w: Writer, field: Field, given: unknown): void {
  const value = given === undefined ? defaultOf(field) : given;
  if (value === null && !field.nullable) throw new RangeError(`${field.name} may not be null`);
  if (!field.array) {
    writeOne(w, field, value, field.nullable);
    return;
  }
  const items = value as readonly unknown[] | null;
  w.count(items ? items.length : -1, field.compact);
  for (const item of items ?? []) writeOne(w, field, item, false);
}

function writeOne(w: Writer, field: Field, value: unknown, nullable: boolean): void {
  if (field.struct) {
    if (nullable) w.int8(value === null ? -1 : 1);
    if (value !== null) writeStruct(w, field.struct, value as Value);
    return;
  }
  switch (field.type) {
    case "bool":
      w.int8(value ? 1 : 0);
      break;
    case "int64":
      w.int64(value as bigint);
      break;
    case "uuid":
      w.uuid(value as string);
      break;
    case "string":
      w.string(value as string | null, field.compact);
      break;
    case "bytes":
    case "records":
      w.bytes(value as Buffer | null, field.compact);
      break;
    case "struct":
      throw new Error(`${field.name} has no fields`);
    default:
      w[field.type](value as number);
  }
}

const ZEROS: Readonly<Record<Field["type"], unknown>> = {
  bool: false,
  int8: 0,
  int16: 0,
  uint16: 0,
  int32: 0,
  int64: 0n,
  float64: 0,
  uuid: ZERO_UUID,
  string: "",
  bytes: Buffer.alloc(0),
  records: Buffer.alloc(0),
  struct: undefined,
};

/** What Apache's definitions say a field is when nobody set it. */
function defaultOf(field: Field): unknown {
  if (field.default === null) return null;
  if (field.array) return [];
  if (field.default !== undefined) return field.default;
  return field.struct ? defaultStruct(field.struct) : ZEROS[field.type];
}

function defaultStruct(struct: Struct): Value {
  const value: Value = {};
  for (const field of [...struct.fields, ...struct.tagged.map((t) => t.field), ...struct.absent])
    value[field.name] = defaultOf(field);
  return value;
}

/** Whether a tagged field can be left out, because the reader will put the same value there. */
function isDefault(field: Field, value: unknown): boolean {
  if (value === undefined) return true;
  const usual = defaultOf(field);
  if (value === null || usual === null) return value === usual;
  if (field.array) return (value as unknown[]).length === 0;
  if (Buffer.isBuffer(value)) return value.length === 0;
  if (!field.struct) return value === usual;
  const { fields, tagged } = field.struct;
  return [...fields, ...tagged.map((t) => t.field)].every((inner) =>
    isDefault(inner, (value as Value)[inner.name]),
  );
}
