// The quota item of a cluster, over the pure rules of quota.ts.

import { AppError } from "@headgate/core/errors";
import type { ClusterId, TenantId } from "@headgate/core/ids";
import { base32 } from "@headgate/core/ids";
import { quotaKey, topicsOf } from "@headgate/store/keys";
import { parseItem } from "@headgate/store/resources";
import type { Version } from "@headgate/store/store";
import { TopicRecord } from "@headgate/store/topics";
import { z } from "zod";
import type { Control } from "./control.ts";
import {
  cancel,
  give,
  lower,
  maxOf,
  noPartitions,
  type PartitionQuota,
  settle,
  type TopicTrace,
  take,
} from "./quota.ts";
import { retryConflicts } from "./retry.ts";

const PendingReservation = z.object({
  topic: z.string(),
  token: z.string(),
  kind: z.enum(["take", "give"]),
  partitions: z.int(),
  atMs: z.int(),
});
const Quota = z.object({
  used: z.int(),
  pending: z.array(PendingReservation),
  ceiling: z.object({ partitions: z.int(), atMs: z.int() }).optional(),
});

export interface QuotaScope {
  readonly tenant: TenantId;
  readonly id: ClusterId;
}

/** Partitions of the cluster that are in use or reserved. */
export async function partitionsUsed(control: Control, cluster: QuotaScope): Promise<number> {
  return (await readSettled(control, cluster)).quota.used;
}

/** Reserves before the topic is written; answers the token it must carry. Throws `quota.exceeded`. */
export async function reservePartitions(
  control: Control,
  cluster: QuotaScope,
  topic: string,
  partitions: number,
  partitionsMax: number,
): Promise<string> {
  const token = base32(control.random, 16);
  await change(control, cluster, (quota) => {
    const entry = { topic, token, partitions, atMs: control.clock.nowMs() };
    const next = take(quota, entry, partitionsMax);
    if (next) return next;
    const max = maxOf(quota, partitionsMax);
    const left = Math.max(0, max - quota.used);
    throw new AppError("quota.exceeded", {
      detail: `${partitions} more partitions; ${left} of this cluster's ${max} are left.`,
    });
  });
  return token;
}

/** After the topic was refused by the store: gives back what its writer reserved. */
export async function cancelPartitions(
  control: Control,
  cluster: QuotaScope,
  token: string,
): Promise<void> {
  await change(control, cluster, (quota) => cancel(quota, token));
}

/**
 * Before a cluster's spec that allows fewer partitions is written: from now on nobody reserves beyond them, whatever
 * spec they read. A spec that is then refused leaves the lower limit for a minute. Throws what `tooMany` answers.
 */
export async function lowerPartitions(
  control: Control,
  cluster: QuotaScope,
  partitionsMax: number,
  tooMany: (used: number) => AppError,
): Promise<void> {
  await change(control, cluster, (quota) => {
    const next = lower(quota, partitionsMax, control.clock.nowMs());
    if (next) return next;
    throw tooMany(quota.used);
  });
}

/** Before a topic's item is removed. Of one that is gone already nothing is given back: whoever removed it has. */
export async function giveBackPartitions(
  control: Control,
  cluster: QuotaScope,
  { id, name, spec }: TopicRecord,
): Promise<void> {
  const entry = { topic: name, token: id, partitions: spec.partitions };
  const next = (quota: PartitionQuota, topics: ReadonlyMap<string, TopicTrace>) =>
    topics.get(name)?.id === id ? give(quota, { ...entry, atMs: control.clock.nowMs() }) : quota;
  await change(control, cluster, next, [name]);
}

/** After a topic's item was removed: what was given back before it counts from now on. */
export async function settlePartitions(control: Control, cluster: QuotaScope): Promise<void> {
  await change(control, cluster, (quota) => quota);
}

/** `next` sees the topics that pending entries name, and those `alsoOf` names. */
async function change(
  control: Control,
  cluster: QuotaScope,
  next: (quota: PartitionQuota, topics: ReadonlyMap<string, TopicTrace>) => PartitionQuota,
  alsoOf: readonly string[] = [],
): Promise<void> {
  const key = quotaKey(cluster.tenant, cluster.id);
  await retryConflicts(control, async () => {
    const { quota, topics, version } = await readSettled(control, cluster, alsoOf);
    const after = next(quota, topics);
    // Nothing to settle where the cluster, and its counter with it, is gone.
    if (version === undefined && after === quota) return;
    await control.store.put({ ...key, data: after }, version ?? "absent");
  });
}

/** The counter first, then the topics its entries name: what settles an entry cannot be undone in between. */
async function readSettled(
  control: Control,
  cluster: QuotaScope,
  alsoOf: readonly string[] = [],
): Promise<{
  quota: PartitionQuota;
  topics: ReadonlyMap<string, TopicTrace>;
  version: Version | undefined;
}> {
  const item = await control.store.get(quotaKey(cluster.tenant, cluster.id));
  const quota = item ? parseItem(Quota, item).value : noPartitions;
  const names = [...quota.pending.map((entry) => entry.topic), ...alsoOf];
  const family = topicsOf(cluster.tenant, cluster.id);
  const items = await control.store.getMany(names.map((name) => family.key(name)));
  const topics = new Map(
    items
      .map((found) => parseItem(TopicRecord, found).value)
      .map(({ id, name, reservation }) => [name, { id, name, reservation }]),
  );
  const settled = settle(quota, topics, control.clock.nowMs());
  return { quota: settled, topics, version: item?.version };
}
