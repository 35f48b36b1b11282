// One JVM under its watchdog: how it is launched, how it ends, and how one that outlived its Node process is found and
// stopped. The watchdog and the JVM have a session of their own, so Ctrl-C in a terminal reaches Node only.
import { execFile, spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { AppError } from "@headgate/core/errors";
import { notWritable } from "./data-dir.ts";
import { errnoOf } from "./errno.ts";

const run = promisify(execFile);
const WATCHDOG = join(import.meta.dirname, "watchdog.sh");
const LOG_BYTES_MAX = 16 * 1024 * 1024;

export interface JvmCommand {
  executable: string;
  args: string[];
  pidFile: string;
  logFile: string;
  /** How long the watchdog waits between SIGTERM and SIGKILL when Node has gone. */
  graceSeconds: number;
  training?: { temp: string; final: string } | undefined;
}

export interface JvmExit {
  /** Exit status; 128 + n after signal n, as a shell says it. */
  status: number;
}

export interface Jvm {
  pid: number;
  exited: Promise<JvmExit>;
  /** SIGTERM through the watchdog, SIGKILL after `timeoutMs`; resolves when the process is gone. */
  stop(timeoutMs: number): Promise<JvmExit>;
}

/** Resolves when the JVM process exists; it may end at any time after. */
export async function launchJvm(command: JvmCommand): Promise<Jvm> {
  const { pidFile, graceSeconds, training } = command;
  const archive = [training?.temp ?? "", training?.final ?? ""];
  const own = [WATCHDOG, pidFile, String(graceSeconds), ...archive];
  const log = openLog(command.logFile);
  const watchdog = spawn("/bin/sh", [...own, command.executable, ...command.args], {
    stdio: ["pipe", "pipe", log],
    detached: true,
  });
  closeSync(log);
  const { stdin, stdout } = watchdog;
  if (stdin === null || stdout === null) throw new Error("spawned without pipes");
  stdin.on("error", () => undefined);
  const exited = new Promise<JvmExit>((resolve) => {
    watchdog.once("exit", (code) => resolve({ status: code ?? 137 }));
    watchdog.once("error", () => resolve({ status: 127 }));
  });
  const pid = await firstLine(stdout, exited);
  return {
    pid,
    exited,
    stop: async (timeoutMs) => {
      // Its end is the order to stop. The watchdog must not kill before we would.
      if (!stdin.writableEnded) stdin.end(`${Math.ceil(timeoutMs / 1000)}\n`);
      const killer = setTimeout(() => signal(pid, "SIGKILL"), timeoutMs);
      const exit = await exited;
      clearTimeout(killer);
      return exit;
    },
  };
}

/**
 * Stops the JVM that the pid file names, if it still runs and its command line carries `mark`: a pid may belong to a
 * stranger by now. True when there was one.
 */
export async function stopOrphan(
  pidFile: string,
  mark: string,
  timeoutMs: number,
): Promise<boolean> {
  const pid = existsSync(pidFile) ? Number(readFileSync(pidFile, "utf8")) : Number.NaN;
  const ours = async () => (await commandLine(pid)).includes(mark);
  if (!Number.isInteger(pid) || pid <= 1 || !(await ours())) return false;
  signal(pid, "SIGTERM");
  const deadline = Date.now() + timeoutMs;
  while (await ours()) {
    if (Date.now() > deadline) signal(pid, "SIGKILL");
    await sleep(20);
  }
  return true;
}

/** A process's arguments, or "" when it is gone (a zombie has none either). */
async function commandLine(pid: number): Promise<string> {
  try {
    if (existsSync("/proc/self/cmdline")) return readFileSync(`/proc/${pid}/cmdline`, "utf8");
    return (await run("ps", ["-ww", "-o", "args=", "-p", String(pid)])).stdout;
  } catch {
    return "";
  }
}

/** The last lines of the broker's log, for an error message. */
export function logTail(logFile: string, lines: number): string {
  try {
    return readFileSync(logFile, "utf8").trimEnd().split("\n").slice(-lines).join("\n");
  } catch {
    return "";
  }
}

function openLog(logFile: string): number {
  try {
    if (existsSync(logFile) && statSync(logFile).size > LOG_BYTES_MAX) truncateSync(logFile);
    return openSync(logFile, "a", 0o600);
  } catch (error) {
    throw notWritable(logFile, error);
  }
}

async function firstLine(stdout: NodeJS.ReadableStream, exited: Promise<JvmExit>): Promise<number> {
  const line = new Promise<string>((resolve) => {
    createInterface({ input: stdout }).once("line", resolve);
  });
  const pid = Number(await Promise.race([line, exited.then(() => "")]));
  if (pid > 0) return pid;
  throw new AppError("kafka.start_failed", {
    detail: "The broker's watchdog (/bin/sh) did not run.",
  });
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (errnoOf(error) !== "ESRCH") throw error;
  }
}
