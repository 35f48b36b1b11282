// A cluster is Ready only after its principal was tried at every broker of its cell, and found able to do its own work
// and nothing else.
import { createServer, connect as dial, type Server, type Socket } from "node:net";
import { putCluster } from "@headgate/control/clusters";
import { clusters } from "@headgate/store/clusters";
import { afterEach, beforeEach, expect, inject, test } from "vitest";
import type { BrokerAddress, CellDriver } from "../src/drivers/driver.ts";
import { probePrincipal } from "../src/probe-principal.ts";
import { reconcileCluster } from "../src/reconcile-cluster.ts";
import { minter } from "./mint.ts";
import { freshDeps, withCell } from "./one-life.ts";
import { type SharedCell, sharedCell } from "./shared-cell.ts";

let shared: SharedCell;
let forward: Forward | undefined;

beforeEach(() => {
  shared = sharedCell();
});

afterEach(async () => {
  await forward?.close();
  forward = undefined;
  await shared.close();
});

interface Forward {
  readonly connections: number;
  close(): Promise<void>;
}

/** Another address of the test run's broker. */
async function forwardTo(broker: { host: string; port: number }, port: number): Promise<Forward> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server: Server = createServer((client) => {
    connections += 1;
    const upstream = dial(broker);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => undefined).once("close", () => sockets.delete(socket));
    }
    client.pipe(upstream).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    get connections() {
      return connections;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function unusedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The shared cell as if it had these brokers. */
function cellOf(brokers: readonly BrokerAddress[]): SharedCell {
  const driver: CellDriver = {
    ...shared.driver,
    observe: async () => ({ state: "present", power: "on", brokers }),
  };
  return { ...shared, driver };
}

async function reconciled(over: SharedCell) {
  const { control, actor } = shared;
  const deps = freshDeps(over);
  const key = { tenant: actor.tenant, name: "default" };
  const outcome = await reconcileCluster(deps, key, () => undefined);
  deps.admins.close();
  const { status } = (await clusters(control.store).get(actor.tenant, "default"))!.value;
  return { outcome: outcome.do, phase: status.phase };
}

test("a cluster waits for the last broker of its cell", async () => {
  const { nodeId, host, port } = inject("kafka");
  const second = { id: nodeId + 1, host: "127.0.0.1", port: await unusedPort() };
  const cell = cellOf([{ id: nodeId, host, port }, second]);
  await withCell(cell);
  await putCluster(shared.control, shared.actor, "default", {});
  expect(await reconciled(cell)).toEqual({ outcome: "retry", phase: "Pending" });
  forward = await forwardTo({ host, port }, second.port);
  expect(await reconciled(cell)).toEqual({ outcome: "done", phase: "Ready" });
  expect(forward.connections).toBe(1);
});

test("a cell that shows a cluster what is not its own never makes it Ready", async () => {
  const wall = { resourceType: "TOPIC", patternType: "PREFIXED", host: "*" } as const;
  await withCell(shared);
  const { id } = await putCluster(shared.control, shared.actor, "default", {});
  const principal = `User:${id}`;
  await shared.admin.createAcls([
    { ...wall, resourceName: "ciiiiiiiii", principal, operation: "DESCRIBE", permission: "ALLOW" },
  ]);
  expect(await reconciled(shared)).toEqual({ outcome: "retry", phase: "Pending" });
  await shared.admin.deleteAcls([{ principal, resourceName: "ciiiiiiiii" }]);
  await expect.poll(() => reconciled(shared)).toEqual({ outcome: "done", phase: "Ready" });
  await shared.admin.deleteAcls([{ principal }]);
});

test("a principal without its ACLs is not let through yet", async () => {
  const { nodeId: brokerId, host, port } = inject("kafka");
  const placement = { prefix: "c000000000.", principal: "cl_nobody" };
  const mint = minter(inject("kafka"));
  expect(await probePrincipal({ id: brokerId, host, port }, placement, mint)).toBe("not yet");
});
