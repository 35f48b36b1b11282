// The class archive that halves the start. The first real run writes it as it ends (JEP 350), so no run is made for it
// and no start waits for it; from the second start on it is used. A bad archive only costs time: the JVM ignores it.
import { createHash } from "node:crypto";
import { access, stat } from "node:fs/promises";
import { join } from "node:path";
import { makeDirs } from "./data-dir.ts";
import type { Java } from "./java.ts";

export interface ClassArchive {
  flags: string[];
  /** Set when this run writes the archive: the watchdog moves `temp` to `final` after a clean end. */
  training?: { temp: string; final: string };
}

/** What an archive is tied to: JVM build, flags, and the class path in order with sizes and times. */
export interface ArchiveTies {
  cacheDir: string;
  java: Java;
  jars: readonly string[];
  jvmFlags: readonly string[];
}

export async function classArchive(ties: ArchiveTies): Promise<ClassArchive> {
  const dir = join(ties.cacheDir, "archives");
  const final = join(dir, `${await keyOf(ties)}.jsa`);
  if (await exists(final)) return { flags: [`-XX:SharedArchiveFile=${final}`, ...QUIET] };
  try {
    makeDirs(dir);
  } catch {
    return { flags: [] };
  }
  const temp = `${final}.${process.pid}-${Date.now()}`;
  return { flags: [`-XX:ArchiveClassesAtExit=${temp}`, ...QUIET], training: { temp, final } };
}

// Hundreds of lines about lambdas that cannot be archived.
const QUIET = ["-Xlog:cds=off", "-Xlog:cds+dynamic=off"];

async function keyOf({ java, jars, jvmFlags }: ArchiveTies): Promise<string> {
  const hash = createHash("sha256").update(
    `${java.executable}\n${java.build}\n${jvmFlags.join(" ")}\n`,
  );
  const stats = await Promise.all(jars.map((jar) => stat(jar)));
  jars.forEach((jar, i) => {
    hash.update(`${jar} ${stats[i]?.size} ${stats[i]?.mtimeMs}\n`);
  });
  return hash.digest("hex").slice(0, 16);
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
