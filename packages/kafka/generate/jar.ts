// Where kafka-clients.jar lies: the cache that the embedded broker fills with all of Kafka's jars. When it is empty,
// the same Maven goal fills it here; a temporary directory renamed into place makes two fillers at once harmless.

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { kafkaPom, kafkaVersion } from "../src/distribution.ts";

/** Path of kafka-clients.jar under `cacheDir` (the user's cache directory), fetched once when it is not there. */
export function kafkaClientsJar(cacheDir: string): string {
  const home = join(cacheDir, "headgate", `kafka-${kafkaVersion}`);
  const libs = join(home, "libs");
  const jar = join(libs, `kafka-clients-${kafkaVersion}.jar`);
  if (existsSync(jar)) return jar;
  mkdirSync(home, { recursive: true });
  const work = mkdtempSync(join(home, "fetch-"));
  try {
    writeFileSync(join(work, "pom.xml"), kafkaPom("kafka_2.13"));
    const args = ["-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=libs"];
    execFileSync("mvn", args, { cwd: work, stdio: ["ignore", "inherit", "inherit"] });
    if (!existsSync(libs)) renameSync(join(work, "libs"), libs);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return jar;
}
