// Requests that could cross the second wall, each by the names it is about. Those of a cluster's own that belong in it
// (its group, its transaction) are `own`.
import { type ApiKey, type Input, ZERO_UUID } from "@headgate/kafka/codec";
import type { Connection } from "@headgate/kafka/connection";
import { Api, type Requests } from "@headgate/kafka/generated/types";
import { encodeBatch } from "@headgate/kafka/records";

export interface Names {
  readonly topic: string;
  readonly topicId: string;
  readonly group: string;
  readonly txn: string;
}

export interface WallRequest {
  readonly what: string;
  /** Every error code anywhere in the answer. */
  codes(broker: Connection, names: Names, own: Names): Promise<number[]>;
}

function ask<K extends ApiKey>(
  what: string,
  api: K,
  request: (names: Names, own: Names) => Input<Requests[K]>,
  versionMax?: number,
): WallRequest {
  return {
    what,
    codes: async (broker, names, own) =>
      codesIn(await broker.request(api, request(names, own), versionMax ? { versionMax } : {})),
  };
}

/** Every error code anywhere in an answer. */
export function codesIn(answer: unknown): number[] {
  if (typeof answer !== "object" || answer === null || Buffer.isBuffer(answer)) return [];
  return Object.entries(answer).flatMap(([key, value]) =>
    /errorCode$/i.test(key) && value !== 0 ? [value as number] : codesIn(value),
  );
}

const record = () => [{ value: Buffer.from("x"), timestampMs: Date.now() }];
const records = () => encodeBatch(record());
const inTransaction = {
  ...{ producerId: 1n, producerEpoch: 0 },
  baseSequence: 0,
  transactional: true,
};
const fetchOne = { partition: 0, currentLeaderEpoch: -1, fetchOffset: 0n, lastFetchedEpoch: -1 };
const fetching = {
  ...{ replicaId: -1, maxWaitMs: 0, minBytes: 0, maxBytes: 1000, isolationLevel: 0 },
  ...{ sessionId: 0, sessionEpoch: -1, forgottenTopicsData: [], rackId: "" },
};
const fetched = [{ ...fetchOne, logStartOffset: -1n, partitionMaxBytes: 1000 }];
const committing = { partitionIndex: 0, committedOffset: 0n, committedLeaderEpoch: -1 };
const producer = { producerId: 1n, producerEpoch: 0 };
const noMember = { memberId: "", groupInstanceId: null };
const commitTo = (group: string, topic: string) => ({
  ...{ groupId: group, generationIdOrMemberEpoch: -1, retentionTimeMs: -1n, ...noMember },
  topics: [{ name: topic, partitions: [{ ...committing, committedMetadata: null }] }],
});

export const topicAsks: readonly WallRequest[] = [
  ask("describe", Api.Metadata, ({ topic }) => ({
    topics: [{ name: topic, topicId: ZERO_UUID }],
    allowAutoTopicCreation: false,
  })),
  ask("list offsets of", Api.ListOffsets, ({ topic }) => ({
    replicaId: -1,
    topics: [
      {
        name: topic,
        partitions: [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp: -1n }],
      },
    ],
  })),
  ask("ask for leader epochs of", Api.OffsetForLeaderEpoch, ({ topic }) => ({
    replicaId: -1,
    topics: [{ topic, partitions: [{ partition: 0, currentLeaderEpoch: -1, leaderEpoch: 0 }] }],
  })),
  ask(
    "write to",
    Api.Produce,
    ({ topic }) => ({
      ...{ transactionalId: null, acks: -1, timeoutMs: 5000 },
      topicData: [{ name: topic, partitionData: [{ index: 0, records: records() }] }],
    }),
    12,
  ),
  ask(
    "read from",
    Api.Fetch,
    ({ topic }) => ({ ...fetching, topics: [{ topic, partitions: fetched }] }),
    12,
  ),
  ask("read the settings of", Api.DescribeConfigs, ({ topic }) => ({
    resources: [{ resourceType: 2, resourceName: topic, configurationKeys: null }],
  })),
  ask("see the producers of", Api.DescribeProducers, ({ topic }) => ({
    topics: [{ name: topic, partitionIndexes: [0] }],
  })),
  ask("delete records of", Api.DeleteRecords, ({ topic }) => ({
    timeoutMs: 5000,
    topics: [{ name: topic, partitions: [{ partitionIndex: 0, offset: 0n }] }],
  })),
  ask(
    "commit offsets of its own group for",
    Api.OffsetCommit,
    ({ topic }, own) => commitTo(own.group, topic),
    9,
  ),
  ask(
    "add to its own transaction",
    Api.AddPartitionsToTxn,
    ({ topic }, own) => ({
      ...{
        v3AndBelowTransactionalId: own.txn,
        v3AndBelowProducerId: 1n,
        v3AndBelowProducerEpoch: 0,
      },
      v3AndBelowTopics: [{ name: topic, partitions: [0] }],
    }),
    3,
  ),
];

