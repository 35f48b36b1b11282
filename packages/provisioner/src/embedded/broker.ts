// Starts, watches and stops one embedded Apache Kafka node. The order matters: lock the directory, stop whatever an
// earlier process left running, only then write files and launch; so there is at most one broker per directory, ever.
import { resolve } from "node:path";
import { AppError } from "@headgate/core/errors";
import { classArchive } from "./archive.ts";
import { lockDataDir } from "./data-dir.ts";
import { kafkaJars } from "./jars.ts";
import { findJava } from "./java.ts";
import { type JvmCommand, stopOrphan } from "./jvm.ts";
import {
  choosePorts,
  formatLogDir,
  loadIdentity,
  lostPort,
  type NodeIdentity,
  nodeFiles,
  saveIdentity,
  writeSecret,
} from "./node-dir.ts";
import type { ProbeTarget } from "./probe.ts";
import { jvmTokenFlags, nodeProperties, renderProperties, type TokenTrust } from "./properties.ts";
import { type BrokerState, type SupervisedNode, type Supervisor, supervise } from "./supervisor.ts";

export interface EmbeddedKafkaOptions {
  /** The node's own directory; made if absent. */
  dataDir: string;
  /** Where jars and class archives are kept between data directories; see `defaultCacheDir`. */
  cacheDir: string;
  tokens: TokenTrust;
  /** PATH, to find java and mvn. */
  path: string;
  /** JAVA_HOME. */
  javaHome?: string | undefined;
  /** HEADGATE_KAFKA_HOME. */
  kafkaHome?: string | undefined;
  /** Broker port; 0 (default) keeps last time's where free, else any free one. */
  port?: number;
  nodeId?: number;
  /** For a new directory; default random. */
  clusterId?: string;
  heapMiBMax?: number;
  startTimeoutMs?: number;
  onProgress?: (message: string) => void;
  signal?: AbortSignal;
}

export interface EmbeddedKafka {
  readonly bootstrap: { host: string; port: number };
  readonly nodeId: number;
  readonly clusterId: string;
  readonly admin: { username: string; password: string };
  /** The JVM's, or undefined while there is none. */
  readonly pid: number | undefined;
  readonly state: BrokerState;
  /** Called on each change; returns a function that ends it. */
  onStateChange(listener: (state: BrokerState) => void): () => void;
  /** SIGTERM, SIGKILL after `timeoutMs` (default 8000). Resolves when no process is left; safe to call twice. */
  stop(options?: { timeoutMs?: number }): Promise<void>;
}

const HOST = "127.0.0.1";
const ADMIN = "admin";
const STOP_MS = 8000;
const START_MS = 60_000;
const LAUNCHES_MAX = 3;

/**
 * Resolves when the broker answers a logged-in admin and is live; it then restarts the JVM whenever that dies.
 * Throws AppError `env.*` or `kafka.start_failed`; nothing is left running then.
 */
export async function startEmbeddedKafka(options: EmbeddedKafkaOptions): Promise<EmbeddedKafka> {
  const dir = resolve(options.dataDir);
  if (dir.includes(",")) {
    const fix = "Choose a data directory without a comma: Kafka takes it for a list.";
    throw new AppError("env.data_not_writable", { detail: `Comma in the path ${dir}.`, fix });
  }
  const lock = lockDataDir(dir);
  try {
    const { identity, supervisor } = await launch(dir, options);
    return face(identity, supervisor, () => lock.release());
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Ports are looked for before the JVM binds them; when somebody else was faster, others are looked for. */
async function launch(
  dir: string,
  options: EmbeddedKafkaOptions,
): Promise<{ identity: NodeIdentity; supervisor: Supervisor }> {
  for (let attempt = 1; ; attempt += 1) {
    const { identity, supervised } = await prepare(dir, options);
    options.onProgress?.("Starting Apache Kafka");
    try {
      return { identity, supervisor: await supervise(supervised, options.signal) };
    } catch (error) {
      const mayMove = (options.port ?? 0) === 0 && attempt < LAUNCHES_MAX;
      if (options.signal?.aborted || !mayMove || !(await lostPort(HOST, identity))) throw error;
    }
  }
}

interface PreparedNode {
  identity: NodeIdentity;
  supervised: SupervisedNode;
}

function face(identity: NodeIdentity, supervisor: Supervisor, release: () => void): EmbeddedKafka {
  return {
    bootstrap: { host: HOST, port: identity.brokerPort },
    nodeId: identity.nodeId,
    clusterId: identity.clusterId,
    admin: { username: ADMIN, password: identity.adminPassword },
    get pid() {
      return supervisor.pid();
    },
    get state() {
      return supervisor.state();
    },
    onStateChange: supervisor.onStateChange,
    stop: async ({ timeoutMs = STOP_MS } = {}) => {
      await supervisor.stop(timeoutMs);
      release();
    },
  };
}

async function prepare(dir: string, options: EmbeddedKafkaOptions): Promise<PreparedNode> {
  const { cacheDir, path, onProgress, signal } = options;
  const java = await findJava({ javaHome: options.javaHome, path });
  const jars = await kafkaJars({
    cacheDir,
    kafkaHome: options.kafkaHome,
    path,
    onProgress,
    signal,
  });
  const files = nodeFiles(dir);
  if (await stopOrphan(files.pid, files.properties, STOP_MS)) {
    onProgress?.("Stopped a broker that an earlier run had left behind");
  }
  const before = loadIdentity(dir, { nodeId: options.nodeId ?? 1, clusterId: options.clusterId });
  const identity = await choosePorts(HOST, before, options.port ?? 0);
  saveIdentity(dir, identity);
  const { nodeId, brokerPort, controllerPort, adminPassword } = identity;
  const properties = nodeProperties({
    nodeId,
    host: HOST,
    brokerPort,
    voters: [{ nodeId, host: HOST, controllerPort }],
    logDir: files.logDir,
    admin: { username: ADMIN, password: adminPassword },
    tokens: options.tokens,
  });
  writeSecret(files.properties, renderProperties(properties));
  formatLogDir(files.logDir, identity);
  const probe: ProbeTarget = {
    host: HOST,
    port: brokerPort,
    username: ADMIN,
    password: adminPassword,
    nodeId,
  };
  const jvmFlags = flags(options.heapMiBMax ?? 256);
  const command = async (): Promise<JvmCommand> => {
    const archive = await classArchive({ cacheDir, java, jars, jvmFlags });
    const own = [...QUIET_LOG, ...jvmTokenFlags(options.tokens)];
    const main = ["-cp", jars.join(":"), "kafka.Kafka", files.properties];
    const args = [...jvmFlags, ...archive.flags, ...own, ...main];
    const { pid: pidFile, log: logFile } = files;
    const training = archive.training;
    return {
      executable: java.executable,
      args,
      pidFile,
      logFile,
      graceSeconds: STOP_MS / 1000,
      training,
    };
  };
  const startTimeoutMs = options.startTimeoutMs ?? START_MS;
  return {
    identity,
    supervised: { probe, command, startTimeoutMs, stopTimeoutMs: STOP_MS },
  };
}

/** C1 and the serial collector: 1.7 CPU-seconds less to start and half the memory, measured. */
function flags(heapMiBMax: number): string[] {
  const heap = [`-Xms${Math.min(64, heapMiBMax)}m`, `-Xmx${heapMiBMax}m`];
  const lean = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-UsePerfData"];
  return [...heap, ...lean, "-XX:+ExitOnOutOfMemoryError"];
}

const QUIET_LOG = [
  "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
  "-Dorg.slf4j.simpleLogger.showDateTime=true",
  "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
];
