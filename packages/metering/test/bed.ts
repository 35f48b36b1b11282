// What metering stands on: a store, a clock that only the test moves, the test run's broker as a cell, and gateways
// that count what they are told to have carried. Each bed has a tenant and prefixes of its own, so beds do not meet.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { putCluster } from "@headgate/control/clusters";
import type { Control } from "@headgate/control/control";
import { snapshotOffsets } from "@headgate/control/snapshot-offsets";
import { putTopic } from "@headgate/control/topics";
import type { Actor } from "@headgate/core/audit";
import { base32, type CellId, newId, newPrefix, type TenantId } from "@headgate/core/ids";
import { type KafkaAdmin, kafkaAdmin } from "@headgate/kafka/admin";
import { type ClusterRecord, clusters } from "@headgate/store/clusters";
import { offsets } from "@headgate/store/offsets";
import { processSignal } from "@headgate/store/signal";
import { openSqlite } from "@headgate/store/sqlite";
import { systemRandom } from "@headgate/store/system";
import { topics } from "@headgate/store/topics";
import { inject, vi } from "vitest";
import { type Life, life, mortalStore } from "../../store/test/mortal.ts";
import { clusterMeter, type MeterDeps } from "../src/meter-cluster.ts";
import { produce } from "./produce.ts";

export const settleMs = 3000;
export const minuteMs = 60_000;
export const hourMs = 3_600_000;

/** One Tuesday in the middle of a month, ten past four. */
const startMs = Date.UTC(2026, 10, 10, 4, 10);

export interface Bed {
  readonly control: Control;
  readonly actor: Actor;
  readonly tenant: TenantId;
  /** Reads the world, past metering. */
  readonly admin: KafkaAdmin;
  nowMs(): number;
  pass(ms: number): void;
  /** A placed cluster. */
  cluster(name?: string, spec?: unknown): Promise<ClusterRecord>;
  /** A topic as the provisioner leaves it; answers its Kafka id. */
  topic(cluster: ClusterRecord, name: string, partitions?: number): Promise<string>;
  /** Removes a topic as the provisioner does: last offsets first. */
  drop(cluster: ClusterRecord, name: string): Promise<void>;
  /** Records written to one partition. */
  write(cluster: ClusterRecord, topic: string, records: number, partition?: number): Promise<void>;
  /** From now on the watermarks of a topic are this many records lower than they were. */
  losesRecords(cluster: ClusterRecord, topic: string, records: number): void;
  /** The meter of a cluster in a process of its own, which may die. */
  meter(cluster: ClusterRecord, of?: Life): { round(): Promise<boolean> };
  close(): Promise<void>;
}

export function meteringBed(): Bed {
  const dir = mkdtempSync(join(tmpdir(), "headgate-metering-"));
  const store = openSqlite({ path: join(dir, "store.sqlite") });
  const signal = processSignal(base32(systemRandom, 16));
  const tenant: TenantId = newId("tn", systemRandom);
  const cell: CellId = newId("ce", systemRandom);
  const actor: Actor = { tenant, channel: "api", requestId: "test", serviceAccountName: "tester" };
  const admin = realAdmin();
  const lost = new Map<string, bigint>();
  const lossy = withLosses(admin, lost);
  let nowMs = startMs;
  const control: Control = { store, signal, clock: { nowMs: () => nowMs }, random: systemRandom };

  const physical = ({ placement }: ClusterRecord, name: string) => placement!.prefix + name;
  const depsOf = (of: Life): MeterDeps => ({
    control: { store: mortalStore(store, of), clock: control.clock },
    admins: async () => lossy,
    settleMs,
  });
  return {
    control,
    actor,
    tenant,
    admin,
    nowMs: () => nowMs,
    pass(ms) {
      nowMs += ms;
    },
    async cluster(name = "default", spec = {}) {
      const { id } = await putCluster(control, actor, name, spec);
      const placement = { cell, prefix: newPrefix(systemRandom), principal: id };
      const placed = await clusters(store).updateStatus(tenant, name, ({ status }) => ({
        status: { ...status, phase: "Ready", observedGeneration: 1 },
        placement,
      }));
      return placed!.value;
    },
    async topic(cluster, name, partitions = 1) {
      const { generation, createdAt } = await putTopic(control, actor, cluster.name, name, {
        partitions,
      });
      const topic = { name: physical(cluster, name), partitions, replicationFactor: 1 };
      const [made] = await admin.createTopics([topic]);
      if (made?.error) throw made.error;
      const { topicId } = made!;
      await offsets(store).putTopicName(tenant, cluster.id, { topicId, name, createdAt });
      await topics(store).updateStatus(tenant, cluster.id, name, ({ status }) => ({
        status: { ...status, phase: "Ready", observedGeneration: generation, topicId, partitions },
      }));
      return topicId;
    },
    async drop(cluster, name) {
      const { prefix } = cluster.placement!;
      const scope = { tenant, cluster: cluster.id, prefix, topics: [name] };
      await snapshotOffsets(control, lossy, scope);
      await admin.deleteTopics({ names: [prefix + name] });
      await vi.waitFor(async () => {
        const [topic] = await admin.metadata({ names: [prefix + name] });
        if (!topic?.error) throw new Error("still there");
      });
      const stored = await topics(store).get(tenant, cluster.id, name);
      await topics(store).remove(tenant, cluster.id, name, stored!.version);
      lost.delete(prefix + name);
    },
    write: (cluster, topic, records, partition = 0) =>
      produce(admin, physical(cluster, topic), partition, records),
    losesRecords(cluster, topic, records) {
      const name = physical(cluster, topic);
      lost.set(name, (lost.get(name) ?? 0n) + BigInt(records));
    },
    meter(cluster, of = life()) {
      const meter = clusterMeter(depsOf(of), tenant, cluster);
      return {
        async round() {
          const record = await clusters(store).get(tenant, cluster.name);
          return meter.round(record!.value);
        },
      };
    },
    async close() {
      admin.close();
      signal.close();
      await store.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

export function realAdmin(): KafkaAdmin {
  const { bootstrap, adminUsername: username, adminPassword: password } = inject("kafka");
  return kafkaAdmin({ bootstrap, sasl: { mechanism: "PLAIN", username, password } });
}

/** The broker after an unclean election, as far as its watermarks tell: those of partition 0 are lower. */
function withLosses(admin: KafkaAdmin, lost: ReadonlyMap<string, bigint>): KafkaAdmin {
  return {
    ...admin,
    async listOffsets(queries, isolation) {
      const answers = await admin.listOffsets(queries, isolation);
      return answers.map((answer) => {
        const records = answer.partition === 0 ? lost.get(answer.topic) : undefined;
        return records === undefined ? answer : { ...answer, offset: answer.offset - records };
      });
    },
  };
}
