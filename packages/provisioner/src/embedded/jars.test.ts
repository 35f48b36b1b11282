import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kafkaVersion } from "@headgate/kafka/distribution";
import { afterEach, beforeEach, expect, test } from "vitest";
import { defaultCacheDir, kafkaJars } from "./jars.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "headgate-jars-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** A program named mvn: a real process that does with its arguments what the script says. */
function fakeMaven(script: string): string {
  const bin = join(dir, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "mvn"), `#!/bin/sh\n${script}\n`);
  chmodSync(join(bin, "mvn"), 0o755);
  return bin;
}

const COPIES = `for a; do case $a in -DoutputDirectory=*) out=\${a#*=};; esac; done
/bin/mkdir -p "$out" && echo jar >"$out/b.jar" && echo jar >"$out/a.jar"`;

test("without Maven and without cached jars, the error says what to install or set", async () => {
  await expect(kafkaJars({ cacheDir: join(dir, "cache"), path: dir })).rejects.toMatchObject({
    code: "env.maven_missing",
    fix: expect.stringMatching(/apt install maven.*HEADGATE_KAFKA_HOME/),
  });
});

test("cached jars need neither Maven nor the network", async () => {
  const libs = join(dir, `kafka-${kafkaVersion}`, "libs");
  mkdirSync(libs, { recursive: true });
  writeFileSync(join(libs, "a.jar"), "");
  expect(await kafkaJars({ cacheDir: dir, path: "" })).toEqual([join(libs, "a.jar")]);
});

test("two fetches at once both end with the whole set, and no leftovers", async () => {
  const path = fakeMaven(COPIES);
  const cacheDir = join(dir, "cache");
  const progress: string[] = [];
  const fetch = () => kafkaJars({ cacheDir, path, onProgress: (text) => progress.push(text) });
  const [one, two] = await Promise.all([fetch(), fetch()]);
  expect(one).toEqual(two);
  expect(one.map((jar) => jar.slice(-5))).toEqual(["a.jar", "b.jar"]);
  expect(readdirSync(cacheDir)).toEqual([`kafka-${kafkaVersion}`]);
  expect(progress[0]).toContain("Fetching Apache Kafka");
});

test("a fetch that fails shows Maven's reason and leaves the cache as it was", async () => {
  const path = fakeMaven('echo "[ERROR] Could not transfer artifact"; exit 1');
  const cacheDir = join(dir, "cache");
  await expect(kafkaJars({ cacheDir, path })).rejects.toMatchObject({
    code: "env.download_failed",
    message: expect.stringContaining("Could not transfer artifact"),
  });
  expect(readdirSync(cacheDir)).toEqual([]);
});

test("a HEADGATE_KAFKA_HOME without Kafka 4 is refused", async () => {
  const options = { cacheDir: dir, kafkaHome: join(dir, "none"), path: "" };
  await expect(kafkaJars(options)).rejects.toMatchObject({
    code: "kafka.start_failed",
    fix: expect.stringContaining("HEADGATE_KAFKA_HOME"),
  });
});

test("the cache follows XDG_CACHE_HOME", () => {
  expect(defaultCacheDir({ XDG_CACHE_HOME: "/x" }, "/home/u")).toBe("/x/headgate");
  expect(defaultCacheDir({}, "/home/u")).toBe("/home/u/.cache/headgate");
});
