// One topic: load it, look at its cell, let core decide, make one change at a time, write what is so. Nothing that was
// seen earlier is believed: every try observes again, so a change whose outcome is unknown needs no mark in the store.
// `observedGeneration` behind `generation` is the mark: it was written before the change, with the spec.
import { toolsOf } from "@headgate/control/commit";
import { giveBackPartitions, settlePartitions } from "@headgate/control/partition-quota";
import { snapshotOffsets } from "@headgate/control/snapshot-offsets";
import { type Placement, replication } from "@headgate/core/cluster";
import { AppError } from "@headgate/core/errors";
import type { ClusterId, TenantId } from "@headgate/core/ids";
import { nextTopicChange, type ObservedTopic, type TopicGoal } from "@headgate/core/topic-plan";
import type { KafkaAdmin } from "@headgate/kafka/admin";
import { cells } from "@headgate/store/cells";
import { type ClusterRecord, clusters } from "@headgate/store/clusters";
import { offsets } from "@headgate/store/offsets";
import type { Stored } from "@headgate/store/resources";
import { type TopicRecord, topics } from "@headgate/store/topics";
import { failedStatus, readyStatus } from "./conditions.ts";
import type { ProvisionerDeps } from "./deps.ts";
import { again, done, type Outcome, outcomeOf } from "./outcome.ts";
import { awaitGone, awaitLeaders, changeTopic, observeTopic } from "./topic-broker.ts";

export interface TopicKey {
  readonly tenant: TenantId;
  readonly cluster: ClusterId;
  readonly name: string;
}

/**
 * Create, settings, more partitions, look again: a topic that needs more steps than this is being changed meanwhile.
 */
const stepsMax = 6;
const notPlacedMs = 100;
const unknownMs = 50;

/** Brings one topic to what its spec asks. */
export async function reconcileTopic(deps: ProvisionerDeps, key: TopicKey): Promise<Outcome> {
  const { store } = deps.control;
  const [stored, owner] = await Promise.all([
    topics(store).get(key.tenant, key.cluster, key.name),
    clusters(store).owner(key.cluster),
  ]);
  if (!stored) return done(0);
  const { generation } = stored.value;
  try {
    const cluster = owner && (await clusters(store).get(owner.tenant, owner.name))?.value;
    // Of the same name, but another cluster: ours is gone, and what it had on the cell went with it.
    if (!cluster || cluster.id !== key.cluster) return await remove(deps, key, stored);
    if (!cluster.placement) {
      return cluster.deletedAt ? await remove(deps, key, stored) : again(notPlacedMs);
    }
    return await converge(deps, key, stored, cluster, cluster.placement);
  } catch (error) {
    const outcome = outcomeOf(error, generation);
    if (outcome.do === "stuck") await writeFailed(deps, key, stored.value, outcome);
    return outcome;
  }
}

async function converge(
  deps: ProvisionerDeps,
  key: TopicKey,
  stored: Stored<TopicRecord>,
  cluster: ClusterRecord,
  placement: Placement,
): Promise<Outcome> {
  const [admin, goal] = await Promise.all([
    deps.admins.of(placement.cell),
    goalOf(deps, stored.value, cluster, placement),
  ]);
  const physical = placement.prefix + key.name;
  for (let step = 0; step < stepsMax; step++) {
    const observed = await observeTopic(admin, physical);
    if (observed.state === "unknown") return again(unknownMs);
    const change = nextTopicChange(goal, observed);
    if (!change && goal.deleted) return removeUnseen(deps, key, stored, admin, physical);
    if (!change) return ready(deps, key, stored.value, admin, physical, observed);
    deps.assertHeld();
    if (change.do === "delete") await lastOffsets(deps, admin, key, placement);
    const topicId = observed.state === "present" ? observed.topicId : undefined;
    const made = await changeTopic(admin, physical, change, topicId);
    if (change.do === "delete" && !(await awaitGone(admin, physical))) return again(unknownMs);
    // Made just now, so it is as asked. What an earlier try made may be otherwise, and is looked at again.
    if (change.do === "create" && made) {
      const { partitions, config } = change;
      const created = { state: "present", topicId: made, partitions, config } as const;
      return ready(deps, key, stored.value, admin, physical, created);
    }
  }
  return again(unknownMs);
}

