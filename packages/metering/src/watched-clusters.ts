// The clusters there are, each with its meter: found by sweeping the store, run one round at a time.
import { meteredClusters } from "@headgate/control/metered-hours";
import type { ClusterId, TenantId } from "@headgate/core/ids";
import { clusters } from "@headgate/store/clusters";
import type { Signal } from "@headgate/store/signal";
import { tenants } from "@headgate/store/tenants";
import { clusterMeter, type MeterDeps, recordEnd } from "./meter-cluster.ts";
import { type Repeated, repeated } from "./repeated.ts";

export interface WatchOptions extends MeterDeps {
  readonly signal: Signal;
  readonly debounceMs: number;
  readonly retryMs: number;
  readonly log: (message: string, fields: Record<string, unknown>) => void;
}

export interface Watched {
  readonly tenant: TenantId;
  readonly rounds: Repeated;
  readonly stop: () => void;
}

export interface WatchedClusters {
  readonly all: ReadonlyMap<ClusterId, Watched>;
  /** Begins to watch new clusters and ends those that are gone. */
  discover(): Promise<void>;
  /** Ends clusters that went while nobody watched. */
  endGone(): Promise<void>;
  close(): Promise<void>;
}

export function watchedClusters(options: WatchOptions): WatchedClusters {
  const { control, signal, debounceMs, retryMs, settleMs } = options;
  const { store } = control;
  const all = new Map<ClusterId, Watched>();

  const isLive = async (tenant: TenantId, name: string, id: ClusterId) =>
    (await clusters(store).get(tenant, name))?.value.id === id;

  const watch = (tenant: TenantId, name: string, id: ClusterId): Watched => {
    const meter = clusterMeter(options, tenant, { id });
    const round = async (): Promise<void> => {
      const record = await clusters(store).get(tenant, name);
      if (record?.value.id !== id) return;
      if (await meter.round(record.value)) rounds.soon(settleMs);
      // For who watches usage: what was written is known later than that something was.
      signal.notify(`metered:${id}`);
    };
    const rounds = repeated(round, (error) => {
      options.log("A cluster could not be metered", { cluster: id, error: String(error) });
      return retryMs;
    });
    return { tenant, rounds, stop: signal.on(`usage:${id}`, () => rounds.soon(debounceMs)) };
  };

  return {
    all,
    async discover() {
      // Only those known before the look: one found by another look meanwhile may be too new for this one.
      const known = [...all];
      const live = new Set<ClusterId>();
      for await (const { tenant, cluster } of clusters(store).all()) {
        const record = await clusters(store).get(tenant, cluster);
        if (!record) continue;
        const { id } = record.value;
        live.add(id);
        if (!all.has(id)) all.set(id, watch(tenant, cluster, id));
      }
      for (const [id, { tenant, rounds, stop }] of known) {
        if (live.has(id)) continue;
        stop();
        await rounds.close();
        await recordEnd(control, tenant, id);
        // Last: an end that could not be written is tried again at the next look.
        all.delete(id);
      }
    },
    async endGone() {
      for await (const tenant of tenants(store).all()) {
        for (const { cluster, name, endedBefore } of await meteredClusters(store, tenant)) {
          if (endedBefore !== undefined || (await isLive(tenant, name, cluster))) continue;
          await recordEnd(control, tenant, cluster);
        }
      }
    },
    async close() {
      for (const { rounds, stop } of all.values()) {
        stop();
        await rounds.close();
      }
    },
  };
}
