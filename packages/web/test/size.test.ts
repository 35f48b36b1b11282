// What a browser must load, compressed, before it shows a page: by the imports between the files of the bundle.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { beforeAll, expect, test } from "vitest";
import { buildPortal } from "../build/build.ts";

let assets: string;
let index: string;

beforeAll(async () => {
  const { dir } = await buildPortal();
  assets = join(dir, "assets");
  index = readFileSync(join(dir, "index.html"), "utf8");
});

/** A file and all it imports before it runs, not what it loads later. */
function withImports(name: string, found = new Set<string>()): Set<string> {
  if (found.has(name)) return found;
  found.add(name);
  const code = readFileSync(join(assets, name), "utf8");
  // `import{a}from"./b.js"` and `import"./b.js"`; never `import("./b.js")`.
  for (const [, imported] of code.matchAll(/(?:from|import)\s*"[.]\/([\w.-]+[.]js)"/g)) {
    withImports(imported!, found);
  }
  return found;
}

const sizeOf = (name: string) => gzipSync(readFileSync(join(assets, name))).length;
const sum = (names: Iterable<string>) => [...names].reduce((all, name) => all + sizeOf(name), 0);
const chunkOf = (page: string) =>
  readdirSync(assets).find((name) => new RegExp(`^${page}-[\\w-]{8}[.]js$`).test(name))!;

test("the first page needs at most 160 kB of script, each other at most 60 kB more, styles 20 kB", () => {
  const entry = /src="\/assets\/(index-[\w-]+[.]js)"/.exec(index)![1]!;
  const first = withImports(chunkOf("start"), withImports(entry));
  expect(first.size).toBeGreaterThan(3);
  expect(sum(first)).toBeLessThanOrEqual(160_000);
  const base = withImports(entry);
  for (const page of ["topics", "topic", "usage", "keys"]) {
    const own = [...withImports(chunkOf(page))].filter((name) => !base.has(name));
    expect(`${page} ${own.length > 0 && sum(own) <= 60_000}`).toBe(`${page} true`);
  }
  const styles = readdirSync(assets).filter((name) => name.endsWith(".css"));
  expect(styles.length).toBeGreaterThan(0);
  expect(sum(styles)).toBeLessThanOrEqual(20_000);
});

test("the page asks this host only, and nothing in it is inline", () => {
  expect(index).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
  expect(index).not.toMatch(/<style|<script(?![^>]*src=)|\son\w+=|\sstyle=/);
});
