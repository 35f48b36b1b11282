// Apache Kafka's jars: an unpacked Kafka the user names, or a cache that Maven fills once. A cached directory appears
// by one rename, so it is whole or absent, and with it present neither Maven nor the network is touched.
import { spawn } from "node:child_process";
import { mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AppError } from "@headgate/core/errors";
import { kafkaPom, kafkaVersion } from "@headgate/kafka/distribution";
import { makeDirs } from "./data-dir.ts";
import { errnoOf } from "./errno.ts";
import { findOnPath } from "./java.ts";

const FIX_OTHERWISE =
  "or unpack Apache Kafka 4.x yourself and set HEADGATE_KAFKA_HOME to its directory.";

export interface JarsOptions {
  /** Headgate's cache directory; see `defaultCacheDir`. */
  cacheDir: string;
  /** HEADGATE_KAFKA_HOME: an unpacked Apache Kafka 4.x, used instead of the cache. */
  kafkaHome?: string | undefined;
  /** PATH, for `mvn`. */
  path: string;
  onProgress?: ((message: string) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** `$XDG_CACHE_HOME/headgate`, or `~/.cache/headgate`. */
export function defaultCacheDir(
  env: { XDG_CACHE_HOME?: string | undefined },
  home: string,
): string {
  const base = env.XDG_CACHE_HOME;
  return join(base !== undefined && base !== "" ? base : join(home, ".cache"), "headgate");
}

/** Absolute paths of all jars, sorted: the order is part of what a class archive is tied to. */
export async function kafkaJars(options: JarsOptions): Promise<string[]> {
  if (options.kafkaHome !== undefined && options.kafkaHome !== "") {
    return jarsOfHome(options.kafkaHome);
  }
  const libs = join(options.cacheDir, `kafka-${kafkaVersion}`, "libs");
  const cached = await jarsIn(libs);
  if (cached.length > 0) return cached;
  await fetchJars(libs, options);
  return jarsIn(libs);
}

async function jarsOfHome(kafkaHome: string): Promise<string[]> {
  const jars = await jarsIn(join(kafkaHome, "libs"));
  if (jars.some((jar) => /[/\\]kafka_2\.13-4\.[^/\\]*\.jar$/.test(jar))) return jars;
  throw new AppError("kafka.start_failed", {
    detail: `HEADGATE_KAFKA_HOME has no Apache Kafka 4.x in libs/: ${kafkaHome}`,
    fix: "Point HEADGATE_KAFKA_HOME at an unpacked kafka_2.13-4.x, or unset it to let Maven fetch Kafka.",
  });
}

async function jarsIn(dir: string): Promise<string[]> {
  const names = await readdir(dir).catch(() => []);
  return names
    .filter((name) => name.endsWith(".jar"))
    .sort()
    .map((name) => join(dir, name));
}

async function fetchJars(libs: string, options: JarsOptions): Promise<void> {
  const mvn = await findOnPath("mvn", options.path);
  if (mvn === undefined) {
    throw new AppError("env.maven_missing", {
      detail: `Apache Kafka ${kafkaVersion} is not in ${options.cacheDir} and there is no Maven (mvn) to fetch it.`,
      fix: `Install Maven (Debian and Ubuntu: apt install maven; macOS: brew install maven), ${FIX_OTHERWISE}`,
    });
  }
  options.onProgress?.(`Fetching Apache Kafka ${kafkaVersion} with Maven (45 MB, only this once)`);
  const temp = await tempIn(options.cacheDir);
  try {
    await writeFile(join(temp, "pom.xml"), kafkaPom("kafka_2.13"));
    await runMaven(mvn, temp, options.signal);
    makeDirs(join(libs, ".."));
    await rename(join(temp, "libs"), libs).catch((error: unknown) => {
      // Another process was faster; its directory is as whole as ours.
      if (!["ENOTEMPTY", "EEXIST"].includes(errnoOf(error) ?? "")) throw error;
    });
  } finally {
    await rm(temp, { recursive: true, force: true });
  }
}

async function tempIn(cacheDir: string): Promise<string> {
  try {
    makeDirs(cacheDir);
    return await mkdtemp(join(cacheDir, "fetch-"));
  } catch (error) {
    throw new AppError("env.data_not_writable", {
      detail: `The cache directory cannot be written: ${cacheDir} (${errnoOf(error)})`,
      fix: "Make it writable or set XDG_CACHE_HOME to a directory that is.",
      cause: error,
    });
  }
}

function runMaven(mvn: string, dir: string, signal: AbortSignal | undefined): Promise<void> {
  const goal = ["dependency:copy-dependencies", `-DoutputDirectory=${join(dir, "libs")}`];
  const child = spawn(mvn, ["-q", "-B", "-ntp", "-f", join(dir, "pom.xml"), ...goal], {
    stdio: ["ignore", "pipe", "pipe"],
    ...(signal === undefined ? {} : { signal }),
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output = (output + text).slice(-4000);
    });
  }
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) return resolve();
      const why = /ERROR\] (.*)/.exec(output)?.[1] ?? `exit status ${code}`;
      reject(
        new AppError("env.download_failed", {
          detail: `Maven could not fetch Apache Kafka ${kafkaVersion}: ${why}`,
          fix: `Check the network and Maven's settings (~/.m2/settings.xml) and start again, ${FIX_OTHERWISE}`,
        }),
      );
    });
  });
}
