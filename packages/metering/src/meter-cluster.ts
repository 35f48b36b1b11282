// One round of metering one cluster: counts, watermarks, storage, settings. Every write of it may be repeated, by this
// process or another, at any time.
import type { Control } from "@headgate/control/control";
import { snapshotOffsets } from "@headgate/control/snapshot-offsets";
import { hourOf, nextHour } from "@headgate/core/clock";
import type { CellId, TenantId } from "@headgate/core/ids";
import { MeteredCluster, withSettings } from "@headgate/core/metering";
import type { KafkaAdmin } from "@headgate/kafka/admin";
import type { ClusterRecord } from "@headgate/store/clusters";
import { meteredOf } from "@headgate/store/keys";
import { modify } from "@headgate/store/resources";
import { topics } from "@headgate/store/topics";
import { usage } from "@headgate/store/usage";
import { topicReconciler } from "./reconcile-topics.ts";
import { storedBytes } from "./sample-storage.ts";
import { type LiveTopic, writtenCounts } from "./written-counts.ts";

export interface MeterDeps {
  readonly control: Pick<Control, "store" | "clock">;
  /** Throws while the cell is off. */
  readonly admins: (cell: CellId) => Promise<KafkaAdmin>;
  /** After that long every living gateway has flushed again. */
  readonly settleMs: number;
}

export interface ClusterMeter {
  /** True when a later round has something to settle. */
  round(cluster: ClusterRecord): Promise<boolean>;
}

/** The meter of one cluster; keeps only what makes rounds cheap. */
export function clusterMeter(
  { control, admins, settleMs }: MeterDeps,
  tenant: TenantId,
  cluster: Pick<ClusterRecord, "id">,
): ClusterMeter {
  const { store, clock } = control;
  const { id } = cluster;
  const reconciler = topicReconciler(control, tenant, id, settleMs);
  let sampledHour: string | undefined;

  const sampleStorage = async (admin: KafkaAdmin, prefix: string, names: readonly string[]) => {
    const atMs = clock.nowMs();
    const hour = hourOf(atMs);
    if (sampledHour === hour) return;
    const span = { from: hour, before: nextHour(hour) };
    if ((await usage(store).storage(tenant, id, span)).length === 0) {
      const stored = await storedBytes(admin, prefix, names);
      const sample = { hour, atMs, bytes: String(stored.bytes), topics: stored.topics };
      await usage(store).putStorage(tenant, id, sample);
    }
    sampledHour = hour;
  };

  return {
    async round(record) {
      await recordSettings(control, tenant, record);
      const live = await liveTopics(control, tenant, record);
      if (record.placement === undefined || live.length === 0) return false;
      const { prefix, cell } = record.placement;
      const names = live.map((topic) => topic.name);
      const admin = await admins(cell);
      const counts = await writtenCounts(control, tenant, id, live);
      const scope = { tenant, cluster: id, prefix, topics: names };
      const { latest } = await snapshotOffsets(control, admin, scope);
      const waits = await reconciler.compare(counts, latest);
      await sampleStorage(admin, prefix, names);
      return waits;
    },
  };
}

/** Keeps what the cluster is rated by, while it is there to be asked. */
async function recordSettings(
  { store }: Pick<Control, "store">,
  tenant: TenantId,
  cluster: ClusterRecord,
): Promise<void> {
  await modify(store, MeteredCluster, meteredOf(tenant).key(cluster.id), (found) => {
    const next = withSettings(found, cluster);
    return next === found ? undefined : next;
  });
}

/** Marks a cluster that is gone: nothing is reserved from the next hour on. */
export async function recordEnd(
  { store, clock }: Pick<Control, "store" | "clock">,
  tenant: TenantId,
  cluster: MeteredCluster["cluster"],
): Promise<void> {
  const endedBefore = nextHour(hourOf(clock.nowMs()));
  await modify(store, MeteredCluster, meteredOf(tenant).key(cluster), (found) =>
    found === undefined || found.endedBefore !== undefined ? undefined : { ...found, endedBefore },
  );
}

async function liveTopics(
  { store }: Pick<Control, "store">,
  tenant: TenantId,
  { id }: ClusterRecord,
): Promise<LiveTopic[]> {
  const live: LiveTopic[] = [];
  let cursor: string | undefined;
  do {
    const page = await topics(store).list(tenant, id, { limit: 500, cursor });
    live.push(
      ...page.items.map(({ value: { name, createdAt, status } }) => ({
        name,
        createdAt,
        topicId: status.topicId,
      })),
    );
    cursor = page.cursor;
  } while (cursor !== undefined);
  return live;
}
