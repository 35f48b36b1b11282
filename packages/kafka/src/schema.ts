// The shape of the generated message descriptions (src/generated/schemas.ts), and their resolution for one version:
// `resolve` drops what the version does not have and decides compact, nullable and tagged once, so that the codec and
// the plan compiler read the same truth.

export type Direction = "request" | "response";

export type Primitive =
  | "bool"
  | "int8"
  | "int16"
  | "uint16"
  | "int32"
  | "int64"
  | "float64"
  | "uuid"
  | "string"
  | "bytes"
  | "records"
  | "struct";

/** Inclusive version range. */
export type Versions = readonly [min: number, max: number];

export interface FieldSchema {
  readonly name: string;
  readonly type: Primitive;
  readonly array?: true;
  /** Absent: wherever the enclosing struct (or message) is. */
  readonly versions?: Versions;
  readonly nullable?: Versions;
  readonly tag?: number;
  readonly tagged?: Versions;
  /** Apache's `entityType`. */
  readonly entity?: string;
  /** Absent: the zero of the type. */
  readonly default?: string | number | bigint | boolean | null;
  /** False: never compact, even in flexible versions (RequestHeader.ClientId). */
  readonly flexible?: false;
  readonly fields?: readonly FieldSchema[];
}

export interface MessageSchema {
  readonly name: string;
  readonly versions: Versions;
  /** First flexible version; absent: none is. */
  readonly flexibleFrom?: number;
  readonly fields: readonly FieldSchema[];
}

export interface ApiSchema {
  readonly key: number;
  readonly name: string;
  /** The highest version is still in development and must not be advertised. */
  readonly latestVersionUnstable?: true;
  readonly request: MessageSchema;
  readonly response: MessageSchema;
}

/** One field as it lies on the wire in one version. */
export interface Field {
  readonly name: string;
  readonly type: Primitive;
  readonly array: boolean;
  readonly nullable: boolean;
  readonly compact: boolean;
  readonly entity: string | undefined;
  readonly default: string | number | bigint | boolean | null | undefined;
  readonly struct: Struct | undefined;
}

export interface Struct {
  readonly flexible: boolean;
  /** Untagged fields in wire order. */
  readonly fields: readonly Field[];
  readonly tagged: readonly { readonly tag: number; readonly field: Field }[];
  /** Fields this version does not have: a decoded value carries their defaults. */
  readonly absent: readonly Field[];
}

const within = (range: Versions | undefined, version: number) =>
  range !== undefined && version >= range[0] && version <= range[1];

/** What `message` is in `version`; the caller has checked that the version exists. */
export function resolve(message: MessageSchema, version: number): Struct {
  const flexible = message.flexibleFrom !== undefined && version >= message.flexibleFrom;
  return resolveStruct(message.fields, version, flexible);
}

function resolveStruct(
  schemas: readonly FieldSchema[],
  version: number,
  flexible: boolean,
): Struct {
  const fields: Field[] = [];
  const tagged: { tag: number; field: Field }[] = [];
  const absent: Field[] = [];
  for (const schema of schemas) {
    const field = resolveField(schema, version, flexible);
    if (schema.versions !== undefined && !within(schema.versions, version)) absent.push(field);
    else if (flexible && schema.tag !== undefined && within(schema.tagged, version))
      tagged.push({ tag: schema.tag, field });
    else fields.push(field);
  }
  tagged.sort((a, b) => a.tag - b.tag);
  return { flexible, fields, tagged, absent };
}

function resolveField(schema: FieldSchema, version: number, flexible: boolean): Field {
  return {
    name: schema.name,
    type: schema.type,
    array: schema.array === true,
    nullable: within(schema.nullable, version),
    compact: flexible && schema.flexible !== false,
    entity: schema.entity,
    default: schema.default,
    struct: schema.fields && resolveStruct(schema.fields, version, flexible),
  };
}

/** Bytes of the types that always take as many. */
export const SCALAR_BYTES: Readonly<Partial<Record<Primitive, number>>> = {
  bool: 1,
  int8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  int64: 8,
  float64: 8,
  uuid: 16,
};

/** A lower bound for an element's bytes: a count that cannot fit is refused before anything is done with it. */
export function leastBytes(field: Field): number {
  if (field.struct) return Math.max(1, leastStructBytes(field.struct));
  return SCALAR_BYTES[field.type] ?? lengthBytes(field);
}

function leastStructBytes(struct: Struct): number {
  let bytes = struct.flexible ? 1 : 0;
  for (const field of struct.fields) {
    if (field.array) bytes += field.compact ? 1 : 4;
    else bytes += field.nullable && field.struct ? 1 : leastBytes(field);
  }
  return bytes;
}

function lengthBytes(field: Field): number {
  if (field.compact) return 1;
  return field.type === "string" ? 2 : 4;
}
