// The whole service as its users run it: a process of its own, started by the command of the README.
import { type ChildProcess, type ChildProcessByStdio, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";

type Child = ChildProcessByStdio<null, Readable, Readable>;

export interface ReadyLine {
  readonly ready: true;
  readonly api: string;
  readonly bootstrap: string;
  readonly portal: string;
  readonly tenant: string;
  readonly cluster: string;
  readonly key: { readonly id: string; readonly secret: string };
}

export interface Service {
  readonly ready: ReadyLine;
  readonly dataDir: string;
  readonly process: ChildProcess;
  /** Everything printed so far. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** A REST call with the owner's key, or another. */
  rest(method: string, path: string, options?: RestOptions): Promise<RestAnswer>;
  /** SIGTERM and wait; answers the exit code and how long it took. */
  stop(): Promise<{ code: number | null; tookMs: number }>;
  /** SIGKILL, no clean-up. */
  kill(): Promise<void>;
}

export interface RestOptions {
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly key?: { id: string; secret: string };
}

export interface RestAnswer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers whose shape other tests check against OpenAPI
  readonly body: any;
}

export const root = join(import.meta.dirname, "../..");
export const bin = join(root, "packages/cli/bin/headgate.mjs");

/** The embedded broker's process, or undefined while none is noted. */
export const brokerPid = (dataDir: string) => pidIn(join(dataDir, "kafka", "broker.pid"));
/** The process that holds the data directory. */
export const servicePid = (dataDir: string) => pidIn(join(dataDir, "headgate.pid"));

function pidIn(file: string): number | undefined {
  try {
    return Number.parseInt(readFileSync(file, "utf8"), 10) || undefined;
  } catch {
    return undefined;
  }
}

export function isAlive(pid: number | undefined): boolean {
  if (pid === undefined) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** A directory of the test's own, removed by the returned function. */
export function temporaryDir(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), "headgate-test-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Starts `headgate dev --json` on `dataDir` with any free ports, and waits for its line. */
export function startService(
  dataDir: string,
  args: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<Service> {
  return launchService(dataDir, args, env).started;
}

/** The same without waiting. */
export function launchService(
  dataDir: string,
  args: readonly string[] = [],
  env: Record<string, string> = {},
): { readonly process: ChildProcess; readonly started: Promise<Service> } {
  const child = spawn(
    process.execPath,
    [bin, "dev", "--data", dataDir, "--api-port", "0", "--kafka-port", "0", "--json", ...args],
    {
      cwd: root,
      env: { ...process.env, HEADGATE_PROFILE_FILE: join(dataDir, "profiles.json"), ...env },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  return { process: child, started: untilReady(child, dataDir) };
}

async function untilReady(child: Child, dataDir: string): Promise<Service> {
  let stdout = "";
  let stderr = "";
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const ready = await new Promise<ReadyLine>((resolve, reject) => {
    child.stdout.on("data", (chunk) => {
      stdout += chunk;
      const end = stdout.indexOf("\n");
      if (end >= 0) resolve(JSON.parse(stdout.slice(0, end)));
    });
    void exited.then((code) => reject(new Error(`exit ${code} before ready:\n${stderr}`)));
  });
  return {
    ready,
    dataDir,
    process: child,
    stdout: () => stdout,
    stderr: () => stderr,
    rest: (method, path, options) => rest(ready, method, path, options),
    async stop() {
      const startMs = performance.now();
      child.kill("SIGTERM");
      const code = await exited;
      return { code, tookMs: performance.now() - startMs };
    },
    async kill() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

async function rest(
  ready: ReadyLine,
  method: string,
  path: string,
  options: RestOptions = {},
): Promise<RestAnswer> {
  const key = options.key ?? ready.key;
  const response = await fetch(new URL(path, ready.api), {
    method,
    headers: {
      authorization: `Bearer ${key.id}:${key.secret}`,
      ...(options.body === undefined ? {} : { "content-type": "application/json" }),
      ...options.headers,
    },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === "" ? undefined : JSON.parse(text),
  };
}

/** Polls until `probe` answers something, or fails with what it was waiting for. */
export async function eventually<T>(
  what: string,
  probe: () => Promise<T | undefined>,
  timeoutMs = 15_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`within ${timeoutMs} ms never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
