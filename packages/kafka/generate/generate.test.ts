import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { kafkaVersion } from "../src/distribution.ts";
import { generate } from "./generate.ts";
import { kafkaClientsJar } from "./jar.ts";

it("the committed descriptions are what Apache's definitions generate, byte for byte", () => {
  const cacheDir = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  const jar = readFileSync(kafkaClientsJar(cacheDir));
  for (const [name, source] of Object.entries(generate(jar, kafkaVersion)))
    expect(readFileSync(join(import.meta.dirname, "../src/generated", name), "utf8")).toBe(source);
}, 120_000);