export const idAsks: readonly WallRequest[] = [
  ask("describe", Api.Metadata, ({ topicId }) => ({
    topics: [{ name: null, topicId }],
    allowAutoTopicCreation: false,
  })),
  ask("write to", Api.Produce, ({ topicId }) => ({
    ...{ transactionalId: null, acks: -1, timeoutMs: 5000 },
    topicData: [{ topicId, partitionData: [{ index: 0, records: records() }] }],
  })),
  ask("read from", Api.Fetch, ({ topicId }) => ({
    ...fetching,
    topics: [{ topicId, partitions: fetched }],
  })),
];

export const groupAsks: readonly WallRequest[] = [
  ask("find", Api.FindCoordinator, ({ group }) => ({ keyType: 0, coordinatorKeys: [group] })),
  ask("describe", Api.DescribeGroups, ({ group }) => ({ groups: [group] })),
  ask("join", Api.JoinGroup, ({ group }) => ({
    ...{ groupId: group, sessionTimeoutMs: 6000, rebalanceTimeoutMs: 6000, protocolType: "x" },
    ...{ memberId: "nobody", groupInstanceId: null },
    protocols: [{ name: "x", metadata: Buffer.alloc(0) }],
  })),
  ask("sync", Api.SyncGroup, ({ group }) => ({
    ...{ groupId: group, generationId: 1, ...noMember, protocolType: "x", protocolName: "x" },
  })),
  ask("beat for", Api.Heartbeat, ({ group }) => ({ groupId: group, generationId: 1, ...noMember })),
  ask("make members leave", Api.LeaveGroup, ({ group }) => ({
    groupId: group,
    members: [{ memberId: "nobody", groupInstanceId: null, reason: null }],
  })),
  ask("join by the new protocol", Api.ConsumerGroupHeartbeat, ({ group }) => ({
    ...{ groupId: group, memberId: "nobody", memberEpoch: 5, instanceId: null, rackId: null },
    ...{ rebalanceTimeoutMs: -1, subscribedTopicNames: null, subscribedTopicRegex: null },
    ...{ serverAssignor: null, topicPartitions: null },
  })),
  ask(
    "read offsets of",
    Api.OffsetFetch,
    ({ group }) => ({
      groups: [{ groupId: group, memberId: null, memberEpoch: -1, topics: null }],
    }),
    9,
  ),
  ask("commit offsets of", Api.OffsetCommit, ({ group }, own) => commitTo(group, own.topic), 9),
  ask("commit in a transaction to", Api.TxnOffsetCommit, ({ group }, own) => ({
    ...{ transactionalId: own.txn, groupId: group, ...producer, generationId: -1, ...noMember },
    topics: [{ name: own.topic, partitions: [{ ...committing, committedMetadata: null }] }],
  })),
  ask("add to its own transaction", Api.AddOffsetsToTxn, ({ group }, own) => ({
    ...{ transactionalId: own.txn, ...producer, groupId: group },
  })),
  ask("delete offsets of", Api.OffsetDelete, ({ group }, own) => ({
    groupId: group,
    topics: [{ name: own.topic, partitions: [{ partitionIndex: 5 }] }],
  })),
];

