// What a key opens, read from a real store.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Control } from "@headgate/control/control";
import { verifiersOf } from "@headgate/control/verifiers";
import type { ApiKeyRecord } from "@headgate/core/api-key";
import { ClusterSpec } from "@headgate/core/cluster";
import { type ApiKeyId, newId, newPrefix, newSecret, type TenantId } from "@headgate/core/ids";
import { type ServiceAccount, ServiceAccountSpec } from "@headgate/core/service-account";
import { apiKeys } from "@headgate/store/api-keys";
import { type ClusterRecord, clusters } from "@headgate/store/clusters";
import { serviceAccounts } from "@headgate/store/service-accounts";
import { processSignal } from "@headgate/store/signal";
import { openSqlite } from "@headgate/store/sqlite";
import { systemRandom } from "@headgate/store/system";
import { topics } from "@headgate/store/topics";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { clusterReady, loadBinding, loadTopics } from "./load-binding.ts";

const random = systemRandom;
const at = "2026-01-01T00:00:00.000Z";
const nowMs = Date.parse(at) + 1000;
const readyStatus = { phase: "Ready" as const, conditions: [], observedGeneration: 1 };
const envelope = { generation: 1, managedBy: {}, createdAt: at, updatedAt: at };
const verifiers = await verifiersOf(newSecret(random), random);

let dir: string;
let control: Control;
let tenant: TenantId;
let id: ApiKeyId;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "headgate-binding-"));
  control = {
    store: openSqlite({ path: join(dir, "store.sqlite") }),
    signal: processSignal(newId("cl", random)),
    clock: { nowMs: () => nowMs },
    random,
  };
});

afterAll(async () => {
  control.signal.close();
  await control.store.close();
  rmSync(dir, { recursive: true, force: true });
});

beforeEach(() => {
  tenant = newId("tn", random) as TenantId;
  id = newId("ak", random) as ApiKeyId;
});

interface Given {
  readonly key?: Partial<ApiKeyRecord>;
  readonly account?: Partial<ServiceAccount> & { deletedAt?: string };
  readonly cluster?: Partial<ClusterRecord> & { deletedAt?: string };
}

async function given({ key, account, cluster }: Given = {}): Promise<ClusterRecord> {
  const accountId = newId("sa", random) as ServiceAccount["id"];
  const clusterId = newId("cl", random) as ClusterRecord["id"];
  const { store } = control;
  const record: ClusterRecord = {
    kind: "Cluster",
    id: clusterId,
    name: "default",
    spec: ClusterSpec.parse({}),
    status: { ...readyStatus, bootstrap: "127.0.0.1:9092" },
    placement: { cell: "ce_0000000000000000", prefix: newPrefix(random), principal: clusterId },
    ...envelope,
    ...cluster,
  };
  await clusters(store).create(tenant, record);
  await serviceAccounts(store).create(tenant, {
    kind: "ServiceAccount",
    id: accountId,
    name: "app",
    spec: ServiceAccountSpec.parse({ role: "viewer" }),
    status: readyStatus,
    ...envelope,
    ...account,
  });
  await apiKeys(store).create(tenant, {
    id,
    tenant,
    serviceAccount: accountId,
    serviceAccountName: "app",
    ...verifiers,
    createdAt: at,
    ...key,
  });
  return record;
}

test("a live key opens its account's cluster with the account's grants and its role's", async () => {
  const own = { operation: "produce", resource: "topic", pattern: "literal", name: "t" } as const;
  const spec = ServiceAccountSpec.parse({ role: "viewer", grants: [own] });
  const cluster = await given({ account: { spec } });
  const binding = await loadBinding(control, id);
  expect(binding).toMatchObject({
    tenant,
    cluster: cluster.id,
    clusterName: "default",
    serviceAccountName: "app",
    apiKey: id,
    placement: cluster.placement,
  });
  const operations = binding?.grants.map((grant) => `${grant.operation} ${grant.resource}`);
  expect(operations).toEqual(["consume topic", "consume group", "produce topic"]);
});

