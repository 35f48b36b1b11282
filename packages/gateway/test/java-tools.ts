// Apache Kafka's own console tools, fetched once by Maven into the user's cache and run as their users run them.
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { kafkaPom, kafkaVersion } from "@headgate/kafka/distribution";
import { canRun, type Ended, runProgram } from "./processes.ts";

export interface JavaTools {
  /** Runs a tool by the name of its class under `org.apache.kafka.tools`. */
  run(tool: string, args: readonly string[], stdin?: string): Promise<Ended>;
}

/** Undefined when there is no Java, or no Maven to fetch the tools the first time. */
export async function javaTools(): Promise<JavaTools | undefined> {
  const home = process.env.JAVA_HOME;
  const java = home ? join(home, "bin", "java") : "java";
  if (!(await canRun(java, ["-version"]))) return undefined;
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  const libs = join(cache, "headgate", `kafka-tools-${kafkaVersion}`, "libs");
  if (!existsSync(libs) && !(await fetchJars(libs))) return undefined;
  // Each tool lives for seconds: what pays off later is left out.
  const jvm = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"];
  const quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=error";
  return {
    run: (tool, args, stdin = "") =>
      runProgram(
        java,
        [...jvm, quiet, "-cp", `${libs}/*`, `org.apache.kafka.tools.${tool}`, ...args],
        { stdin },
      ),
  };
}

/** A directory that is renamed into place makes two fetchers at once harmless. */
async function fetchJars(libs: string): Promise<boolean> {
  if (!(await canRun("mvn", ["-v"]))) return false;
  const home = join(libs, "..");
  mkdirSync(home, { recursive: true });
  const work = mkdtempSync(join(home, "fetch-"));
  try {
    writeFileSync(join(work, "pom.xml"), kafkaPom("kafka-tools"));
    const goal = ["dependency:copy-dependencies", "-DincludeScope=runtime"];
    const fetched = await runProgram("mvn", [
      ...["-q", "-B", "-ntp", "-f", join(work, "pom.xml"), ...goal],
      `-DoutputDirectory=${join(work, "libs")}`,
    ]);
    if (fetched.code !== 0) return false;
    if (!existsSync(libs)) renameSync(join(work, "libs"), libs);
    return true;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
