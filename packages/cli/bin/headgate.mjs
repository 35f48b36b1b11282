#!/usr/bin/env node
// Starts the CLI on a Node that runs TypeScript. npm scripts and npx find that Node first on their path (it comes with
// `npm install`); called in any other way by an older Node, this hands over to it.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { useCompileCache } from "./compile-cache.mjs";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const bundled = fileURLToPath(new URL("../../../node_modules/.bin/node", import.meta.url));

if (Number(process.versions.node.split(".")[0]) >= 24) {
  useCompileCache();
  await import(main);
} else if (existsSync(bundled)) {
  const self = fileURLToPath(import.meta.url);
  const ended = spawnSync(bundled, [self, ...process.argv.slice(2)], { stdio: "inherit" });
  process.exit(ended.status ?? 1);
} else {
  process.stderr.write(`Headgate needs Node 24 or newer here; this is ${process.version}.\n`);
  process.exit(1);
}
