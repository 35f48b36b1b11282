// Topics, by tenant, cluster id and name.
import type { ClusterId, TenantId } from "@headgate/core/ids";
import { Topic } from "@headgate/core/topic";
import { z } from "zod";
import { topicsOf } from "./keys.ts";
import { specFields, statusFields } from "./resource-fields.ts";
import { type ListOptions, type Place, resources, type Stored, sweep } from "./resources.ts";
import type { Store, Version } from "./store.ts";

/** A topic as it is stored. */
export const TopicRecord = Topic.extend({
  /** Token of the newest quota reservation this item carries (control/quota.ts). Never shown. */
  reservation: z.string().optional(),
});
export type TopicRecord = z.infer<typeof TopicRecord>;

const topicSpecFields = [...specFields, "reservation"] as const;
type SpecHalf = Pick<TopicRecord, (typeof topicSpecFields)[number]>;
type StatusHalf = Pick<TopicRecord, (typeof statusFields)[number]>;

/** The repository of topics. Every method throws StoreError. */
export function topics(store: Store) {
  const repo = resources({
    store,
    schema: TopicRecord,
    kind: "topic",
    specFields: topicSpecFields,
    statusFields,
  });
  const at = (tenant: TenantId, cluster: ClusterId, name: string): Place => ({
    key: topicsOf(tenant, cluster).key(name),
    parts: [tenant, cluster, name],
  });
  return {
    get: (tenant: TenantId, cluster: ClusterId, name: string) =>
      repo.get(at(tenant, cluster, name)),
    list: (tenant: TenantId, cluster: ClusterId, options: ListOptions) =>
      repo.list(topicsOf(tenant, cluster), options),
    create: (tenant: TenantId, cluster: ClusterId, value: TopicRecord) =>
      repo.create(at(tenant, cluster, value.name), value),
    writeSpec: (tenant: TenantId, cluster: ClusterId, read: Stored<TopicRecord>, next: SpecHalf) =>
      repo.writeSpec(at(tenant, cluster, read.value.name), read, next),
    updateSpec: (
      tenant: TenantId,
      cluster: ClusterId,
      name: string,
      change: (now: TopicRecord) => SpecHalf | undefined,
    ) => repo.updateSpec(at(tenant, cluster, name), change),
    updateStatus: (
      tenant: TenantId,
      cluster: ClusterId,
      name: string,
      change: (now: TopicRecord) => StatusHalf | undefined,
    ) => repo.updateStatus(at(tenant, cluster, name), change),
    remove: (tenant: TenantId, cluster: ClusterId, name: string, version: Version) =>
      repo.remove(at(tenant, cluster, name), version),
    /** Places of all topics, for the provisioner's sweep; some may hold nothing. */
    async *all(): AsyncGenerator<{ tenant: TenantId; cluster: ClusterId; name: string }> {
      for await (const [tenant, cluster, name] of sweep(store, "topic")) {
        yield { tenant: tenant as TenantId, cluster: cluster as ClusterId, name: name! };
      }
    },
  };
}
