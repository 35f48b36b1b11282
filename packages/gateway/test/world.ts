// A whole small Headgate around the gateway under test: a real store, the real control commands, the real broker of the
// test run as a cell, and a topic reconciler of a few lines in the provisioner's place (services do not import each
// other).
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Control } from "@headgate/control/control";
import { verifiersOf } from "@headgate/control/verifiers";
import { toTimestamp } from "@headgate/core/clock";
import { ClusterSpec, replication } from "@headgate/core/cluster";
import {
  type ApiKeyId,
  type CellId,
  type ClusterId,
  newId,
  newPrefix,
  newSecret,
  type TenantId,
} from "@headgate/core/ids";
import { type Grant, ServiceAccountSpec } from "@headgate/core/service-account";
import { nextTopicChange, type ObservedTopic } from "@headgate/core/topic-plan";
import { type KafkaAdmin, kafkaAdmin } from "@headgate/kafka/admin";
import type { Acl, AclOperation, AclResourceType } from "@headgate/kafka/admin/acls";
import { apiKeys } from "@headgate/store/api-keys";
import { cells } from "@headgate/store/cells";
import { clusters } from "@headgate/store/clusters";
import { serviceAccounts } from "@headgate/store/service-accounts";
import { processSignal } from "@headgate/store/signal";
import { openSqlite } from "@headgate/store/sqlite";
import { systemClock, systemRandom } from "@headgate/store/system";
import { topics } from "@headgate/store/topics";
import { type WorkKey, workQueue } from "@headgate/store/work-queue";
import { inject } from "vitest";
import { type Gateway, type GatewayOptions, startGateway } from "../src/gateway.ts";
import { testMint } from "./mint.ts";

export interface Tenant {
  readonly tenant: TenantId;
  readonly cluster: ClusterId;
  readonly prefix: string;
  /** An owner's key. */
  readonly key: Key;
  /** A key of a new service account with these grants and nothing else. */
  keyWith(grants: Grant[]): Promise<Key>;
}

export interface Key {
  readonly id: ApiKeyId;
  readonly secret: string;
  readonly account: string;
}

export interface World {
  readonly control: Control;
  readonly gateway: Gateway;
  readonly admin: KafkaAdmin;
  readonly cell: CellId;
  readonly logged: { message: string; fields: Record<string, unknown> }[];
  tenant(spec?: Partial<ClusterSpec>): Promise<Tenant>;
  /** While true, topics asked for are not made. */
  stalled: boolean;
  close(): Promise<void>;
}

const random = systemRandom;

