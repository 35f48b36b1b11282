// Offset boundaries: what a log had grown to when an hour began. Put once per partition: the first watermark read after
// the hour began stands, whoever reads again. Names of topics stay here for bills after the topic is gone.
import type { ClusterId, TenantId } from "@headgate/core/ids";
import { Timestamp } from "@headgate/core/resource";
import { OffsetSnapshot } from "@headgate/core/usage";
import { z } from "zod";
import { offsetsPk, offsetsSk, topicIdsOf } from "./keys.ts";
import { allBetween, getParsed, modify, putOnce, type Stored } from "./resources.ts";
import type { Store } from "./store.ts";
import type { HourSpan } from "./usage.ts";

export const TopicNameRecord = z.object({
  topicId: z.string(),
  name: z.string(),
  createdAt: Timestamp,
});
export type TopicNameRecord = z.infer<typeof TopicNameRecord>;

const latest = "LATEST";

/** The repository of offsets. Every method throws StoreError. */
export function offsets(store: Store) {
  const at = (tenant: TenantId, cluster: ClusterId, label: string, topicId: string) => ({
    pk: offsetsPk(tenant, cluster),
    sk: offsetsSk(label, topicId),
  });
  const values = <R>(stored: Stored<R>[]): R[] => stored.map((each) => each.value);
  return {
    /** The newest snapshot; an older one than what is there changes nothing. */
    async putLatest(tenant: TenantId, cluster: ClusterId, snapshot: OffsetSnapshot): Promise<void> {
      const key = at(tenant, cluster, latest, snapshot.topicId);
      await modify(store, OffsetSnapshot, key, (current) =>
        current && current.atMs >= snapshot.atMs ? undefined : snapshot,
      );
    },
    async getLatest(
      tenant: TenantId,
      cluster: ClusterId,
      topicId: string,
    ): Promise<OffsetSnapshot | undefined> {
      const key = at(tenant, cluster, latest, topicId);
      return (await getParsed(store, OffsetSnapshot, key))?.value;
    },
    /** Of every topic the cluster has had. */
    async allLatest(tenant: TenantId, cluster: ClusterId): Promise<OffsetSnapshot[]> {
      const pk = offsetsPk(tenant, cluster);
      return values(await allBetween(store, OffsetSnapshot, pk, { prefix: `${latest}#` }));
    },
    /** Boundaries by hour, then topic id. */
    async boundaries(
      tenant: TenantId,
      cluster: ClusterId,
      span: HourSpan,
    ): Promise<OffsetSnapshot[]> {
      return values(await allBetween(store, OffsetSnapshot, offsetsPk(tenant, cluster), span));
    },
    putTopicName: (
      tenant: TenantId,
      cluster: ClusterId,
      record: TopicNameRecord,
    ): Promise<boolean> => putOnce(store, topicIdsOf(tenant, cluster).key(record.topicId), record),
    async topicNames(tenant: TenantId, cluster: ClusterId): Promise<TopicNameRecord[]> {
      return values(await allBetween(store, TopicNameRecord, topicIdsOf(tenant, cluster).pk, {}));
    },
  };
}
