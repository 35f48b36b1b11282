// A start costs one to four seconds, so tests share brokers: each `describe` is the life of one data directory, and its
// tests run in the order in which they are written.
import { type ChildProcess, spawn } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { kafkaVersion } from "@headgate/kafka/distribution";
import { Kafka, logLevel } from "kafkajs";
import { afterAll, describe, expect, inject, test, vi } from "vitest";
import { type EmbeddedKafka, type EmbeddedKafkaOptions, startEmbeddedKafka } from "./broker.ts";
import { defaultCacheDir } from "./jars.ts";

// A start without a class archive is five seconds of CPU; a busy machine makes minutes of it.
vi.setConfig({ testTimeout: 120_000 });

const scratch = mkdtempSync(join(tmpdir(), "headgate-embedded-"));
const started: EmbeddedKafka[] = [];
const children: ChildProcess[] = [];

afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  for (const kafka of started) await kafka.stop();
  rmSync(scratch, { recursive: true, force: true });
});

function optionsFor(name: string): EmbeddedKafkaOptions {
  const { jwksPath, issuer, audience } = inject("kafka");
  return {
    dataDir: join(scratch, name),
    cacheDir: defaultCacheDir(process.env, homedir()),
    path: process.env.PATH ?? "",
    javaHome: process.env.JAVA_HOME,
    tokens: { jwksPath, issuer, audience },
  };
}

async function start(options: EmbeddedKafkaOptions): Promise<EmbeddedKafka> {
  const kafka = await startEmbeddedKafka(options);
  started.push(kafka);
  return kafka;
}

