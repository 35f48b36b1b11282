// Clusters, by tenant and name. A cluster's placement is the provisioner's and lies in the status half; the API never
// shows it.
import { Cluster, Placement } from "@headgate/core/cluster";
import type { ClusterId, TenantId } from "@headgate/core/ids";
import { TenantId as TenantIdSchema } from "@headgate/core/ids";
import { Name } from "@headgate/core/resource";
import { z } from "zod";
import { clusterOwnerKey, clustersOf, prefixOwnerKey } from "./keys.ts";
import { specFields, statusFields } from "./resource-fields.ts";
import {
  getParsed,
  type ListOptions,
  type Place,
  putOnce,
  resources,
  type Stored,
  sweep,
} from "./resources.ts";
import type { Store, Version } from "./store.ts";

/** A cluster as it is stored. */
export const ClusterRecord = Cluster.extend({ placement: Placement.optional() });
export type ClusterRecord = z.infer<typeof ClusterRecord>;

export const ClusterOwner = z.object({ tenant: TenantIdSchema, name: Name });
export type ClusterOwner = z.infer<typeof ClusterOwner>;

const clusterStatusFields = [...statusFields, "placement"] as const;
type SpecHalf = Pick<ClusterRecord, (typeof specFields)[number]>;
type StatusHalf = Pick<ClusterRecord, (typeof clusterStatusFields)[number]>;

/** The repository of clusters. Every method throws StoreError. */
export function clusters(store: Store) {
  const repo = resources({
    store,
    schema: ClusterRecord,
    kind: "cluster",
    specFields,
    statusFields: clusterStatusFields,
  });
  const at = (tenant: TenantId, name: string): Place => ({
    key: clustersOf(tenant).key(name),
    parts: [tenant, name],
  });
  return {
    get: (tenant: TenantId, name: string) => repo.get(at(tenant, name)),
    list: (tenant: TenantId, options: ListOptions) => repo.list(clustersOf(tenant), options),
    /** The owner lookup goes first: an id is random, so one that nothing came of is never met again. */
    async create(tenant: TenantId, value: ClusterRecord): Promise<Stored<ClusterRecord>> {
      await putOnce(store, clusterOwnerKey(value.id), { tenant, name: value.name });
      return repo.create(at(tenant, value.name), value);
    },
    writeSpec: (tenant: TenantId, read: Stored<ClusterRecord>, next: SpecHalf) =>
      repo.writeSpec(at(tenant, read.value.name), read, next),
    updateSpec: (
      tenant: TenantId,
      name: string,
      change: (now: ClusterRecord) => SpecHalf | undefined,
    ) => repo.updateSpec(at(tenant, name), change),
    updateStatus: (
      tenant: TenantId,
      name: string,
      change: (now: ClusterRecord) => StatusHalf | undefined,
    ) => repo.updateStatus(at(tenant, name), change),
    remove: (tenant: TenantId, name: string, version: Version) =>
      repo.remove(at(tenant, name), version),
    /** By id alone, for the gateway's binding lookup and for events that carry an id: outlives the cluster. */
    async owner(cluster: ClusterId): Promise<ClusterOwner | undefined> {
      return (await getParsed(store, ClusterOwner, clusterOwnerKey(cluster)))?.value;
    },
    /** Reserves a physical prefix for ever; false when another cluster holds it. Again by the same one is true. */
    async reservePrefix(tenant: TenantId, cluster: ClusterId, prefix: string): Promise<boolean> {
      const key = prefixOwnerKey(prefix);
      if (await putOnce(store, key, { tenant, cluster })) return true;
      const holder = (await store.get(key))?.data as { cluster?: string } | undefined;
      return holder?.cluster === cluster;
    },
    /** Places of all clusters, for the provisioner's sweep; some may hold nothing. */
    async *all(): AsyncGenerator<{ tenant: TenantId; cluster: string }> {
      for await (const [tenant, cluster] of sweep(store, "cluster")) {
        yield { tenant: tenant as TenantId, cluster: cluster! };
      }
    },
  };
}
