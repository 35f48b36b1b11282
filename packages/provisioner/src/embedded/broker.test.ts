import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { Kafka, logLevel } from "kafkajs";
import { afterEach, beforeEach, expect, inject, test } from "vitest";
import { type EmbeddedKafka, type EmbeddedKafkaOptions, startEmbeddedKafka } from "./broker.ts";
import { defaultCacheDir } from "./jars.ts";

let dir: string;
let options: EmbeddedKafkaOptions;
const started: EmbeddedKafka[] = [];
const children: ChildProcess[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "headgate-embedded-"));
  const { jwksPath, issuer, audience } = inject("kafka");
  options = {
    dataDir: join(dir, "a node with a space ü"),
    cacheDir: defaultCacheDir(process.env, homedir()),
    path: process.env.PATH ?? "",
    javaHome: process.env.JAVA_HOME,
    tokens: { jwksPath, issuer, audience },
  };
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  for (const kafka of started.splice(0)) await kafka.stop();
  rmSync(dir, { recursive: true, force: true });
});

async function start(more: Partial<EmbeddedKafkaOptions> = {}): Promise<EmbeddedKafka> {
  const kafka = await startEmbeddedKafka({ ...options, ...more });
  started.push(kafka);
  return kafka;
}

/** Starts a broker owned by another Node process. */
async function startElsewhere(): Promise<{ node: ChildProcess; pid: number; port: number }> {
  const fixture = join(import.meta.dirname, "broker.fixture.ts");
  const node = spawn(process.execPath, [fixture, JSON.stringify(options)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(node);
  const line = await new Promise<string>((resolve) => {
    createInterface({ input: node.stdout! }).once("line", resolve);
  });
  return { node, ...(JSON.parse(line) as { pid: number; port: number }) };
}

function isAlive(pid: number): boolean {
  try {
    // A zombie is dead; only its parent has not looked yet.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

async function until(what: string, met: () => boolean, timeoutMs = 20_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!met()) {
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await sleep(20);
  }
}

function client(kafka: Pick<EmbeddedKafka, "bootstrap" | "admin">): Kafka {
  return new Kafka({
    brokers: [`${kafka.bootstrap.host}:${kafka.bootstrap.port}`],
    sasl: { mechanism: "plain", ...kafka.admin },
    logLevel: logLevel.NOTHING,
  });
}

async function produce(kafka: Pick<EmbeddedKafka, "bootstrap" | "admin">, values: string[]) {
  const admin = client(kafka).admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: "t", numPartitions: 1 }], waitForLeaders: true });
  await admin.disconnect();
  const producer = client(kafka).producer();
  await producer.connect();
  await producer.send({ topic: "t", acks: -1, messages: values.map((value) => ({ value })) });
  await producer.disconnect();
}

async function endOffset(kafka: EmbeddedKafka): Promise<string | undefined> {
  const admin = client(kafka).admin();
  await admin.connect();
  const offsets = await admin.fetchTopicOffsets("t");
  await admin.disconnect();
  return offsets[0]?.high;
}

const adminOf = (dataDir: string) => ({
  username: "admin",
  password: (
    JSON.parse(readFileSync(join(dataDir, "node.json"), "utf8")) as { adminPassword: string }
  ).adminPassword,
});

test("a broker starts, serves, stops in order and leaves no process; a restart keeps port, ids and records", async () => {
  const first = await start();
  expect(first.state).toBe("running");
  const pid = first.pid!;
  await produce(first, ["one", "two"]);
  await first.stop();
  expect(first.state).toBe("stopped");
  expect(isAlive(pid)).toBe(false);
  expect(existsSync(join(options.dataDir, "kafka", ".kafka_cleanshutdown"))).toBe(true);

  const second = await start();
  expect(second.bootstrap).toEqual(first.bootstrap);
  expect(second.clusterId).toBe(first.clusterId);
  expect(second.admin).toEqual(first.admin);
  expect(await endOffset(second)).toBe("2");
});

test("the admin password is in 0600 files only, never on a command line", async () => {
  const kafka = await start();
  for (const file of ["node.json", "server.properties"]) {
    expect(statSync(join(options.dataDir, file)).mode & 0o777).toBe(0o600);
  }
  const commandLine = readFileSync(`/proc/${kafka.pid}/cmdline`, "utf8");
  expect(commandLine).toContain(options.dataDir);
  expect(commandLine).not.toContain(kafka.admin.password);
});

test("both listeners refuse a wrong password", async () => {
  const kafka = await start();
  const wrong = client({ bootstrap: kafka.bootstrap, admin: { username: "admin", password: "x" } });
  await expect(wrong.admin().connect()).rejects.toThrow(/SASL|authentication/i);
  const { controllerPort } = JSON.parse(
    readFileSync(join(options.dataDir, "node.json"), "utf8"),
  ) as {
    controllerPort: number;
  };
  const controller = { host: "127.0.0.1", port: controllerPort };
  const intruder = client({ bootstrap: controller, admin: { username: "admin", password: "x" } });
  await expect(intruder.admin().connect()).rejects.toThrow();
});

