// The promise that other programs build on: one line when ready, everything kept in one directory, nothing left behind.
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { brokerPid, isAlive, root, startService, temporaryDir } from "../support/service.ts";

const ReadyLine = z.strictObject({
  ready: z.literal(true),
  api: z.string().regex(/^http:\/\/127\.0\.0\.1:\d+$/),
  bootstrap: z.string().regex(/^127\.0\.0\.1:\d+$/),
  portal: z.string().regex(/^http:\/\//),
  tenant: z.string().regex(/^tn_/),
  cluster: z.literal("default"),
  key: z.strictObject({ id: z.string().regex(/^ak_/), secret: z.string().min(32) }),
});

test("npm start prints exactly one line on stdout, and SIGTERM to npm ends it all within 10 s", async () => {
  const dir = temporaryDir();
  const args = ["--data", dir.path, "--api-port", "0", "--kafka-port", "0", "--json"];
  const npm = spawn("npm", ["start", "--silent", "--", ...args], {
    cwd: root,
    env: { ...process.env, HEADGATE_PROFILE_FILE: join(dir.path, "profiles.json") },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let stdout = "";
  const line = await new Promise<string>((resolve, reject) => {
    npm.stdout.on("data", (chunk) => {
      stdout += chunk;
      if (stdout.includes("\n")) resolve(stdout.slice(0, stdout.indexOf("\n")));
    });
    npm.once("exit", (code) => reject(new Error(`npm ended with ${code}`)));
  });
  const ready = ReadyLine.parse(JSON.parse(line));
  expect((await fetch(new URL("/healthz", ready.api))).status).toBe(200);
  expect((await fetch(ready.portal)).headers.get("content-type")).toMatch(/^text\/html/);
  const broker = brokerPid(dir.path);
  const startMs = performance.now();
  const ended = new Promise((resolve) => npm.once("close", resolve));
  npm.kill("SIGTERM");
  await ended;
  expect(performance.now() - startMs).toBeLessThan(10_000);
  expect(stdout).toBe(`${line}\n`);
  expect(isAlive(broker)).toBe(false);
  await expect(fetch(new URL("/healthz", ready.api))).rejects.toThrow();
  dir.remove();
});

test("a given port is used, listeners are on loopback, secrets in files of their owner; a second start is the same tenant, key and topics", async () => {
  const dir = temporaryDir();
  const port = await freePort();
  const first = await startService(dir.path, ["--api-port", String(port)]);
  expect(first.ready.api).toBe(`http://127.0.0.1:${port}`);
  const listening = listeningPorts(first.process.pid!, brokerPid(dir.path)!);
  expect(listening.length).toBeGreaterThanOrEqual(8);
  expect(listening.filter(({ loopback }) => !loopback)).toEqual([]);
  for (const name of ["owner-key.json", "signing-key.pem", "store.sqlite", "profiles.json"]) {
    const mode = statSync(join(dir.path, name)).mode & 0o777;
    expect(`${name} ${mode.toString(8)}`).toBe(`${name} 600`);
  }
  const put = { body: { spec: { partitions: 2 } }, headers: { prefer: "wait=10" } };
  expect((await first.rest("PUT", "/v1/topics/kept", put)).status).toBe(201);
  expect(await first.stop()).toMatchObject({ code: 0 });
  const { secret } = first.ready.key;
  expect(first.stderr()).not.toContain(secret);
  expect(readFileSync(join(dir.path, "store.sqlite")).includes(secret)).toBe(false);

  const second = await startService(dir.path);
  expect(second.ready).toMatchObject({ tenant: first.ready.tenant, key: first.ready.key });
  const topic = await second.rest("GET", "/v1/topics/kept");
  expect(topic.body).toMatchObject({ spec: { partitions: 2 }, status: { phase: "Ready" } });
  await second.stop();
  dir.remove();
});

test("when npm itself is killed, the service stops and the directory can be used again", async () => {
  const dir = temporaryDir();
  const args = ["--data", dir.path, "--api-port", "0", "--kafka-port", "0", "--json"];
  const npm = spawn("npm", ["start", "--silent", "--", ...args], {
    cwd: root,
    env: { ...process.env, HEADGATE_PROFILE_FILE: join(dir.path, "profiles.json") },
    stdio: ["ignore", "pipe", "ignore"],
  });
  await new Promise((resolve) => npm.stdout.once("data", resolve));
  const broker = brokerPid(dir.path);
  npm.kill("SIGKILL");
  const again = await startService(dir.path);
  expect(isAlive(broker)).toBe(false);
  await again.stop();
  expect(existsSync(join(dir.path, "owner-key.json"))).toBe(true);
  dir.remove();
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** TCP sockets in state LISTEN that the processes hold, from /proc (proc(5)). */
function listeningPorts(...pids: number[]): { port: number; loopback: boolean }[] {
  const inodes = new Set(pids.flatMap(socketInodes));
  return ["tcp", "tcp6"].flatMap((family) =>
    readFileSync(`/proc/${pids[0]}/net/${family}`, "utf8")
      .split("\n")
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((cells) => cells[3] === "0A" && inodes.has(cells[9] ?? ""))
      .map((cells) => {
        const [address, port] = cells[1]!.split(":");
        const loopback = address === "0100007F" || address === "0000000000000000FFFF00000100007F";
        return { port: Number.parseInt(port!, 16), loopback };
      }),
  );
}

function socketInodes(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
    } catch {
      return [];
    }
  });
}
