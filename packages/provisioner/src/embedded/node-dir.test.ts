import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { choosePorts, formatLogDir, loadIdentity, saveIdentity } from "./node-dir.ts";

const host = "127.0.0.1";
const wanted = { nodeId: 1 };
let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "headgate-node-"));
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

test("an identity is made once, kept with mode 0600, and outlives what is wanted later", () => {
  const made = loadIdentity(dir, wanted);
  expect(Buffer.from(made.clusterId, "base64url")).toHaveLength(16);
  expect(Buffer.from(made.adminPassword, "base64url").length).toBeGreaterThanOrEqual(24);
  saveIdentity(dir, made);
  expect(statSync(join(dir, "node.json")).mode & 0o777).toBe(0o600);
  expect(loadIdentity(dir, { nodeId: 7, clusterId: "another" })).toEqual(made);
});

test.each([
  ["empty, as after a full disk", ""],
  ["cut short", '{"nodeId": 1, "clusterId": "a'],
  ["no identity", '{"nodeId": 1}'],
  ["nothing", "null"],
])("a file that is %s is said to be damaged, and is not replaced", (_, text) => {
  writeFileSync(join(dir, "node.json"), text);
  expect(() => loadIdentity(dir, wanted)).toThrow(
    expect.objectContaining({
      code: "env.data_damaged",
      message: expect.stringContaining(join(dir, "node.json")),
    }),
  );
  expect(readFileSync(join(dir, "node.json"), "utf8")).toBe(text);
});

test("a full disk is said to be full, and leaves the identity there was", () => {
  const identity = loadIdentity(dir, wanted);
  saveIdentity(dir, identity);
  symlinkSync("/dev/full", join(dir, "node.json.tmp"));
  expect(() => saveIdentity(dir, { ...identity, brokerPort: 1 })).toThrow(
    expect.objectContaining({ code: "store.full" }),
  );
  expect(loadIdentity(dir, wanted)).toEqual(identity);
});

test("a log directory is formatted once: its ids stay, whatever is said later", () => {
  const identity = loadIdentity(dir, wanted);
  const logDir = join(dir, "kafka");
  formatLogDir(logDir, identity);
  const before = readFileSync(join(logDir, "meta.properties"), "utf8");
  expect(before).toContain(`cluster.id=${identity.clusterId}`);
  formatLogDir(logDir, { ...identity, clusterId: "another" });
  expect(readFileSync(join(logDir, "meta.properties"), "utf8")).toBe(before);
});

async function taken(): Promise<{ server: Server; port: number }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return { server, port: (server.address() as { port: number }).port };
}

const close = (server: Server) => new Promise((resolve) => server.close(resolve));

test("ports stay what they were where they are free, and move where somebody has them", async () => {
  const first = await choosePorts(host, loadIdentity(dir, wanted), 0);
  expect(first.brokerPort).not.toBe(first.controllerPort);
  expect(await choosePorts(host, first, 0)).toEqual(first);
  const { server, port } = await taken();
  const moved = await choosePorts(host, { ...first, brokerPort: port }, 0);
  expect(moved.brokerPort).not.toBe(port);
  expect(moved.controllerPort).toBe(first.controllerPort);
  await close(server);
});

test("a port that was asked for is taken or refused, never replaced; the controller makes room for it", async () => {
  const before = loadIdentity(dir, wanted);
  const { server, port } = await taken();
  await expect(choosePorts(host, before, port)).rejects.toMatchObject({ code: "env.port_taken" });
  await close(server);
  const { brokerPort, controllerPort } = await choosePorts(
    host,
    { ...before, controllerPort: port },
    port,
  );
  expect(brokerPort).toBe(port);
  expect(controllerPort).not.toBe(port);
});
