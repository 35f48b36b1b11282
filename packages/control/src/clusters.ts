// Clusters: created with a promise of what they can cost at most; deleted with all their topics.
import type { Actor } from "@headgate/core/audit";
import { toTimestamp } from "@headgate/core/clock";
import { type Cluster, ClusterSpec, partitionsMax } from "@headgate/core/cluster";
import { AppError } from "@headgate/core/errors";
import { newId } from "@headgate/core/ids";
import { formatUsd } from "@headgate/core/money";
import {
  bookInForce,
  costPerHourMax,
  defaultPriceBook,
  type PriceBook,
} from "@headgate/core/price-book";
import { changedFields, Name } from "@headgate/core/resource";
import { type ClusterRecord, clusters } from "@headgate/store/clusters";
import { priceBooks } from "@headgate/store/price-books";
import type { Stored } from "@headgate/store/resources";
import { tenants } from "@headgate/store/tenants";
import { topics } from "@headgate/store/topics";
import { type OwnedCluster, requireCluster } from "./cluster-reads.ts";
import { checkCurrent, commit, deletedSpec, nextSpec } from "./commit.ts";
import type { Control, WriteOptions, Written } from "./control.ts";
import { lowerPartitions, partitionsUsed } from "./partition-quota.ts";
import { retryConflicts } from "./retry.ts";
import { checkName, parseSpec } from "./spec.ts";
import { deleteTopicOf } from "./topics.ts";
import { toCluster } from "./view.ts";

/** Creates the cluster or replaces its spec. `status.costPerHourMax` says what it can cost at most. */
export async function putCluster(
  control: Control,
  actor: Actor,
  name: string,
  spec: unknown,
  options: WriteOptions = {},
): Promise<Cluster> {
  return (await writeCluster(control, actor, name, () => spec, options)).resource;
}

/** The write itself: `change` makes the new spec, not yet checked, from the one in force. */
export async function writeCluster(
  control: Control,
  actor: Actor,
  name: string,
  change: (current: ClusterSpec | undefined) => unknown,
  options: WriteOptions = {},
): Promise<Written<Cluster>> {
  checkName(Name, name, "cluster");
  return retryConflicts(control, async () => {
    const stored = await clusters(control.store).get(actor.tenant, name);
    const current = stored?.value;
    checkCurrent(current, options, "resource.not_found", `cluster '${name}'`);
    const spec = parseSpec(ClusterSpec, change(current?.spec));
    if (current) {
      await checkShrink(control, { ...current, tenant: actor.tenant }, spec, options.validateOnly);
    }
    if (current && changedFields(current.spec, spec).length === 0) {
      return { resource: toCluster(current), created: false, changed: false };
    }
    const book = await priceBookOf(control, actor);
    const next = withCost(nextRecord(control, actor, name, current, spec), book);
    if (!options.validateOnly) await writeRecord(control, actor, stored, next);
    return { resource: toCluster(next), created: current === undefined, changed: true };
  });
}

/**
 * Marks the cluster, then each of its topics, as deleted; the provisioner removes them. A crash in between leaves a
 * cluster in which nothing new can be made; asking again, or the provisioner (`deleteTopicsOfCluster`), goes on.
 */
export async function deleteCluster(
  control: Control,
  actor: Actor,
  name: string,
  options: Pick<WriteOptions, "expect" | "validateOnly"> = {},
): Promise<Cluster> {
  const cluster = await retryConflicts(control, async () => {
    const owned = await requireCluster(control, actor.tenant, name, "also deleting");
    if (owned.deletedAt !== undefined) return owned;
    const stored = await clusters(control.store).get(actor.tenant, name);
    if (!stored) throw new AppError("resource.not_found");
    checkCurrent(stored.value, options, "resource.not_found", `cluster '${name}'`);
    if (stored.value.spec.protected) {
      throw new AppError("resource.protected", { detail: `Cluster '${name}' is protected.` });
    }
    const next = { ...stored.value, ...deletedSpec(control, stored.value) };
    if (!options.validateOnly) await writeRecord(control, actor, stored, next);
    return { ...next, tenant: actor.tenant };
  });
  if (!options.validateOnly) await deleteTopicsOfCluster(control, actor, cluster);
  return toCluster(cluster);
}

