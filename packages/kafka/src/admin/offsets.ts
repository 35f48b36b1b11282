// Offsets of partitions, each asked at the partition's leader: earliest, high watermark, last stable, by timestamp.

import { ErrorCode, errorOf, isRetriable, KafkaError } from "../errors.ts";
import { Api } from "../generated/types.ts";
import type { Router } from "./router.ts";
import { metadata, type Outcome } from "./topics.ts";

export interface OffsetQuery {
  readonly topic: string;
  readonly partition: number;
  /** "latest" is the high watermark, or the last stable offset under read_committed; a number is a timestamp in ms. */
  readonly at: "latest" | "earliest" | "maxTimestamp" | number;
}

export interface OffsetAnswer extends Outcome {
  readonly topic: string;
  readonly partition: number;
  /** -1 when a timestamp has no record after it. */
  readonly offset: bigint;
  readonly timestampMs: bigint;
  readonly leaderEpoch: number;
}

export type Isolation = "read_uncommitted" | "read_committed";

export const offsetAdmin = (router: Router) => ({
  listOffsets: (queries: readonly OffsetQuery[], isolation?: Isolation) =>
    listOffsets(router, queries, isolation),
});

/** Asks each partition's leader; retries while leaders move. One answer per query, in the order of the queries. */
async function listOffsets(
  router: Router,
  queries: readonly OffsetQuery[],
  isolation: Isolation = "read_uncommitted",
): Promise<OffsetAnswer[]> {
  const answers = new Map<OffsetQuery, OffsetAnswer>();
  const left = () => queries.filter((q) => isUnsettled(answers.get(q)));
  const round = async () => {
    const asked = left();
    for (const [leader, group] of await byLeader(router, asked, answers))
      for (const [query, answer] of await offsetsOf(router, leader, group, isolation))
        answers.set(query, answer);
  };
  await router.retry(round, () => left().length > 0);
  return queries.map(
    (query) => answers.get(query) ?? failedOffset(query, ErrorCode.LEADER_NOT_AVAILABLE),
  );
}

async function byLeader(
  router: Router,
  queries: readonly OffsetQuery[],
  answers: Map<OffsetQuery, OffsetAnswer>,
) {
  const names = [...new Set(queries.map((query) => query.topic))];
  const topics = names.length === 0 ? [] : await metadata(router, { names });
  const groups = new Map<number, OffsetQuery[]>();
  for (const query of queries) {
    const topic = topics.find((candidate) => candidate.name === query.topic);
    const partition = topic?.partitions.find((p) => p.partition === query.partition);
    if (!partition || partition.leaderId < 0) {
      const code = topic?.error?.code ?? (partition ? 5 : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
      answers.set(query, failedOffset(query, code));
    } else groups.set(partition.leaderId, [...(groups.get(partition.leaderId) ?? []), query]);
  }
  return groups;
}

const AT = { latest: -1n, earliest: -2n, maxTimestamp: -3n } as const;

async function offsetsOf(
  router: Router,
  leader: number,
  queries: readonly OffsetQuery[],
  isolation: Isolation,
): Promise<Map<OffsetQuery, OffsetAnswer>> {
  // One entry per query: Kafka wants a partition at most once per request, so duplicates go in a request of their own.
  const answers = new Map<OffsetQuery, OffsetAnswer>();
  for (const round of withoutDuplicates(queries)) {
    const request = {
      replicaId: -1,
      isolationLevel: isolation === "read_committed" ? 1 : 0,
      topics: [...Map.groupBy(round, (query) => query.topic)].map(([name, group]) => ({
        name,
        partitions: group.map(({ partition, at }) => ({
          partitionIndex: partition,
          currentLeaderEpoch: -1,
          timestamp: typeof at === "number" ? BigInt(at) : AT[at],
        })),
      })),
    };
    const answer = await router.ask(leader, Api.ListOffsets, request, { repeatable: true });
    const partitions = answer.topics.flatMap((t) =>
      t.partitions.map((p) => ({ topic: t.name, ...p })),
    );
    for (const query of round) {
      const found = partitions.find(
        (p) => p.topic === query.topic && p.partitionIndex === query.partition,
      );
      answers.set(
        query,
        found
          ? {
              topic: query.topic,
              partition: query.partition,
              offset: found.offset,
              timestampMs: found.timestamp,
              leaderEpoch: found.leaderEpoch,
              error: errorOf(found.errorCode),
            }
          : failedOffset(query, ErrorCode.UNKNOWN_SERVER_ERROR),
      );
    }
  }
  return answers;
}

function withoutDuplicates(queries: readonly OffsetQuery[]): OffsetQuery[][] {
  const rounds: Map<string, OffsetQuery>[] = [];
  for (const query of queries) {
    const key = `${query.partition}/${query.topic}`;
    const round = rounds.find((candidate) => !candidate.has(key));
    if (round) round.set(key, query);
    else rounds.push(new Map([[key, query]]));
  }
  return rounds.map((round) => [...round.values()]);
}

const failedOffset = ({ topic, partition }: OffsetQuery, code: number): OffsetAnswer => ({
  topic,
  partition,
  offset: -1n,
  timestampMs: -1n,
  leaderEpoch: -1,
  error: new KafkaError(code),
});

/** An unknown topic is final here, though Kafka calls it retriable: nobody waits for a topic by asking its offsets. */
const isUnsettled = (answer: OffsetAnswer | undefined): boolean =>
  answer === undefined ||
  (answer.error !== undefined &&
    isRetriable(answer.error.code) &&
    answer.error.code !== ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
