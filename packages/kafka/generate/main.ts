// `npm run generate [kafka-clients.jar]`: re-makes src/generated from Apache Kafka's own message definitions.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { kafkaVersion } from "../src/distribution.ts";
import { generate } from "./generate.ts";
import { kafkaClientsJar } from "./jar.ts";

const cacheDir = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
const jar = process.argv[2] ?? kafkaClientsJar(cacheDir);
const target = join(import.meta.dirname, "../src/generated");
mkdirSync(target, { recursive: true });
for (const [name, source] of Object.entries(generate(readFileSync(jar), kafkaVersion))) {
  writeFileSync(join(target, name), source);
  console.error(`wrote ${name}`);
}