/** A cell with fewer brokers than the tier wants copies caps both numbers. */
async function goalOf(
  { control }: ProvisionerDeps,
  topic: TopicRecord,
  cluster: ClusterRecord,
  placement: Placement,
): Promise<TopicGoal> {
  const cell = await cells(control.store).get(placement.cell);
  if (!cell)
    throw new AppError("cell.unavailable", { detail: `There is no cell ${placement.cell}.` });
  const brokers = Math.max(1, cell.value.brokerCount);
  const { factor, minInsyncReplicas } = replication[cluster.spec.tier];
  const replicationFactor = Math.min(factor, brokers);
  return {
    spec: topic.spec,
    deleted: topic.deletedAt !== undefined || cluster.deletedAt !== undefined,
    replicationFactor,
    minInsyncReplicas: Math.min(minInsyncReplicas, replicationFactor),
  };
}

async function ready(
  deps: ProvisionerDeps,
  key: TopicKey,
  topic: TopicRecord,
  admin: KafkaAdmin,
  physical: string,
  observed: ObservedTopic,
): Promise<Outcome> {
  if (observed.state !== "present") return again(unknownMs);
  const { topicId, partitions } = observed;
  if (!(await awaitLeaders(admin, physical, partitions))) return again(unknownMs);
  deps.assertHeld();
  const { store, clock } = deps.control;
  // Before Ready: whatever is written to the topic, its id has a name on the bill.
  if (topic.status.topicId !== topicId) {
    const { name, createdAt } = topic;
    await offsets(store).putTopicName(key.tenant, key.cluster, { topicId, name, createdAt });
  }
  await writeStatus(deps, key, topic, (status) => ({
    ...readyStatus(status, topic.generation, clock),
    topicId,
    partitions,
  }));
  return done(topic.generation);
}

/**
 * What the topic's log had grown to is billed, so it is read before the log goes. Gateways do not yet stop a topic
 * before this: a record acknowledged between the snapshot and the deletion is in nobody's favour but the tenant's.
 */
async function lastOffsets(
  { control }: ProvisionerDeps,
  admin: KafkaAdmin,
  { tenant, cluster, name }: TopicKey,
  { prefix }: Placement,
): Promise<void> {
  await snapshotOffsets(control, admin, { tenant, cluster, prefix, topics: [name] });
}

/**
 * Of a topic whose creation nobody saw end, a broker may not have heard yet; the controller has, and deletes it by
 * name.
 */
async function removeUnseen(
  deps: ProvisionerDeps,
  key: TopicKey,
  stored: Stored<TopicRecord>,
  admin: KafkaAdmin,
  physical: string,
): Promise<Outcome> {
  if (stored.value.status.topicId === undefined) {
    deps.assertHeld();
    await changeTopic(admin, physical, { do: "delete" }, undefined);
  }
  return remove(deps, key, stored);
}

/**
 * Once the cell holds nothing of it. The quota is told before the item goes and settles by looking at the item
 * (control/quota.ts), so a crash in between neither loses partitions nor gives them back twice.
 */
async function remove(
  deps: ProvisionerDeps,
  { tenant, cluster, name }: TopicKey,
  stored: Stored<TopicRecord>,
): Promise<Outcome> {
  const { control } = deps;
  const scope = { tenant, id: cluster };
  deps.assertHeld();
  await giveBackPartitions(control, scope, stored.value);
  await topics(control.store).remove(tenant, cluster, name, stored.version);
  await settlePartitions(control, scope);
  control.signal.notify(`topic:${cluster}:${name}`);
  const change = { kind: "topic", parts: [cluster, name], action: "delete" as const };
  await toolsOf(control).feed.append({ tenant, ...change });
  return done(stored.value.generation);
}

async function writeFailed(
  deps: ProvisionerDeps,
  key: TopicKey,
  topic: TopicRecord,
  outcome: Extract<Outcome, { do: "stuck" }>,
): Promise<void> {
  await writeStatus(deps, key, topic, (status) =>
    failedStatus(status, outcome, deps.control.clock),
  );
}

/** Writes the status of what was reconciled, unless the topic was made anew or is further on by now. */
async function writeStatus(
  deps: ProvisionerDeps,
  { tenant, cluster, name }: TopicKey,
  topic: TopicRecord,
  next: (status: TopicRecord["status"]) => TopicRecord["status"],
): Promise<void> {
  const { control } = deps;
  let changed = false;
  await topics(control.store).updateStatus(tenant, cluster, name, (now) => {
    deps.assertHeld();
    const status = next(now.status);
    const isOurs = now.id === topic.id && now.status.observedGeneration <= topic.generation;
    changed = isOurs && JSON.stringify(status) !== JSON.stringify(now.status);
    return changed ? { status } : undefined;
  });
  if (!changed) return;
  control.signal.notify(`topic:${cluster}:${name}`);
  const change = { kind: "topic", parts: [cluster, name], action: "status" as const };
  await toolsOf(control).feed.append({ tenant, ...change });
}