export const txnAsks: readonly WallRequest[] = [
  ask("find", Api.FindCoordinator, ({ txn }) => ({ keyType: 1, coordinatorKeys: [txn] })),
  ask("describe", Api.DescribeTransactions, ({ txn }) => ({ transactionalIds: [txn] })),
  ask("take over", Api.InitProducerId, ({ txn }) => ({
    ...{ transactionalId: txn, transactionTimeoutMs: 60_000, producerId: -1n, producerEpoch: -1 },
  })),
  ask("end", Api.EndTxn, ({ txn }) => ({ transactionalId: txn, ...producer, committed: false })),
  ask(
    "add partitions to",
    Api.AddPartitionsToTxn,
    ({ txn }, own) => ({
      ...{ v3AndBelowTransactionalId: txn, v3AndBelowProducerId: 1n, v3AndBelowProducerEpoch: 0 },
      v3AndBelowTopics: [{ name: own.topic, partitions: [0] }],
    }),
    3,
  ),
  ask(
    "write in",
    Api.Produce,
    ({ txn }, own) => ({
      ...{ transactionalId: txn, acks: -1, timeoutMs: 5000 },
      topicData: [
        {
          name: own.topic,
          partitionData: [{ index: 0, records: encodeBatch(record(), inTransaction) }],
        },
      ],
    }),
    12,
  ),
];

/** What nobody may but the provisioner, with its own names or anybody's. */
export const adminAsks: readonly WallRequest[] = [
  ask("make topics", Api.CreateTopics, ({ topic }) => ({
    timeoutMs: 5000,
    topics: [{ name: `${topic}2`, numPartitions: 1, replicationFactor: 1 }],
  })),
  ask("add partitions", Api.CreatePartitions, ({ topic }) => ({
    timeoutMs: 5000,
    topics: [{ name: topic, count: 2, assignments: null }],
  })),
  ask("change settings", Api.IncrementalAlterConfigs, ({ topic }) => ({
    resources: [
      {
        resourceType: 2,
        resourceName: topic,
        configs: [{ name: "retention.ms", configOperation: 0, value: "1" }],
      },
    ],
  })),
  ask("change settings of groups", Api.IncrementalAlterConfigs, ({ group }) => ({
    resources: [
      {
        resourceType: 32,
        resourceName: group,
        configs: [{ name: "consumer.session.timeout.ms", configOperation: 0, value: "50000" }],
      },
    ],
  })),
  ask("read settings of brokers", Api.DescribeConfigs, () => ({
    resources: [{ resourceType: 4, resourceName: "1", configurationKeys: null }],
  })),
  ask("move partitions", Api.AlterPartitionReassignments, ({ topic }) => ({
    timeoutMs: 5000,
    topics: [{ name: topic, partitions: [{ partitionIndex: 0, replicas: [1] }] }],
  })),
  ask("elect leaders", Api.ElectLeaders, ({ topic }) => ({
    ...{ electionType: 0, timeoutMs: 5000, topicPartitions: [{ topic, partitions: [0] }] },
  })),
  ask("see who may do what", Api.DescribeAcls, () => anyAcl),
  ask("allow itself more", Api.CreateAcls, ({ topic }) => ({
    creations: [
      {
        ...{ resourceType: 2, resourceName: topic, resourcePatternType: 3, principal: "User:x" },
        ...{ host: "*", operation: 2, permissionType: 3 },
      },
    ],
  })),
  ask("take rights away", Api.DeleteAcls, () => ({ filters: [anyAcl] })),
  ask("see log directories", Api.DescribeLogDirs, ({ topic }) => ({
    topics: [{ topic, partitions: [0] }],
  })),
  ask("see quotas", Api.DescribeClientQuotas, () => ({ components: [], strict: false })),
  ask("see passwords", Api.DescribeUserScramCredentials, () => ({ users: [{ name: "x" }] })),
  ask("see the quorum", Api.DescribeQuorum, () => ({
    topics: [{ topicName: "__cluster_metadata", partitions: [{ partitionIndex: 0 }] }],
  })),
  ask("see reassignments", Api.ListPartitionReassignments, () => ({
    timeoutMs: 5000,
    topics: null,
  })),
  ask("write transaction markers", Api.WriteTxnMarkers, ({ topic }) => ({
    markers: [
      {
        ...{ ...producer, transactionResult: true, coordinatorEpoch: 0 },
        topics: [{ name: topic, partitionIndexes: [0] }],
      },
    ],
  })),
];

const anyAcl = {
  ...{ resourceTypeFilter: 1, resourceNameFilter: null, patternTypeFilter: 1, operation: 1 },
  ...{ principalFilter: null, hostFilter: null, permissionType: 1 },
};
