// An independent account of the wire: each module of the npm package kafka-ts states, in a comment, the grammar of one
// version of one API. Ours, printed in the same notation, must be the same for every version both know. Their notation
// leaves the array marks of tagged fields out, so those are compared without.

import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { apiKeys, apiName, isKnown, structOf } from "../src/api-schemas.ts";
import type { Field, Struct } from "../src/schema.ts";

const root = join(dirname(createRequire(import.meta.url).resolve("kafka-ts")), "api");

const snake = (name: string) => name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();

function print(struct: Struct, indent: string): string[] {
  const members = [
    ...struct.fields.map((field) => ({ field, tag: "" })),
    ...struct.tagged.map(({ field, tag }) => ({ field, tag: `<tag: ${tag}>` })),
  ];
  const list = members.map(({ field, tag }) => listed(field, tag)).join(" ");
  const lines = [`{ ${list}${list ? " " : ""}}`];
  for (const { field, tag } of members) {
    const name = `${indent}${snake(field.name)}${tag}`;
    const [first, ...rest] = field.struct ? print(field.struct, `${indent}  `) : [scalar(field)];
    const mark = field.struct && !field.array && field.nullable ? "?" : "";
    lines.push(`${name} => ${mark}${first}`, ...rest);
  }
  return lines;
}

function listed(field: Field, tag: string): string {
  const name = snake(field.name);
  if (!field.array || tag) return `${name}${tag}`;
  return `${field.nullable ? "?" : ""}${field.compact ? `(${name})` : `[${name}]`}`;
}

function scalar(field: Field): string {
  if (!["string", "bytes", "records"].includes(field.type))
    return field.type === "bool" ? "BOOLEAN" : field.type.toUpperCase();
  const nullable = field.nullable && !field.array ? "NULLABLE_" : "";
  return `${field.compact ? "COMPACT_" : ""}${nullable}${field.type.toUpperCase()}`;
}

function theirs(): Map<string, string> {
  const blocks = new Map<string, string>();
  for (const folder of readdirSync(root, { withFileTypes: true })) {
    if (!folder.isDirectory()) continue;
    for (const file of readdirSync(join(root, folder.name)))
      if (/^v\d+\.js$/.test(file)) {
        const source = readFileSync(join(root, folder.name, file), "utf8");
        const comment = /\/\*\n([\s\S]*?)\*\//.exec(source)?.[1] ?? "";
        for (const block of comment.trim().split("\n\n")) {
          const head = /^(\w+) (Request|Response) \(Version: (\d+)\) => /.exec(block);
          if (head) blocks.set(`${head[1]} ${head[2]} ${head[3]}`, block.slice(head[0].length));
        }
      }
  }
  return blocks;
}

it("is described as by an independent implementation", () => {
  const keys = new Map(apiKeys.map((key) => [apiName(key), key]));
  const different: string[] = [];
  let same = 0;
  for (const [title, grammar] of theirs()) {
    const [name = "", kind = "", version = ""] = title.split(" ");
    const key = keys.get(name);
    if (key === undefined || !isKnown(key, Number(version))) continue;
    const direction = kind === "Request" ? "request" : "response";
    const ours = print(structOf(key, Number(version), direction), "  ").join("\n");
    if (ours === grammar.trimEnd()) same++;
    else different.push(title);
  }
  expect({ same, different }).toEqual({ same: 556, different: [] });
});