/** `broker` is where the cell's broker is dialled, instead of at its own address. */
export async function startWorld(
  options: Partial<GatewayOptions> & { readonly broker?: string } = {},
): Promise<World> {
  const kafka = inject("kafka");
  const dir = mkdtempSync(join(tmpdir(), "headgate-gateway-"));
  const store = openSqlite({ path: join(dir, "store.sqlite") });
  const signal = processSignal(newId("cl", random));
  const logged: World["logged"] = [];
  const log = (message: string, fields: Record<string, unknown>) => {
    logged.push({ message, fields });
  };
  const control: Control = { store, signal, clock: systemClock, random };
  const { adminUsername: username, adminPassword: password } = kafka;
  const sasl = { mechanism: "PLAIN", username, password } as const;
  const admin = kafkaAdmin({ bootstrap: kafka.bootstrap, sasl });
  const cell = newId("ce", random) as CellId;
  await cells(store).update(cell, () => ({
    id: cell,
    driver: "embedded",
    brokers: { [kafka.nodeId]: options.broker ?? kafka.bootstrap },
    brokerCount: 1,
    phase: "Ready",
    updatedAt: now(),
  }));
  const gateway = await startGateway({
    store,
    signal,
    clock: systemClock,
    random,
    log,
    tokenSigner: { mint: testMint(kafka) },
    listen: { host: "127.0.0.1", port: 0 },
    advertisedHost: "127.0.0.1",
    writerId: `w${newId("cl", random).slice(3)}`,
    flushMs: 100,
    ...options,
  });
  const world: World = {
    control,
    gateway,
    admin,
    cell,
    logged,
    stalled: false,
    tenant: (spec = {}) => makeTenant(control, admin, cell, spec),
    async close() {
      stopReconciling();
      await gateway.close();
      admin.close();
      signal.close();
      await store.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
  const stopReconciling = reconcileTopics(world);
  return world;
}

const now = () => toTimestamp(Date.now());
const readyStatus = { phase: "Ready" as const, conditions: [], observedGeneration: 1 };
const envelope = () => ({ generation: 1, managedBy: {}, createdAt: now(), updatedAt: now() });

/** A tenant with a cluster on `cell`, and an owner's key. */
export async function makeTenant(
  { store }: Pick<Control, "store">,
  admin: KafkaAdmin,
  cell: CellId,
  spec: Partial<ClusterSpec>,
): Promise<Tenant> {
  const tenant = newId("tn", random) as TenantId;
  const cluster = newId("cl", random) as ClusterId;
  const prefix = newPrefix(random);
  await clusters(store).create(tenant, {
    kind: "Cluster",
    id: cluster,
    name: "default",
    spec: ClusterSpec.parse(spec),
    status: { ...readyStatus, bootstrap: "gateway" },
    placement: { cell, prefix, principal: cluster },
    ...envelope(),
  });
  await admin.createAcls(aclsOf(prefix, cluster));
  const makeKey = async (account: string, given: unknown): Promise<Key> => {
    const accountId = newId("sa", random) as `sa_${string}`;
    await serviceAccounts(store).create(tenant, {
      kind: "ServiceAccount",
      id: accountId,
      name: account,
      spec: ServiceAccountSpec.parse(given),
      status: readyStatus,
      ...envelope(),
    });
    const id = newId("ak", random) as ApiKeyId;
    const secret = newSecret(random);
    await apiKeys(store).create(tenant, {
      id,
      tenant,
      serviceAccount: accountId,
      serviceAccountName: account,
      ...(await verifiersOf(secret, random)),
      createdAt: now(),
    });
    return { id, secret, account };
  };
  const key = await makeKey("owner", { role: "owner" });
  let accounts = 0;
  const keyWith = (grants: Grant[]) => makeKey(`app-${++accounts}`, { role: "none", grants });
  return { tenant, cluster, prefix, key, keyWith };
}

/** As the provisioner sets them up (DESIGN: two walls). */
function aclsOf(prefix: string, principal: string): Acl[] {
  const granted: [AclResourceType, AclOperation[]][] = [
    ["TOPIC", ["READ", "WRITE", "DELETE", "DESCRIBE_CONFIGS"]],
    ["GROUP", ["READ", "DELETE", "DESCRIBE_CONFIGS"]],
    ["TRANSACTIONAL_ID", ["WRITE"]],
  ];
  const acl = (
    resourceType: AclResourceType,
    operation: AclOperation,
    patternType: Acl["patternType"],
    resourceName: string,
    user: string,
  ): Acl => ({
    resourceType,
    operation,
    patternType,
    resourceName,
    principal: `User:${user}`,
    host: "*",
    permission: "ALLOW",
  });
  return [
    acl("CLUSTER", "IDEMPOTENT_WRITE", "LITERAL", "kafka-cluster", "*"),
    ...granted.flatMap(([type, operations]) =>
      operations.map((operation) => acl(type, operation, "PREFIXED", prefix, principal)),
    ),
  ];
}

/** Makes topics what their specs say, one change at a time, whenever there is work. */
function reconcileTopics(world: World): () => void {
  const queue = workQueue(world.control);
  let busy = false;
  const pass = async () => {
    if (world.stalled) return;
    const { items } = await queue.list(0, 100);
    for (const entry of items) {
      const done = entry.key[0] === "topic" ? await reconcileTopic(world, entry.key) : 0;
      await queue.done(entry, done);
    }
  };
  const look = () => {
    if (busy) return;
    busy = true;
    void pass()
      .catch(() => undefined)
      .finally(() => {
        busy = false;
      });
  };
  const off = queue.onWork(look);
  const timer = setInterval(look, 50);
  return () => {
    off();
    clearInterval(timer);
  };
}

async function reconcileTopic(
  { control, admin }: World,
  [, tenant, cluster, name]: WorkKey,
): Promise<number> {
  const repo = topics(control.store);
  const at = [tenant as TenantId, cluster as ClusterId, name!] as const;
  const stored = await repo.get(...at);
  const [owner] = (await clusters(control.store).list(at[0], { limit: 10 })).items;
  const prefix = owner?.value.placement?.prefix;
  if (!stored || !prefix) return 0;
  const topic = stored.value;
  const physical = prefix + topic.name;
  const { minInsyncReplicas } = replication.dev;
  const goal = { spec: topic.spec, deleted: topic.deletedAt !== undefined, minInsyncReplicas };
  for (;;) {
    const observed = await observe(admin, physical);
    const change = nextTopicChange({ ...goal, replicationFactor: 1 }, observed);
    if (change?.do === "create")
      await admin.createTopics([{ name: physical, ...change, configs: change.config }]);
    else if (change?.do === "addPartitions")
      await admin.createPartitions([{ name: physical, count: change.partitions }]);
    else if (change?.do === "delete") await admin.deleteTopics({ names: [physical] });
    else if (change?.do === "setConfig") {
      const set = Object.entries(change.set).map(([key, value]) => ({
        key,
        value,
        op: "set" as const,
      }));
      const unset = change.unset.map((key) => ({ key, op: "delete" as const }));
      await admin.incrementalAlterConfigs([
        { type: "topic", name: physical, ops: [...set, ...unset] },
      ]);
    } else if (observed.state === "present") {
      const { generation } = topic;
      await repo.updateStatus(...at, (current) => ({
        status: {
          ...current.status,
          phase: "Ready",
          observedGeneration: generation,
          partitions: observed.partitions,
          topicId: observed.topicId,
        },
      }));
    } else if (goal.deleted && observed.state === "absent") {
      const last = await repo.get(...at);
      if (last) await repo.remove(...at, last.version);
    } else continue;
    if (change) continue;
    control.signal.notify(`topic:${cluster}:${name}`);
    return topic.generation;
  }
}

async function observe(admin: KafkaAdmin, physical: string): Promise<ObservedTopic> {
  const [topic] = await admin.metadata({ names: [physical] });
  if (topic?.error?.errorName === "UNKNOWN_TOPIC_OR_PARTITION") return { state: "absent" };
  if (!topic || topic.error) return { state: "unknown" };
  const [described] = await admin.describeConfigs([{ type: "topic", name: physical }]);
  const own = [...(described?.entries ?? [])].filter(([, entry]) => entry.isOwn);
  const config = Object.fromEntries(own.map(([key, { value }]) => [key, value ?? ""]));
  return { state: "present", topicId: topic.topicId, partitions: topic.partitions.length, config };
}
