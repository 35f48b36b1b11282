// Finds the Java that runs the broker and refuses what Apache Kafka 4 cannot run on. The `release` file beside the JVM
// answers in a millisecond; `java -version`, which starts a JVM, is asked only where that file is missing.
import { execFile } from "node:child_process";
import { access, constants, readFile, realpath } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { AppError } from "@headgate/core/errors";

const run = promisify(execFile);

/** Apache Kafka 4 brokers are compiled for Java 17 (KIP-1013). */
export const JAVA_MAJOR_MIN = 17;

const FIX =
  "Install Java 17 or newer (Debian and Ubuntu: apt install openjdk-17-jre-headless; macOS: brew install openjdk) " +
  "or point JAVA_HOME at one.";

export interface Java {
  /** Absolute path of the executable, links resolved. */
  executable: string;
  major: number;
  /** Names the exact build: an archive of classes is only good for the build that wrote it. */
  build: string;
}

export interface JavaSearch {
  /** JAVA_HOME; wins over `path`. */
  javaHome?: string | undefined;
  /** PATH. */
  path: string;
}

/** The first Java found; throws `env.java_missing` or `env.java_too_old`. */
export async function findJava(search: JavaSearch): Promise<Java> {
  const executable = await locate(search);
  const text = (await releaseFile(executable)) ?? (await askVersion(executable));
  const major = majorOf(text);
  if (major === undefined) {
    throw new AppError("env.java_missing", {
      detail: `${executable} does not say which Java it is.`,
      fix: FIX,
    });
  }
  if (major < JAVA_MAJOR_MIN) {
    throw new AppError("env.java_too_old", {
      detail: `${executable} is Java ${major}; Apache Kafka needs Java ${JAVA_MAJOR_MIN} or newer.`,
      fix: FIX,
    });
  }
  return { executable, major, build: text };
}

/** `17.0.15`, `25-ea` and the old `1.8.0_452` alike. */
export function majorOf(text: string): number | undefined {
  const match = /(?:JAVA_VERSION=|version )"(?:1\.)?(\d+)/.exec(text);
  return match === null ? undefined : Number(match[1]);
}

/** Looks an executable up in a PATH. */
export async function findOnPath(name: string, path: string): Promise<string | undefined> {
  for (const dir of path.split(delimiter)) {
    if (dir === "") continue;
    const file = join(dir, name);
    if (await isExecutable(file)) return file;
  }
  return undefined;
}

async function locate({ javaHome, path }: JavaSearch): Promise<string> {
  if (javaHome !== undefined && javaHome !== "") {
    const file = join(javaHome, "bin", "java");
    if (await isExecutable(file)) return realpath(file);
    const detail = `JAVA_HOME has no bin/java: ${javaHome}`;
    throw new AppError("env.java_missing", { detail, fix: FIX });
  }
  const file = await findOnPath("java", path);
  if (file !== undefined) return realpath(file);
  throw new AppError("env.java_missing", { detail: "There is no java on the PATH.", fix: FIX });
}

async function releaseFile(executable: string): Promise<string | undefined> {
  const file = join(dirname(dirname(executable)), "release");
  const text = await readFile(file, "utf8").catch(() => undefined);
  return text !== undefined && majorOf(text) !== undefined ? text : undefined;
}

async function askVersion(executable: string): Promise<string> {
  try {
    const { stdout, stderr } = await run(executable, ["-version"], { timeout: 20_000 });
    return `${stderr}${stdout}`;
  } catch (error) {
    // macOS ships a /usr/bin/java that only tells the user to install one.
    const detail = `${executable} does not run.`;
    throw new AppError("env.java_missing", { detail, fix: FIX, cause: error });
  }
}

async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
