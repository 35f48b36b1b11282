// Topics: one command for every door (REST, portal, Kafka's CreateTopics, CreatePartitions and config changes).
import type { Actor } from "@headgate/core/audit";
import { partitionsMax } from "@headgate/core/cluster";
import { AppError, type ErrorCode } from "@headgate/core/errors";
import { newId } from "@headgate/core/ids";
import { changedFields } from "@headgate/core/resource";
import { checkTopicName, checkTopicSpec, type Topic, TopicSpec } from "@headgate/core/topic";
import { isConflict } from "@headgate/store/errors";
import type { Stored } from "@headgate/store/resources";
import { type TopicRecord, topics } from "@headgate/store/topics";
import type { OwnedCluster } from "./cluster-reads.ts";
import { requireCluster } from "./cluster-reads.ts";
import { checkCurrent, commit, deletedSpec, nextSpec } from "./commit.ts";
import type { Control, List, ListOptions, WriteOptions, Written } from "./control.ts";
import { cancelPartitions, partitionsUsed, reservePartitions } from "./partition-quota.ts";
import { retryConflicts } from "./retry.ts";
import { mergePatch, parseSpec } from "./spec.ts";
import { listView, toTopic } from "./view.ts";

/** Creates the topic or replaces its spec. Throws what core's rules throw, `quota.exceeded`, `resource.deleting`. */
export async function putTopic(
  control: Control,
  actor: Actor,
  clusterName: string,
  name: string,
  spec: unknown,
  options: WriteOptions = {},
): Promise<Topic> {
  return (await writeTopic(control, actor, clusterName, name, () => spec, options)).resource;
}

/** Changes what the merge patch (RFC 7396) names; the rest of the spec stays. */
export async function patchTopic(
  control: Control,
  actor: Actor,
  clusterName: string,
  name: string,
  patch: unknown,
  options: WriteOptions = {},
): Promise<Topic> {
  const change = (current: TopicSpec | undefined) => mergePatch(current, patch);
  const update = { ...options, updateOnly: true };
  return (await writeTopic(control, actor, clusterName, name, change, update)).resource;
}

/** The write behind both: `change` makes the new spec, not yet checked, from the one in force. */
export async function writeTopic(
  control: Control,
  actor: Actor,
  clusterName: string,
  name: string,
  change: (current: TopicSpec | undefined) => unknown,
  options: WriteOptions = {},
): Promise<Written<Topic>> {
  checkTopicName(name);
  return retryConflicts(control, async () => {
    const cluster = await requireCluster(control, actor.tenant, clusterName);
    // Read before anything is reserved: what this version of the topic carries settles reservations (quota.ts).
    const stored = await topics(control.store).get(actor.tenant, cluster.id, name);
    const current = stored?.value;
    checkCurrent(current, options, "topic.unknown", `topic '${name}'`);
    const spec = parseSpec(TopicSpec, change(current?.spec), codeOfPointer);
    const used = await partitionsUsed(control, cluster);
    checkTopicSpec(spec, {
      current: current?.spec,
      partitionsElsewhere: used - (current?.spec.partitions ?? 0),
      partitionsMax: partitionsMax(cluster.spec),
    });
    if (current && changedFields(current.spec, spec).length === 0) {
      return { resource: toTopic(current), created: false, changed: false };
    }
    const next = nextRecord(control, actor, name, current, spec);
    if (!options.validateOnly) await commitSpec(control, actor, cluster, stored, next);
    return { resource: toTopic(next), created: current === undefined, changed: true };
  });
}

/**
 * Marks the topic as deleted; the provisioner removes it (removals.ts). Deleting twice is deleting once. Throws
 * `topic.name_invalid`, `topic.unknown`, `resource.protected`, `request.precondition_failed`.
 */
export async function deleteTopic(
  control: Control,
  actor: Actor,
  clusterName: string,
  name: string,
  options: Pick<WriteOptions, "expect" | "validateOnly"> = {},
): Promise<Topic> {
  checkTopicName(name);
  const cluster = await requireCluster(control, actor.tenant, clusterName, "also deleting");
  return deleteTopicOf(control, actor, cluster, name, options);
}

