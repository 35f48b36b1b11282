// Groups and their committed offsets. Each group is asked at its coordinator; lists are collected from every broker.

import { ErrorCode, errorOf, isRetriable, KafkaError } from "../errors.ts";
import {
  Api,
  type ConsumerGroupDescribeResponse,
  type DescribeGroupsResponse,
} from "../generated/types.ts";
import type { Router } from "./router.ts";
import type { Outcome } from "./topics.ts";

export interface GroupListing {
  readonly groupId: string;
  readonly protocolType: string;
  readonly state: string;
  /** "classic", "consumer", "share" or "streams". */
  readonly type: string;
}

export type ClassicGroup = DescribeGroupsResponse["groups"][number] & Outcome;
export type ConsumerGroup = ConsumerGroupDescribeResponse["groups"][number] & Outcome;

export interface CommittedOffset extends Outcome {
  readonly topic: string;
  readonly partition: number;
  /** -1: nothing committed. */
  readonly offset: bigint;
  readonly leaderEpoch: number;
  readonly metadata: string | null;
}

export interface NewOffset {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly metadata?: string;
}

export type Partitions = readonly {
  readonly topic: string;
  readonly partitions: readonly number[];
}[];

/** The coordinator moved or is still loading: ask for it again. */
const isMoving = (errorCode: number) =>
  errorCode === ErrorCode.NOT_COORDINATOR ||
  errorCode === ErrorCode.COORDINATOR_LOAD_IN_PROGRESS ||
  errorCode === ErrorCode.COORDINATOR_NOT_AVAILABLE;

/** The methods of the admin client about groups. */
export const groupAdmin = (router: Router) => ({
  listGroups: () => listGroups(router),
  describeGroups: (groupIds: readonly string[]) => describeGroups(router, groupIds),
  describeConsumerGroups: (groupIds: readonly string[]) => describeConsumerGroups(router, groupIds),
  deleteGroups: (groupIds: readonly string[]) => deleteGroups(router, groupIds),
  offsetFetch: (groupId: string, partitions?: Partitions) =>
    offsetFetch(router, groupId, partitions),
  offsetCommit: (groupId: string, offsets: readonly NewOffset[]) =>
    offsetCommit(router, groupId, offsets),
});

/** Asks the group's coordinator until it is one. */
const atCoordinator = <T>(
  router: Router,
  groupId: string,
  ask: (nodeId: number) => Promise<T>,
  codeOf: (answer: T) => number,
): Promise<T> =>
  router.retry(
    async () => ask(await router.coordinator("group", groupId)),
    (answer) => isMoving(codeOf(answer)),
  );

async function listGroups(router: Router): Promise<GroupListing[]> {
  const groups = new Map<string, GroupListing>();
  for (const broker of await router.brokers()) {
    const list = () => router.ask(broker.id, Api.ListGroups, {}, { repeatable: true });
    const answer = await router.retry(list, (a) => isRetriable(a.errorCode));
    if (answer.errorCode !== 0) throw new KafkaError(answer.errorCode);
    for (const { groupId, protocolType, groupState, groupType } of answer.groups)
      groups.set(groupId, { groupId, protocolType, state: groupState, type: groupType });
  }
  return [...groups.values()];
}

/** Classic groups (state "Dead" for unknown ones); members' bytes read with consumer-protocol.ts. */
async function describeGroups(
  router: Router,
  groupIds: readonly string[],
): Promise<ClassicGroup[]> {
  const described = groupIds.map(async (groupId) => {
    const answer = await atCoordinator(
      router,
      groupId,
      (node) => router.ask(node, Api.DescribeGroups, { groups: [groupId] }, { repeatable: true }),
      (a) => a.groups[0]?.errorCode ?? 0,
    );
    return answer.groups.map((g) => ({ ...g, error: errorOf(g.errorCode, g.errorMessage) }));
  });
  return (await Promise.all(described)).flat();
}

/** Groups of the consumer protocol (KIP-848); a classic one is answered with GROUP_ID_NOT_FOUND. */
async function describeConsumerGroups(
  router: Router,
  groupIds: readonly string[],
): Promise<ConsumerGroup[]> {
  const described = groupIds.map(async (groupId) => {
    const request = { groupIds: [groupId] };
    const answer = await atCoordinator(
      router,
      groupId,
      (node) => router.ask(node, Api.ConsumerGroupDescribe, request, { repeatable: true }),
      (a) => a.groups[0]?.errorCode ?? 0,
    );
    return answer.groups.map((g) => ({ ...g, error: errorOf(g.errorCode, g.errorMessage) }));
  });
  return (await Promise.all(described)).flat();
}

async function deleteGroups(
  router: Router,
  groupIds: readonly string[],
): Promise<(Outcome & { readonly groupId: string })[]> {
  const deleted = groupIds.map(async (groupId) => {
    const answer = await atCoordinator(
      router,
      groupId,
      (node) => router.ask(node, Api.DeleteGroups, { groupsNames: [groupId] }),
      (a) => a.results[0]?.errorCode ?? 0,
    );
    return {
      groupId,
      error: errorOf(answer.results[0]?.errorCode ?? ErrorCode.UNKNOWN_SERVER_ERROR),
    };
  });
  return Promise.all(deleted);
}

/** Committed offsets; of all partitions that have one when `partitions` is left out. Throws KafkaError. */
async function offsetFetch(
  router: Router,
  groupId: string,
  partitions?: Partitions,
): Promise<CommittedOffset[]> {
  const topics =
    partitions?.map((t) => ({ name: t.topic, partitionIndexes: t.partitions })) ?? null;
  // Version 10 names topics by id; 9 still by name.
  const answer = await atCoordinator(
    router,
    groupId,
    (node) =>
      router.ask(
        node,
        Api.OffsetFetch,
        { groups: [{ groupId, topics }] },
        { repeatable: true, versionMax: 9 },
      ),
    (a) => a.groups[0]?.errorCode ?? 0,
  );
  const group = answer.groups[0];
  if (group?.errorCode !== 0) throw new KafkaError(group?.errorCode ?? -1, groupId);
  return group.topics.flatMap((topic) =>
    topic.partitions.map((p) => ({
      topic: topic.name,
      partition: p.partitionIndex,
      offset: p.committedOffset,
      leaderEpoch: p.committedLeaderEpoch,
      metadata: p.metadata,
      error: errorOf(p.errorCode),
    })),
  );
}

/** Sets offsets of a group without members. */
async function offsetCommit(
  router: Router,
  groupId: string,
  offsets: readonly NewOffset[],
): Promise<(Outcome & { readonly topic: string; readonly partition: number })[]> {
  const topics = [...Map.groupBy(offsets, (o) => o.topic)].map(([name, group]) => ({
    name,
    partitions: group.map(({ partition, offset, metadata }) => ({
      partitionIndex: partition,
      committedOffset: offset,
      committedLeaderEpoch: -1,
      committedMetadata: metadata ?? "",
    })),
  }));
  const request = { groupId, generationIdOrMemberEpoch: -1, memberId: "", topics };
  const answer = await atCoordinator(
    router,
    groupId,
    (node) => router.ask(node, Api.OffsetCommit, request, { repeatable: true, versionMax: 9 }),
    (a) => a.topics[0]?.partitions[0]?.errorCode ?? 0,
  );
  return answer.topics.flatMap((topic) =>
    topic.partitions.map((p) => ({
      topic: topic.name,
      partition: p.partitionIndex,
      error: errorOf(p.errorCode),
    })),
  );
}
