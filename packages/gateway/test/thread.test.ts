// The gateway as the composition runs it: on a thread of its own, the store on another.
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toTimestamp } from "@headgate/core/clock";
import { type CellId, newId } from "@headgate/core/ids";
import { kafkaAdmin } from "@headgate/kafka/admin";
import { Api } from "@headgate/kafka/generated/types";
import { cells } from "@headgate/store/cells";
import { systemRandom } from "@headgate/store/system";
import { type StoreThread, startStoreThread } from "@headgate/store/thread";
import { usage } from "@headgate/store/usage";
import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";
import { startGatewayThread } from "../src/start-worker.ts";
import { raw } from "./clients.ts";
import { makeTenant, type Tenant } from "./world.ts";

const kafka = inject("kafka");
let dir: string;
let storeThread: StoreThread;
let tenant: Tenant;
const logged: string[] = [];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "headgate-thread-"));
  storeThread = await startStoreThread({ path: join(dir, "store.sqlite") });
  const cell = newId("ce", systemRandom) as CellId;
  const { store } = storeThread;
  await cells(store).update(cell, () => ({
    id: cell,
    driver: "embedded",
    brokers: { [kafka.nodeId]: kafka.bootstrap },
    brokerCount: 1,
    phase: "Ready",
    updatedAt: toTimestamp(Date.now()),
  }));
  const { adminUsername: username, adminPassword: password } = kafka;
  const sasl = { mechanism: "PLAIN", username, password } as const;
  const admin = kafkaAdmin({ bootstrap: kafka.bootstrap, sasl });
  tenant = await makeTenant({ store }, admin, cell, {});
  admin.close();
});

afterAll(async () => {
  await storeThread.close();
  rmSync(dir, { recursive: true, force: true });
});

const start = (port = 0) =>
  startGatewayThread(
    {
      listen: { host: "127.0.0.1", port },
      advertisedHost: "127.0.0.1",
      writerId: newId("cl", systemRandom),
      // Long: what is counted must be there after `close`, not because time passed.
      flushMs: 3_600_000,
      storePort: storeThread.connect(),
      signalName: newId("cl", systemRandom),
      tokens: {
        privateKeyPem: kafka.signingKeyPem,
        issuer: kafka.issuer,
        audience: kafka.audience,
      },
    },
    (message) => void logged.push(message),
  );

test("serves, tells how it is, and writes its last counts before it ends", async () => {
  const gateway = await start();
  const client = await raw(gateway.port);
  await client.logIn(tenant.key);
  const described = await client.ask(Api.DescribeCluster, 2, {});
  expect(described.clusterId).toBe(tenant.cluster);
  expect(described.brokers.map((broker) => broker.port)).toEqual([gateway.port + 1 + kafka.nodeId]);
  expect(await gateway.stats()).toMatchObject({ connections: 1, sessions: 1, links: 0 });

  const stranger = await raw(gateway.port);
  stranger.send(Buffer.from("GET / HTTP/1.1\r\n\r\n"));
  await stranger.closed;
  await vi.waitFor(() => expect(logged).toContain("Request could not be read"));

  await gateway.close();
  await client.closed;
  expect(await gateway.ended).toBeUndefined();
  const span = { from: "2000-01-01T00", before: "2999-01-01T00" };
  const windows = await usage(storeThread.store).windows(tenant.tenant, tenant.cluster, span);
  expect(windows.map((window) => window.totals.requests)).toEqual(["1"]);
});

test("says which port is taken, and ends", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  await expect(start(port)).rejects.toMatchObject({
    code: "env.port_taken",
    message: expect.stringContaining(`${port}`),
  });
  await new Promise((resolve) => server.close(resolve));
});