/** The same in a known cluster; `cascade` is the deletion of the whole cluster, which protection does not stop. */
export async function deleteTopicOf(
  control: Control,
  actor: Actor,
  cluster: OwnedCluster,
  name: string,
  options: Pick<WriteOptions, "expect" | "validateOnly"> & { readonly cascade?: boolean } = {},
): Promise<Topic> {
  return retryConflicts(control, async () => {
    const stored = await topics(control.store).get(cluster.tenant, cluster.id, name);
    if (!stored) throw unknownTopic(name);
    const current = stored.value;
    if (current.deletedAt !== undefined) return toTopic(current);
    checkCurrent(current, options, "topic.unknown", `topic '${name}'`);
    if (current.spec.protected && !options.cascade) {
      throw new AppError("resource.protected", { detail: `Topic '${name}' is protected.` });
    }
    const next = { ...current, ...deletedSpec(control, current) };
    if (!options.validateOnly) await writeRecord(control, actor, cluster, stored, next);
    return toTopic(next);
  });
}

/** The topic, also while it is being deleted. Throws `topic.unknown`. */
export async function getTopic(
  control: Control,
  actor: Pick<Actor, "tenant">,
  clusterName: string,
  name: string,
): Promise<Topic> {
  const topic = await findTopic(control, actor, clusterName, name);
  if (!topic) throw unknownTopic(name);
  return topic;
}

/** The topic, or undefined when there is none (any more). */
export async function findTopic(
  control: Control,
  actor: Pick<Actor, "tenant">,
  clusterName: string,
  name: string,
): Promise<Topic | undefined> {
  checkTopicName(name);
  const cluster = await requireCluster(control, actor.tenant, clusterName, "also deleting");
  const stored = await topics(control.store).get(actor.tenant, cluster.id, name);
  return stored && toTopic(stored.value);
}

/** Topics by name. */
export async function listTopics(
  control: Control,
  actor: Pick<Actor, "tenant">,
  clusterName: string,
  options: ListOptions,
): Promise<List<Topic>> {
  const cluster = await requireCluster(control, actor.tenant, clusterName, "also deleting");
  const repo = topics(control.store);
  return listView((page) => repo.list(actor.tenant, cluster.id, page), toTopic, options);
}

function nextRecord(
  control: Control,
  actor: Actor,
  name: string,
  current: TopicRecord | undefined,
  spec: TopicSpec,
): TopicRecord {
  const half = nextSpec(control, actor, current, spec);
  if (current) return { ...current, ...half };
  return {
    kind: "Topic",
    id: newId("tp", control.random),
    name,
    status: { phase: "Pending", conditions: [], observedGeneration: 0 },
    createdAt: half.updatedAt,
    ...half,
  };
}

/** Reserves, writes, and gives back what a refused write reserved. */
async function commitSpec(
  control: Control,
  actor: Actor,
  cluster: OwnedCluster,
  stored: Stored<TopicRecord> | undefined,
  next: TopicRecord,
): Promise<void> {
  const more = next.spec.partitions - (stored?.value.spec.partitions ?? 0);
  if (more <= 0) return writeRecord(control, actor, cluster, stored, next);
  const max = partitionsMax(cluster.spec);
  const reservation = await reservePartitions(control, cluster, next.name, more, max);
  try {
    await writeRecord(control, actor, cluster, stored, { ...next, reservation });
  } catch (error) {
    // After an unknown outcome nothing is given back here: the topic itself tells, later (quota.ts).
    if (isConflict(error)) await cancelPartitions(control, cluster, reservation);
    throw error;
  }
}

async function writeRecord(
  control: Control,
  actor: Actor,
  cluster: OwnedCluster,
  stored: Stored<TopicRecord> | undefined,
  next: TopicRecord,
): Promise<void> {
  const { tenant } = cluster;
  const action = next.deletedAt ? "delete" : stored ? "update" : "create";
  const before = stored && { before: stored.value.spec };
  const after = next.deletedAt ? {} : { after: next.spec };
  const repo = topics(control.store);
  await commit(
    control,
    actor,
    {
      tenant,
      event: {
        action,
        kind: "Topic",
        resource: `clusters/${cluster.name}/topics/${next.name}`,
        ...before,
        ...after,
      },
      work: { key: ["topic", tenant, cluster.id, next.name], generation: next.generation },
      change: { kind: "topic", parts: [cluster.id, next.name], action: "write" },
      signals: [`topic:${cluster.id}:${next.name}`],
    },
    () =>
      stored
        ? repo.writeSpec(tenant, cluster.id, stored, next)
        : repo.create(tenant, cluster.id, next),
  );
}

function unknownTopic(name: string): AppError {
  return new AppError("topic.unknown", { detail: `There is no topic '${name}'.` });
}

function codeOfPointer(pointer: string): ErrorCode {
  if (pointer === "/spec/partitions") return "topic.partitions_invalid";
  return pointer.startsWith("/spec/config") ? "topic.config_invalid" : "request.invalid";
}