test("a JVM killed by kill -9 is restarted on the same port with every acknowledged record", async () => {
  const kafka = await start();
  await produce(kafka, ["kept"]);
  const states: string[] = [];
  kafka.onStateChange((state) => states.push(state));
  const pid = kafka.pid!;
  process.kill(pid, "SIGKILL");
  await until("running again", () => states.at(-1) === "running");
  expect(states).toEqual(["restarting", "running"]);
  expect(kafka.pid).not.toBe(pid);
  expect(await endOffset(kafka)).toBe("1");
});

test("kill -9 of the Node process ends the JVM with a clean shutdown, and the next start has every record", async () => {
  const { node, pid, port } = await startElsewhere();
  const bootstrap = { host: "127.0.0.1", port };
  await produce({ bootstrap, admin: adminOf(options.dataDir) }, ["a", "b", "c"]);
  node.kill("SIGKILL");
  await until("the JVM gone", () => !isAlive(pid));
  expect(existsSync(join(options.dataDir, "kafka", ".kafka_cleanshutdown"))).toBe(true);
  expect(await endOffset(await start())).toBe("3");
});

test("an orphan whose watchdog was killed too is stopped by the next start and keeps its records", async () => {
  const { node, pid, port } = await startElsewhere();
  await produce({ bootstrap: { host: "127.0.0.1", port }, admin: adminOf(options.dataDir) }, ["x"]);
  const parent = Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
  const reader = readFileSync(`/proc/${parent}/task/${parent}/children`, "utf8").trim().split(" ");
  for (const helper of [parent, ...reader.map(Number)]) if (helper !== pid) process.kill(helper, 9);
  node.kill("SIGKILL");
  await until("the Node process gone", () => node.signalCode !== null);
  expect(isAlive(pid)).toBe(true);

  const messages: string[] = [];
  const next = await start({ onProgress: (message) => messages.push(message) });
  expect(isAlive(pid)).toBe(false);
  expect(messages).toContain("Stopped a broker that an earlier run had left behind");
  expect(await endOffset(next)).toBe("1");
});

test("a pid file that names a stranger by now does the stranger no harm", async () => {
  await (await start()).stop();
  const stranger = spawn("sleep", ["60"]);
  children.push(stranger);
  writeFileSync(join(options.dataDir, "broker.pid"), `${stranger.pid}\n`);
  await start();
  expect(isAlive(stranger.pid!)).toBe(true);
});

test("a second start on the same directory is refused and names the process", async () => {
  const { node } = await startElsewhere();
  await expect(startEmbeddedKafka(options)).rejects.toMatchObject({
    code: "env.data_in_use",
    message: expect.stringContaining(`process ${node.pid}`),
  });
});

test("a taken port is refused with a fix; nothing is left behind", async () => {
  const server: Server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await expect(startEmbeddedKafka({ ...options, port })).rejects.toMatchObject({
    code: "env.port_taken",
    fix: expect.stringContaining("another port"),
  });
  server.close();
  expect((await start({ port })).bootstrap.port).toBe(port);
});

test.each(["/dev/null/x", "/proc/headgate"])(
  "a directory that cannot be written is refused: %s",
  async (dataDir) => {
    await expect(startEmbeddedKafka({ ...options, dataDir })).rejects.toMatchObject({
      code: "env.data_not_writable",
      message: expect.stringContaining(dataDir),
    });
  },
);

test("a broken class archive only costs time", async () => {
  const cacheDir = join(dir, "cache");
  const kafkaHome = join(defaultCacheDir(process.env, homedir()), "kafka-4.3.1");
  await (await start({ cacheDir, kafkaHome })).stop();
  const archives = join(cacheDir, "archives");
  const [file] = (await import("node:fs")).readdirSync(archives);
  rmSync(join(archives, file!));
  writeFileSync(join(archives, file!), "not an archive");
  expect((await start({ cacheDir, kafkaHome })).state).toBe("running");
});

test("a broker that cannot start says why, with the end of its log", async () => {
  const tokens = { ...options.tokens, jwksPath: join(dir, "absent.json") };
  await expect(startEmbeddedKafka({ ...options, tokens })).rejects.toMatchObject({
    code: "kafka.start_failed",
    message: expect.stringContaining("absent.json"),
  });
});

test("an aborted start leaves no process", async () => {
  const abort = new AbortController();
  const starting = startEmbeddedKafka({ ...options, signal: abort.signal });
  await until("the pid file", () => existsSync(join(options.dataDir, "broker.pid")));
  abort.abort();
  await expect(starting).rejects.toThrow();
  expect(isAlive(Number(readFileSync(join(options.dataDir, "broker.pid"), "utf8")))).toBe(false);
});
