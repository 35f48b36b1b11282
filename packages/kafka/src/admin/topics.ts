// Topics, partitions, configs and offsets. What Kafka reports per item is answered per item, with `error` set or not;
// what it reports for the whole request is thrown as KafkaError.

import { ZERO_UUID } from "../codec.ts";
import { errorOf, KafkaError } from "../errors.ts";
import { Api, type MetadataResponse } from "../generated/types.ts";
import type { Broker, Router } from "./router.ts";

/** Something one item of an answer says about itself. */
export interface Outcome {
  readonly error?: KafkaError | undefined;
}

export interface ClusterDescription {
  readonly clusterId: string | null;
  /** With KRaft a random live broker: any broker forwards to the controller. */
  readonly controllerId: number;
  readonly brokers: readonly Broker[];
}

export interface PartitionDescription extends Outcome {
  readonly partition: number;
  /** -1: none. */
  readonly leaderId: number;
  readonly leaderEpoch: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
}

export interface TopicDescription extends Outcome {
  readonly name: string | null;
  readonly topicId: string;
  readonly isInternal: boolean;
  readonly partitions: readonly PartitionDescription[];
}

export interface NewTopic {
  readonly name: string;
  /** -1: the broker's default; also when `assignments` is given. */
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly configs?: Readonly<Record<string, string>>;
  /** Partition → brokers. */
  readonly assignments?: readonly (readonly number[])[];
}

export interface CreatedTopic extends Outcome {
  readonly name: string;
  readonly topicId: string;
  readonly partitions: number;
  readonly replicationFactor: number;
}

export interface WriteOptions {
  readonly timeoutMs?: number;
  readonly validateOnly?: boolean;
}

export interface PartitionCount {
  readonly name: string;
  readonly count: number;
}

export type TopicSelector =
  | { readonly names: readonly string[] }
  | { readonly ids: readonly string[] }
  | "all";

/** The methods of the admin client about topics. */
export const topicAdmin = (router: Router) => ({
  metadata: (selector: TopicSelector) => metadata(router, selector),
  describeCluster: () => describeCluster(router),
  createTopics: (topics: readonly NewTopic[], options?: WriteOptions) =>
    createTopics(router, topics, options),
  deleteTopics: (selector: Exclude<TopicSelector, "all">, options?: WriteOptions) =>
    deleteTopics(router, selector, options),
  createPartitions: (topics: readonly PartitionCount[], options?: WriteOptions) =>
    createPartitions(router, topics, options),
});

/** Topics without being created by asking. */
export async function metadata(
  router: Router,
  selector: TopicSelector,
): Promise<TopicDescription[]> {
  const answer = await router.ask(
    undefined,
    Api.Metadata,
    { topics: toTopics(selector), allowAutoTopicCreation: false },
    { repeatable: true },
  );
  return answer.topics.map(fromTopic);
}

async function describeCluster(router: Router): Promise<ClusterDescription> {
  const answer = await router.ask(undefined, Api.DescribeCluster, {}, { repeatable: true });
  if (answer.errorCode !== 0) throw new KafkaError(answer.errorCode, answer.errorMessage);
  const brokers = answer.brokers.map((b) => ({
    id: b.brokerId,
    host: b.host,
    port: b.port,
    rack: b.rack,
  }));
  return { clusterId: answer.clusterId, controllerId: answer.controllerId, brokers };
}

async function createTopics(
  router: Router,
  topics: readonly NewTopic[],
  { timeoutMs = 30_000, validateOnly = false }: WriteOptions = {},
): Promise<CreatedTopic[]> {
  const request = { topics: topics.map(toNewTopic), timeoutMs, validateOnly };
  const answer = await router.ask(undefined, Api.CreateTopics, request, patience(timeoutMs));
  return answer.topics.map((t) => ({
    name: t.name,
    topicId: t.topicId,
    partitions: t.numPartitions,
    replicationFactor: t.replicationFactor,
    error: errorOf(t.errorCode, t.errorMessage),
  }));
}

async function deleteTopics(
  router: Router,
  selector: Exclude<TopicSelector, "all">,
  { timeoutMs = 30_000 }: WriteOptions = {},
): Promise<(Outcome & { readonly name: string | null; readonly topicId: string })[]> {
  const request = { topics: toTopics(selector) ?? [], timeoutMs };
  const answer = await router.ask(undefined, Api.DeleteTopics, request, patience(timeoutMs));
  return answer.responses.map(({ name, topicId, errorCode, errorMessage }) => ({
    name,
    topicId,
    error: errorOf(errorCode, errorMessage),
  }));
}

/** `count` is the new total. */
async function createPartitions(
  router: Router,
  topics: readonly PartitionCount[],
  { timeoutMs = 30_000, validateOnly = false }: WriteOptions = {},
): Promise<(Outcome & { readonly name: string })[]> {
  const request = {
    topics: topics.map((topic) => ({ ...topic, assignments: null })),
    timeoutMs,
    validateOnly,
  };
  const answer = await router.ask(undefined, Api.CreatePartitions, request, patience(timeoutMs));
  return answer.results.map(({ name, errorCode, errorMessage }) => ({
    name,
    error: errorOf(errorCode, errorMessage),
  }));
}

/** The broker's own time limit is part of such a request; ours must outlast it. */
const patience = (timeoutMs: number) => ({ timeoutMs: timeoutMs + 5000 });

// Kafka names a topic by id or by name: the other one is zero or null.
function toTopics(selector: TopicSelector) {
  if (selector === "all") return null;
  if ("names" in selector) return selector.names.map((name) => ({ name, topicId: ZERO_UUID }));
  return selector.ids.map((topicId) => ({ name: null, topicId }));
}

function fromTopic(topic: MetadataResponse["topics"][number]): TopicDescription {
  return {
    name: topic.name,
    topicId: topic.topicId,
    isInternal: topic.isInternal,
    error: errorOf(topic.errorCode),
    partitions: topic.partitions
      .map((p) => ({
        partition: p.partitionIndex,
        leaderId: p.leaderId,
        leaderEpoch: p.leaderEpoch,
        replicas: p.replicaNodes,
        isr: p.isrNodes,
        error: errorOf(p.errorCode),
      }))
      .sort((a, b) => a.partition - b.partition),
  };
}

function toNewTopic(topic: NewTopic) {
  return {
    name: topic.name,
    numPartitions: topic.assignments ? -1 : topic.partitions,
    replicationFactor: topic.assignments ? -1 : topic.replicationFactor,
    assignments: (topic.assignments ?? []).map((brokerIds, partitionIndex) => ({
      partitionIndex,
      brokerIds,
    })),
    configs: Object.entries(topic.configs ?? {}).map(([name, value]) => ({ name, value })),
  };
}
