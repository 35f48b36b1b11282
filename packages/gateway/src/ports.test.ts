// A run of consecutive ports, or a clear word.
import { connect, createServer, type Server, type Socket } from "node:net";
import { AppError } from "@headgate/core/errors";
import { expect, onTestFinished, test } from "vitest";
import { listenRun, nodePorts, type OnConnection } from "./ports.ts";

const host = "127.0.0.1";

async function run(port: number, onConnection: OnConnection = (socket) => void socket.destroy()) {
  const listening = await listenRun(host, port, onConnection);
  onTestFinished(() => listening.close());
  return listening;
}

async function occupy(port: number): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  onTestFinished(() => void server.close());
  return server;
}

const reach = (port: number) =>
  new Promise<Socket>((resolve, reject) => {
    const socket = connect(port, host, () => resolve(socket));
    socket.once("error", reject);
  });

test("port 0 finds a free run; the bootstrap is node -1, the ports after it are nodes 0, 1, 2, …", async () => {
  const seen: number[] = [];
  const { basePort } = await run(0, (socket, nodeId) => {
    seen.push(nodeId);
    socket.end();
  });
  for (let i = 0; i <= nodePorts; i++) {
    const socket = await reach(basePort + i);
    await new Promise((resolve) => socket.resume().once("close", resolve));
  }
  expect(seen).toEqual([-1, 0, 1, 2, 3]);
});

test("a port of the run that is taken is told, and nothing stays open", async () => {
  const { basePort, close } = await run(0);
  await close();
  await occupy(basePort + 2);
  const failed = listenRun(host, basePort, () => undefined);
  await expect(failed).rejects.toBeInstanceOf(AppError);
  await expect(failed).rejects.toMatchObject({
    code: "env.port_taken",
    message: `One of the ports ${basePort} to ${basePort + nodePorts} on ${host} is already in use.`,
  });
  await expect(reach(basePort)).rejects.toThrow("ECONNREFUSED");
});

test("a run that would pass the last port there is, and one that nobody may open, are told too", async () => {
  await expect(listenRun(host, 65_535, () => undefined)).rejects.toMatchObject({
    code: "env.port_taken",
  });
  const strange = listenRun("203.0.113.1", 0, () => undefined);
  await expect(strange).rejects.toMatchObject({ code: "env.port_taken" });
  await expect(strange).rejects.toThrow("EADDRNOTAVAIL");
});
