// What one broker node keeps on disk: its identity (ids, admin password, ports), its properties and Kafka's own log
// directory. The identity is made once and outlives every restart, so clients find the broker where it was.
import { randomBytes } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { AppError } from "@headgate/core/errors";
import { makeDataDir, notWritable } from "./data-dir.ts";
import { errnoOf } from "./errno.ts";

export interface NodeIdentity {
  nodeId: number;
  clusterId: string;
  adminPassword: string;
  /** 0 until first chosen. */
  brokerPort: number;
  controllerPort: number;
}

export interface NodeFiles {
  logDir: string;
  properties: string;
  pid: string;
  log: string;
}

export function nodeFiles(dir: string): NodeFiles {
  return {
    logDir: join(dir, "kafka"),
    properties: join(dir, "server.properties"),
    pid: join(dir, "broker.pid"),
    log: join(dir, "kafka.log"),
  };
}

/**
 * Reads the node's identity, or makes one; what is `wanted` only counts for a new directory. Throws `env.data_damaged`:
 * a new identity in its place would make the broker refuse its own data.
 */
export function loadIdentity(
  dir: string,
  wanted: { nodeId: number; clusterId?: string | undefined },
): NodeIdentity {
  const file = join(dir, "node.json");
  const text = readIfThere(file);
  if (text !== undefined) return parseIdentity(file, text);
  return {
    nodeId: wanted.nodeId,
    clusterId: wanted.clusterId ?? kafkaId(),
    adminPassword: randomBytes(24).toString("base64url"),
    brokerPort: 0,
    controllerPort: 0,
  };
}

const identityFields = {
  nodeId: "number",
  clusterId: "string",
  adminPassword: "string",
  brokerPort: "number",
  controllerPort: "number",
} as const satisfies Record<keyof NodeIdentity, string>;

function parseIdentity(file: string, text: string): NodeIdentity {
  try {
    const found = JSON.parse(text);
    const isWhole = Object.entries(identityFields).every(([k, type]) => typeof found[k] === type);
    if (isWhole) return found as NodeIdentity;
  } catch {
    // Said below.
  }
  throw new AppError("env.data_damaged", { detail: `Not the identity of a broker: ${file}.` });
}

/** 0600: the password is in it. */
export function saveIdentity(dir: string, identity: NodeIdentity): void {
  writeSecret(join(dir, "node.json"), `${JSON.stringify(identity, undefined, 2)}\n`);
}

/** A file only we may read, whole or not there. Throws `store.full`, `env.data_not_writable`. */
export function writeSecret(path: string, text: string): void {
  try {
    writeFileSync(`${path}.tmp`, text, { mode: 0o600 });
    renameSync(`${path}.tmp`, path);
  } catch (error) {
    throw notWritable(path, error);
  }
}

/**
 * What `kafka-storage format` does, without its JVM: with meta.properties there, the broker writes the first metadata
 * records itself.
 */
export function formatLogDir(logDir: string, identity: NodeIdentity): void {
  const file = join(logDir, "meta.properties");
  if (readIfThere(file) !== undefined) return;
  makeDataDir(logDir);
  const ids = `cluster.id=${identity.clusterId}\nnode.id=${identity.nodeId}\ndirectory.id=${kafkaId()}\n`;
  writeSecret(file, `version=1\n${ids}`);
}

/** Keeps the ports of last time where they are free; `fixedPort` > 0 must be free. */
export async function choosePorts(
  host: string,
  before: NodeIdentity,
  fixedPort: number,
): Promise<NodeIdentity> {
  if (fixedPort > 0 && (await freePort(host, fixedPort)) === undefined) {
    throw new AppError("env.port_taken", {
      detail: `Port ${fixedPort} on ${host} is already in use.`,
    });
  }
  const brokerPort = fixedPort > 0 ? fixedPort : await freeOrAny(host, before.brokerPort);
  let controllerPort = await freeOrAny(host, before.controllerPort);
  while (controllerPort === brokerPort) controllerPort = await freeOrAny(host, 0);
  return { ...before, brokerPort, controllerPort };
}

/** Whether somebody else has one of the node's ports now; asked when no JVM of ours runs. */
export async function lostPort(
  host: string,
  { brokerPort, controllerPort }: NodeIdentity,
): Promise<boolean> {
  for (const port of [brokerPort, controllerPort]) {
    if ((await freePort(host, port)) === undefined) return true;
  }
  return false;
}

async function freeOrAny(host: string, port: number): Promise<number> {
  const free = (port > 0 ? await freePort(host, port) : undefined) ?? (await freePort(host, 0));
  if (free === undefined)
    throw new AppError("env.port_taken", { detail: `No port is free on ${host}.` });
  return free;
}

function freePort(host: string, port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen(port, host, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" ? address?.port : undefined));
    });
  });
}

/**
 * Kafka's Uuid in text: 16 bytes, base64url, and never a leading dash, which command lines would take for an option.
 */
function kafkaId(): string {
  for (;;) {
    const id = randomBytes(16).toString("base64url");
    if (!id.startsWith("-")) return id;
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw new AppError("env.data_not_writable", {
      detail: `Cannot read ${path} (${errnoOf(error)}).`,
      cause: error,
    });
  }
}