/** Starts a broker owned by another Node process. */
async function startElsewhere(
  options: EmbeddedKafkaOptions,
): Promise<{ node: ChildProcess; pid: number; port: number }> {
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

function until(what: string, met: () => boolean, timeoutMs = 60_000): Promise<void> {
  const look = () => expect(met(), what).toBe(true);
  return vi.waitFor(look, { timeout: timeoutMs, interval: 20 });
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

async function endOffset(
  kafka: Pick<EmbeddedKafka, "bootstrap" | "admin">,
): Promise<string | undefined> {
  const admin = client(kafka).admin();
  await admin.connect();
  const offsets = await admin.fetchTopicOffsets("t");
  await admin.disconnect();
  return offsets[0]?.high;
}

function nodeOf(dataDir: string): { adminPassword: string; controllerPort: number } {
  return JSON.parse(readFileSync(join(dataDir, "node.json"), "utf8"));
}

/** The watchdog of a JVM and what else runs beside it. */
function helpersOf(jvm: number): number[] {
  const watchdog = Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${jvm}/status`, "utf8"))?.[1]);
  const children = readFileSync(`/proc/${watchdog}/task/${watchdog}/children`, "utf8");
  return [watchdog, ...children.trim().split(" ").map(Number)].filter((pid) => pid !== jvm);
}

describe("a broker of this process", () => {
  // A cache of its own, with the jars of the shared one: its class archives can be looked at and broken.
  const shared = defaultCacheDir(process.env, homedir());
  const kafkaHome = process.env.HEADGATE_KAFKA_HOME ?? join(shared, `kafka-${kafkaVersion}`);
  const cacheDir = join(scratch, "cache");
  const options = { ...optionsFor("a node with a space ü"), cacheDir, kafkaHome };
  const archives = join(cacheDir, "archives");
  let archiveName = "";
  const archive = () => join(archives, archiveName);
  const aside = join(scratch, "archive.jsa");
  const stranger = spawn("sleep", ["120"]);
  children.push(stranger);
  let first: EmbeddedKafka;
  let second: EmbeddedKafka;

  test("a taken port is refused with a fix; nothing is left behind that keeps the port from being used later", async () => {
    const server: Server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    await expect(startEmbeddedKafka({ ...options, port })).rejects.toMatchObject({
      code: "env.port_taken",
      fix: expect.stringContaining("another port"),
    });
    server.close();
    first = await start({ ...options, port });
    expect(first.bootstrap.port).toBe(port);
    expect(first.state).toBe("running");
  });

  test("the admin password is in 0600 files only, never on a command line", () => {
    for (const file of ["node.json", "server.properties"]) {
      expect(statSync(join(options.dataDir, file)).mode & 0o777).toBe(0o600);
    }
    const commandLine = readFileSync(`/proc/${first.pid}/cmdline`, "utf8");
    expect(commandLine).toContain(options.dataDir);
    expect(commandLine).not.toContain(first.admin.password);
  });

  test("both listeners refuse a wrong password", async () => {
    const { controllerPort } = nodeOf(options.dataDir);
    const admin = { username: "admin", password: "x" };
    for (const port of [first.bootstrap.port, controllerPort]) {
      const intruder = client({ bootstrap: { host: "127.0.0.1", port }, admin }).admin();
      await expect(intruder.connect()).rejects.toThrow();
    }
  });

  test("a stop leaves no process, a clean log, and a class archive for the next start", async () => {
    const pid = first.pid!;
    await produce(first, ["one", "two"]);
    // Its first end writes the archive; on a busy machine that takes longer than a stop otherwise may.
    await first.stop({ timeoutMs: 60_000 });
    expect(first.state).toBe("stopped");
    expect(isAlive(pid)).toBe(false);
    expect(existsSync(join(options.dataDir, "kafka", ".kafka_cleanshutdown"))).toBe(true);
    archiveName = readdirSync(archives).join();
    expect(archiveName).toMatch(/^\w+\.jsa$/);
  });

  test("a broken class archive only costs time", async () => {
    writeFileSync(join(options.dataDir, "broker.pid"), `${stranger.pid}\n`);
    renameSync(archive(), aside);
    writeFileSync(archive(), "not an archive");
    second = await start(options);
    expect(second.state).toBe("running");
    const commandLine = readFileSync(`/proc/${second.pid}/cmdline`, "utf8");
    expect(commandLine).toContain(`-XX:SharedArchiveFile=${archive()}`);
  });

  test("a pid file that names a stranger by now does the stranger no harm", () => {
    expect(isAlive(stranger.pid!)).toBe(true);
  });

  test("a restart keeps port, ids, password and records", async () => {
    expect(second.bootstrap).toEqual(first.bootstrap);
    expect(second.clusterId).toBe(first.clusterId);
    expect(second.admin).toEqual(first.admin);
    expect(await endOffset(second)).toBe("2");
  });

  test("a JVM killed by kill -9 is restarted on the same port with every acknowledged record", async () => {
    renameSync(aside, archive());
    await produce(second, ["kept"]);
    const states: string[] = [];
    second.onStateChange((state) => states.push(state));
    const pid = second.pid!;
    process.kill(pid, "SIGKILL");
    await until("running again", () => states.at(-1) === "running");
    expect(states).toEqual(["restarting", "running"]);
    expect(second.pid).not.toBe(pid);
    expect(await endOffset(second)).toBe("3");
  });
});

describe("a broker whose Node process is killed", () => {
  const options = optionsFor("killed");
  let owner: Awaited<ReturnType<typeof startElsewhere>>;
  const there = () => ({
    bootstrap: { host: "127.0.0.1", port: owner.port },
    admin: { username: "admin", password: nodeOf(options.dataDir).adminPassword },
  });

  test("a second start on the same directory is refused and names the process", async () => {
    owner = await startElsewhere(options);
    await expect(startEmbeddedKafka(options)).rejects.toMatchObject({
      code: "env.data_in_use",
      message: expect.stringContaining(`process ${owner.node.pid}`),
    });
  });

  test("kill -9 of the Node process ends the JVM with a clean shutdown, and the next start has every record", async () => {
    await produce(there(), ["a", "b", "c"]);
    owner.node.kill("SIGKILL");
    await until("the JVM gone", () => !isAlive(owner.pid));
    expect(existsSync(join(options.dataDir, "kafka", ".kafka_cleanshutdown"))).toBe(true);
    owner = await startElsewhere(options);
    expect(await endOffset(there())).toBe("3");
  });

  test("an orphan whose watchdog was killed too is stopped by the next start and keeps its records", async () => {
    await produce(there(), ["d"]);
    const { node, pid } = owner;
    for (const helper of helpersOf(pid)) process.kill(helper, "SIGKILL");
    node.kill("SIGKILL");
    await until("the Node process gone", () => node.signalCode !== null);
    expect(isAlive(pid)).toBe(true);

    const messages: string[] = [];
    const next = await start({ ...options, onProgress: (message) => messages.push(message) });
    expect(isAlive(pid)).toBe(false);
    expect(messages).toContain("Stopped a broker that an earlier run had left behind");
    expect(await endOffset(next)).toBe("4");
  });
});

test("a port that somebody takes between choosing it and the JVM's own bind is let go for another", async () => {
  const options = optionsFor("outrun");
  const thief = createServer();
  let stolen = 0;
  const steal = () => {
    if (stolen > 0) return;
    stolen = JSON.parse(readFileSync(join(options.dataDir, "node.json"), "utf8")).brokerPort;
    thief.listen(stolen, "127.0.0.1");
  };
  const onProgress = (message: string) => message === "Starting Apache Kafka" && steal();
  const kafka = await start({ ...options, onProgress });
  expect(stolen).toBeGreaterThan(0);
  expect(kafka.bootstrap.port).not.toBe(stolen);
  thief.close();
  await kafka.stop();
});

describe("a broker that cannot start", () => {
  test.each(["/dev/null/x", "/proc/headgate"])(
    "a directory that cannot be written is refused: %s",
    async (dataDir) => {
      await expect(startEmbeddedKafka({ ...optionsFor("x"), dataDir })).rejects.toMatchObject({
        code: "env.data_not_writable",
        message: expect.stringContaining(dataDir),
      });
    },
  );

  test("it says why, with the end of its log", async () => {
    const options = optionsFor("no keys");
    const tokens = { ...options.tokens, jwksPath: join(scratch, "absent.json") };
    await expect(startEmbeddedKafka({ ...options, tokens })).rejects.toMatchObject({
      code: "kafka.start_failed",
      message: expect.stringContaining("absent.json"),
    });
  });

  test("an aborted start leaves no process", async () => {
    const options = optionsFor("aborted");
    const abort = new AbortController();
    const starting = startEmbeddedKafka({ ...options, signal: abort.signal });
    const pidFile = join(options.dataDir, "broker.pid");
    await until("the pid file", () => existsSync(pidFile));
    abort.abort();
    await expect(starting).rejects.toThrow();
    expect(isAlive(Number(readFileSync(pidFile, "utf8")))).toBe(false);
  });
});