describe("nothing is opened by", () => {
  test.each<[string, Given]>([
    ["a revoked key", { key: { revokedAt: at } }],
    ["an expired key", { key: { expiresAt: new Date(nowMs).toISOString() } }],
    ["a key of an account that is gone", { key: { serviceAccountName: "gone" } }],
    [
      "a key of an account that was made anew under its name",
      { key: { serviceAccount: newId("sa", random) as ServiceAccount["id"] } },
    ],
    ["a key of an account that goes away", { account: { deletedAt: at } }],
    [
      "a key whose cluster there is not",
      { account: { spec: ServiceAccountSpec.parse({ cluster: "other" }) } },
    ],
    ["a key whose cluster goes away", { cluster: { deletedAt: at } }],
  ])("%s", async (_what, world) => {
    await given(world);
    expect(await loadBinding(control, id)).toBeUndefined();
  });

  test("an unknown id, and text that is none", async () => {
    for (const text of [id, "", "root", "ak_", "x".repeat(10_000), "ak_\n"])
      expect(await loadBinding(control, text)).toBeUndefined();
  });
});

describe("a cluster", () => {
  const pending = { phase: "Pending" as const, conditions: [], observedGeneration: 0 };

  test("that is still being made can be waited for, instead of the key being called wrong", async () => {
    const cluster = await given({ cluster: { status: pending } });
    await expect(loadBinding(control, id)).rejects.toMatchObject({ code: "cluster.not_ready" });
    const { promise: waiting, resolve } = Promise.withResolvers<void>();
    const on: Control["signal"]["on"] = (topic, fn) => {
      resolve();
      return control.signal.on(topic, fn);
    };
    const ready = clusterReady({ ...control, signal: { ...control.signal, on } }, id);
    await waiting;
    const status = { ...readyStatus, bootstrap: "127.0.0.1:9092" };
    await clusters(control.store).updateStatus(tenant, "default", (now) => ({ ...now, status }));
    control.signal.notify(`cluster:${cluster.id}`);
    await ready;
    expect((await loadBinding(control, id))?.cluster).toBe(cluster.id);
    // Again is no wait at all, and neither is a key that opens nothing.
    await clusterReady(control, id);
    await clusterReady(control, "root");
  });

  test("that could not be made says so to who waits", async () => {
    const failed = { ...pending, phase: "Failed" as const, observedGeneration: 1 };
    await given({ cluster: { status: failed } });
    await expect(clusterReady(control, id)).rejects.toMatchObject({ code: "cluster.not_ready" });
  });

  test("that was ready once is served although a later wish could not be met", async () => {
    const status = { ...readyStatus, phase: "Failed" as const, bootstrap: "127.0.0.1:9092" };
    await given({ cluster: { status } });
    expect(await loadBinding(control, id)).toBeDefined();
  });
});

test("topics are those the provisioner made, of every page", async () => {
  const cluster = await given();
  for (let i = 0; i < 250; i++) {
    const topicId = Buffer.alloc(16, i).toString("base64url");
    await topics(control.store).create(tenant, cluster.id, {
      kind: "Topic",
      id: newId("tp", random) as `tp_${string}`,
      name: `t${i}`,
      spec: { partitions: 1, config: {}, protected: false, labels: {} },
      status: i === 0 ? pendingTopic : { ...readyStatus, topicId },
      ...envelope,
    });
  }
  const known = await loadTopics(control.store, { tenant, cluster: cluster.id });
  expect(known).toHaveLength(249);
  expect(known.some(({ name }) => name === "t0")).toBe(false);
  expect(known).toContainEqual({ name: "t1", topicId: Buffer.alloc(16, 1).toString("base64url") });
});

const pendingTopic = { phase: "Pending" as const, conditions: [], observedGeneration: 0 };
