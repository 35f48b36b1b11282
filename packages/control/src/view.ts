// From what the store keeps to what a tenant sees: without placement and reservations, and already Deleting once
// deletion was asked for, though the provisioner has not said so yet.
import { Cluster } from "@headgate/core/cluster";
import type { Phase } from "@headgate/core/resource";
import { Topic } from "@headgate/core/topic";
import type { ClusterRecord } from "@headgate/store/clusters";
import type { Stored } from "@headgate/store/resources";
import type { TopicRecord } from "@headgate/store/topics";
import type { List, ListOptions } from "./control.ts";

export function toTopic(record: TopicRecord): Topic {
  return Topic.parse(withPhase(record));
}

export function toCluster(record: ClusterRecord): Cluster {
  return Cluster.parse(withPhase(record));
}

/** Store pages read for one page of answers when a filter finds little; then a cursor asks for the rest. */
const scansMax = 20;

/** One page in name order. Names are filtered by the store, phases here. */
export async function listView<R, T extends { readonly status: { readonly phase: Phase } }>(
  read: (page: {
    limit: number;
    cursor?: string | undefined;
    namePrefix?: string | undefined;
  }) => Promise<{ items: Stored<R>[]; cursor?: string }>,
  view: (record: R) => T,
  { limit, cursor: start, namePrefix, phase }: ListOptions,
): Promise<List<T>> {
  const items: T[] = [];
  let cursor = start;
  for (let scan = 0; scan < scansMax && items.length < limit; scan += 1) {
    const page = await read({ limit: limit - items.length, cursor, namePrefix });
    const seen = page.items.map((stored) => view(stored.value));
    items.push(...seen.filter((item) => phase === undefined || item.status.phase === phase));
    cursor = page.cursor;
    if (cursor === undefined) return { items };
  }
  return cursor === undefined ? { items } : { items, next: cursor };
}

function withPhase<R extends { deletedAt?: string | undefined; status: { phase: Phase } }>(
  record: R,
): R {
  if (record.deletedAt === undefined) return record;
  return { ...record, status: { ...record.status, phase: "Deleting" } };
}
