// Whatever keeps it from starting is said in a sentence with a fix, and nothing is left running.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { bin, brokerPid, isAlive, root, startService, temporaryDir } from "../support/service.ts";

let dir: ReturnType<typeof temporaryDir>;

beforeEach(() => {
  dir = temporaryDir();
});

afterEach(() => dir.remove());

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `headgate dev` that is expected to end by itself. */
function failedStart(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  const data = ["--data", join(dir.path, "data"), "--api-port", "0", "--kafka-port", "0", "--json"];
  const child = spawn(process.execPath, [bin, "dev", ...data, ...args], {
    cwd: root,
    env: { ...process.env, HEADGATE_PROFILE_FILE: join(dir.path, "profiles.json"), ...env },
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, stdout, stderr })));
}

function expectClear(ended: Ended, what: RegExp, fix: RegExp): void {
  expect(ended.stderr).toMatch(what);
  expect(ended.stderr).toMatch(/^Fix: /m);
  expect(ended.stderr).toMatch(fix);
  expect(ended.stderr).not.toMatch(/\n {4}at /);
  expect(ended.stdout).toBe("");
  expect(ended.code).not.toBe(0);
  expect(isAlive(brokerPid(join(dir.path, "data")))).toBe(false);
}

for (const option of ["--api-port", "--kafka-port"]) {
  test(`a taken ${option} is named with its fix`, async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as { port: number };
    const ended = await failedStart([option, String(port)]);
    server.close();
    expectClear(ended, new RegExp(`${port}`), /another port/);
  });
}

test("no Java", async () => {
  const ended = await failedStart([], { PATH: onlyOnPath(), JAVA_HOME: "" });
  expectClear(ended, /no java/, /install openjdk/);
});

test("a Java that is too old is named with its version", async () => {
  const old = fakeProgram("java", "echo 'openjdk version \"11.0.2\" 2019-01-15' >&2");
  const ended = await failedStart([], { PATH: onlyOnPath({ java: old }), JAVA_HOME: "" });
  expectClear(ended, /11/, /Java 17/);
});

test("no Maven and no cached jars", async () => {
  const path = onlyOnPath(programs("java"));
  const cache = join(dir.path, "empty-cache");
  const ended = await failedStart([], { PATH: path, HEADGATE_CACHE_DIR: cache });
  expectClear(ended, /no Maven/, /HEADGATE_KAFKA_HOME/);
});

test("a data directory that is no directory", async () => {
  writeFileSync(join(dir.path, "data"), "a file");
  expectClear(await failedStart([]), /cannot be written/, /--data/);
});

test("a data directory that not even root can make", async () => {
  expectClear(await failedStart(["--data", "/proc/headgate"]), /cannot be written/, /--data/);
});

test("a data directory in use names the other process", async () => {
  const running = await startService(join(dir.path, "data"));
  const ended = await failedStart([]);
  expect(ended.stderr).toContain(String(running.process.pid));
  expect(ended.stderr).toMatch(/Fix: .*--data/);
  expect(ended.code).not.toBe(0);
  expect((await running.rest("GET", "/v1/topics")).status).toBe(200);
  await running.stop();
});

test("a data directory of a newer Headgate is left alone", async () => {
  const first = await startService(join(dir.path, "data"));
  await first.stop();
  const db = new DatabaseSync(join(dir.path, "data", "store.sqlite"));
  db.exec("PRAGMA user_version = 99");
  db.close();
  expectClear(await failedStart([]), /99/, /Upgrade/);
});

test("an owner key file that is damaged is named, and mended by removing it", async () => {
  const data = join(dir.path, "data");
  const first = await startService(data);
  await first.stop();
  writeFileSync(join(data, "owner-key.json"), "{");
  expectClear(await failedStart([]), /owner-key[.]json/, /delete it/);
});

test("a port that is none is a usage error", async () => {
  const ended = await failedStart(["--api-port", "70000"]);
  expect(ended).toMatchObject({ code: 2, stdout: "" });
  expect(ended.stderr).toMatch(/70000 is not a port/);
});

/** A PATH of the given programs (name → file), and of what a shell script needs. */
function onlyOnPath(files: Record<string, string> = {}): string {
  const path = join(dir.path, "path");
  mkdirSync(path);
  for (const [name, file] of Object.entries({ ...programs("sh", "sleep", "mv", "rm"), ...files })) {
    symlinkSync(file, join(path, name));
  }
  return path;
}

function programs(...names: string[]): Record<string, string> {
  return Object.fromEntries(
    names.map((name) => {
      const found = process.env.PATH!.split(":").find((folder) => existsSync(join(folder, name)));
      return [name, realpathSync(join(found!, name))];
    }),
  );
}

function fakeProgram(name: string, script: string): string {
  const file = join(dir.path, name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return file;
}
