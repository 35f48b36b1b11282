// Random message values for any resolved struct, for property tests. Values are what decoding answers: complete, with
// defaults where the version has no such field.

import fc from "fast-check";
import { decode, encode } from "../src/codec.ts";
import type { Field, Struct } from "../src/schema.ts";

const SCALARS: Record<string, fc.Arbitrary<unknown>> = {
  bool: fc.boolean(),
  int8: fc.integer({ min: -128, max: 127 }),
  int16: fc.integer({ min: -32768, max: 32767 }),
  uint16: fc.integer({ min: 0, max: 65535 }),
  int32: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  // Offsets, ids and times: the walker shows them as numbers.
  int64: fc.bigInt({ min: -(2n ** 53n) + 1n, max: 2n ** 53n - 1n }),
  float64: fc.double({ noNaN: true }),
  uuid: fc
    .uint8Array({ minLength: 16, maxLength: 16 })
    .map((b) => Buffer.from(b).toString("base64url")),
  // Around 127 bytes a compact length changes its own size.
  string: fc.oneof(
    { weight: 5, arbitrary: fc.string({ maxLength: 12, unit: "binary" }).map(wellFormed) },
    { weight: 1, arbitrary: fc.string({ minLength: 110, maxLength: 140 }) },
  ),
  bytes: fc.uint8Array({ maxLength: 20 }).map((b) => Buffer.from(b)),
  records: fc.oneof(
    fc.uint8Array({ maxLength: 40 }).map((b) => Buffer.from(b)),
    fc.constant(Buffer.alloc(5000, 7)),
  ),
};

function wellFormed(text: string): string {
  return text.toWellFormed();
}

export function structValue(struct: Struct): fc.Arbitrary<object> {
  const shape: Record<string, fc.Arbitrary<unknown>> = {};
  for (const field of struct.fields) shape[field.name] = fieldValue(field);
  for (const { field } of struct.tagged)
    shape[field.name] = fc.oneof(fc.constant(undefined), fieldValue(field));
  // Through the codec once, so that absent and left-out fields carry their defaults.
  return fc.record(shape).map((value) => decode(struct, encode(struct, value)) as object);
}

function fieldValue(field: Field): fc.Arbitrary<unknown> {
  const one = field.struct
    ? structValue(field.struct)
    : (SCALARS[field.type] as fc.Arbitrary<unknown>);
  const value = field.array ? fc.array(one, { maxLength: 3 }) : one;
  return field.nullable ? fc.option(value) : value;
}
