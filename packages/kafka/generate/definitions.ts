// Apache Kafka's message definitions (common/message/*.json in kafka-clients.jar) read into our schema shape.
// They are JSON with `//` comment lines; a tag may be a string, a default a string or a literal, `fields` may be
// missing, and `validVersions` may be "none" (a removed API, left out here).

import type { FieldSchema, MessageSchema, Primitive, Versions } from "../src/schema.ts";

export interface Definition {
  readonly kind: "request" | "response" | "data" | "header";
  readonly apiKey: number | undefined;
  readonly listeners: readonly string[];
  readonly latestVersionUnstable: boolean;
  readonly message: MessageSchema;
}

interface RawField {
  name: string;
  type: string;
  versions?: string;
  nullableVersions?: string;
  taggedVersions?: string;
  flexibleVersions?: string;
  tag?: number | string;
  entityType?: string;
  default?: string | number | boolean;
  fields?: RawField[];
}

interface RawMessage {
  apiKey?: number;
  type: Definition["kind"];
  name: string;
  listeners?: string[];
  validVersions: string;
  flexibleVersions?: string;
  latestVersionUnstable?: boolean;
  fields?: RawField[];
  commonStructs?: { name: string; fields: RawField[] }[];
}

const PRIMITIVES = new Set(
  "bool int8 int16 uint16 int32 int64 float64 uuid string bytes records".split(" "),
);

/** One definition file; undefined when no version of it is valid any more. */
export function readDefinition(text: string): Definition | undefined {
  const withoutComments = text.replace(/^\s*\/\/.*$/gm, "").replace(/(^|[^:"])\/\/ .*$/gm, "$1");
  const raw = JSON.parse(withoutComments) as RawMessage;
  const versions = readVersions(raw.validVersions);
  if (!versions) return undefined;
  const flexible = readVersions(raw.flexibleVersions ?? "none");
  const structs = new Map(raw.commonStructs?.map((s) => [s.name, s.fields]));
  return {
    kind: raw.type,
    apiKey: raw.apiKey,
    listeners: raw.listeners ?? [],
    latestVersionUnstable: raw.latestVersionUnstable === true,
    message: {
      name: raw.name,
      versions,
      ...(flexible && flexible[0] <= versions[1] ? { flexibleFrom: flexible[0] } : {}),
      fields: readFields(raw.fields ?? [], versions, structs),
    },
  };
}

/** "3", "0-12", "4+" or "none". */
function readVersions(text: string): Versions | undefined {
  if (text === "none") return undefined;
  const match = /^(\d+)(?:(\+)|-(\d+))?$/.exec(text);
  if (!match) throw new Error(`cannot read versions "${text}"`);
  const min = Number(match[1]);
  const max = match[2] ? 32767 : Number(match[3] ?? match[1]);
  return [min, max];
}

function clip(text: string | undefined, valid: Versions): Versions | undefined {
  const range = readVersions(text ?? "none");
  if (!range) return undefined;
  const clipped: Versions = [Math.max(range[0], valid[0]), Math.min(range[1], valid[1])];
  return clipped[0] <= clipped[1] ? clipped : undefined;
}

function readFields(
  raws: readonly RawField[],
  valid: Versions,
  structs: ReadonlyMap<string, RawField[]>,
): FieldSchema[] {
  return raws.flatMap((raw) => {
    const versions = clip(raw.versions ?? raw.taggedVersions, valid);
    return versions ? [readField(raw, versions, valid, structs)] : [];
  });
}

function readField(
  raw: RawField,
  versions: Versions,
  valid: Versions,
  structs: ReadonlyMap<string, RawField[]>,
): FieldSchema {
  const array = raw.type.startsWith("[]");
  const element = array ? raw.type.slice(2) : raw.type;
  const type = (PRIMITIVES.has(element) ? element : "struct") as Primitive;
  const nullable = clip(raw.nullableVersions, versions);
  const tagged = raw.tag === undefined ? undefined : clip(raw.taggedVersions, versions);
  const fallback = readDefault(raw.default, type, array);
  const everywhere = versions[0] === valid[0] && versions[1] === valid[1];
  return {
    name: raw.name.charAt(0).toLowerCase() + raw.name.slice(1),
    type,
    ...(array ? { array } : {}),
    ...(everywhere ? {} : { versions }),
    ...(nullable ? { nullable } : {}),
    ...(tagged ? { tag: Number(raw.tag), tagged } : {}),
    ...(raw.flexibleVersions === "none" ? { flexible: false as const } : {}),
    ...(raw.entityType === undefined ? {} : { entity: raw.entityType }),
    ...(fallback === undefined ? {} : { default: fallback }),
    ...(type === "struct" ? { fields: fieldsOf(raw, element, versions, structs) } : {}),
  };
}

function fieldsOf(
  raw: RawField,
  struct: string,
  valid: Versions,
  structs: ReadonlyMap<string, RawField[]>,
): FieldSchema[] {
  const fields = raw.fields ?? structs.get(struct);
  if (!fields) throw new Error(`${raw.name}: unknown struct ${struct}`);
  return readFields(fields, valid, structs);
}

/** The default as a value; undefined when it is the type's zero anyway. */
function readDefault(raw: RawField["default"], type: Primitive, array: boolean) {
  if (raw === undefined) return undefined;
  if (raw === "null") return null;
  if (array || raw === "" || raw === "0" || raw === 0 || String(raw) === "false") return undefined;
  if (type === "string") return String(raw);
  if (type === "bool") return String(raw) === "true";
  if (type === "int64") return BigInt(raw);
  return Number(raw);
}