/** Marks every topic of a cluster that is being deleted; answers how many items are still there. */
export async function deleteTopicsOfCluster(
  control: Control,
  actor: Actor,
  cluster: OwnedCluster,
): Promise<number> {
  const repo = topics(control.store);
  let left = 0;
  let cursor: string | undefined;
  do {
    const page = await repo.list(cluster.tenant, cluster.id, { limit: 200, cursor });
    for (const { value } of page.items) {
      left += 1;
      if (value.deletedAt !== undefined) continue;
      await deleteTopicOf(control, actor, cluster, value.name, { cascade: true }).catch(ifGone);
    }
    cursor = page.cursor;
  } while (cursor !== undefined);
  return left;
}

/** The price book in force for the actor's tenant now. */
export async function priceBookOf(
  control: Control,
  actor: Pick<Actor, "tenant">,
): Promise<PriceBook> {
  const tenant = await tenants(control.store).get(actor.tenant);
  const versions = await priceBooks(control.store).versions(
    tenant?.value.spec.priceBook ?? defaultPriceBook.id,
  );
  const now = toTimestamp(control.clock.nowMs());
  return versions.some(({ startsAt }) => startsAt <= now)
    ? bookInForce(versions, now)
    : defaultPriceBook;
}

/** A spec that allows fewer partitions than before must allow those in use; topics made meanwhile keep to it too. */
async function checkShrink(
  control: Control,
  cluster: OwnedCluster,
  spec: ClusterSpec,
  validateOnly = false,
): Promise<void> {
  const max = partitionsMax(spec);
  if (max >= partitionsMax(cluster.spec)) return;
  const tooMany = (used: number): AppError => {
    const detail = `${spec.streamingUnits.max} streaming units allow ${max} partitions; ${used} are in use.`;
    return new AppError("quota.exceeded", {
      detail,
      fix: "Delete topics first, or keep the streaming units.",
      errors: [{ pointer: "/spec/streamingUnits/max", code: "quota.exceeded", detail }],
    });
  };
  if (!validateOnly) return lowerPartitions(control, cluster, max, tooMany);
  const used = await partitionsUsed(control, cluster);
  if (used > max) throw tooMany(used);
}

function nextRecord(
  control: Control,
  actor: Actor,
  name: string,
  current: ClusterRecord | undefined,
  spec: ClusterSpec,
): ClusterRecord {
  const half = nextSpec(control, actor, current, spec);
  if (current) return { ...current, ...half };
  return {
    kind: "Cluster",
    id: newId("cl", control.random),
    name,
    status: { phase: "Pending", conditions: [], observedGeneration: 0 },
    createdAt: half.updatedAt,
    ...half,
  };
}

function withCost(record: ClusterRecord, book: PriceBook): ClusterRecord {
  const { tier, streamingUnits } = record.spec;
  const most = formatUsd(costPerHourMax(book, tier, streamingUnits.max));
  return { ...record, status: { ...record.status, costPerHourMax: most } };
}

async function writeRecord(
  control: Control,
  actor: Actor,
  stored: Stored<ClusterRecord> | undefined,
  next: ClusterRecord,
): Promise<void> {
  const { tenant } = actor;
  const action = next.deletedAt ? "delete" : stored ? "update" : "create";
  const before = stored && { before: stored.value.spec };
  const after = next.deletedAt ? {} : { after: next.spec };
  const repo = clusters(control.store);
  await commit(
    control,
    actor,
    {
      tenant,
      event: { action, kind: "Cluster", resource: `clusters/${next.name}`, ...before, ...after },
      work: { key: ["cluster", tenant, next.name], generation: next.generation },
      change: { kind: "cluster", parts: [next.id, next.name], action: "write" },
      signals: [`cluster:${next.id}`],
    },
    () => (stored ? repo.writeSpec(tenant, stored, next) : repo.create(tenant, next)),
  );
}

function ifGone(error: unknown): void {
  if (!(error instanceof AppError) || error.code !== "topic.unknown") throw error;
}
