// Writes to the broker itself, past every gateway: plain batches and transactions.
import type { KafkaAdmin } from "@headgate/kafka/admin";
import { Api } from "@headgate/kafka/generated/types";
import { encodeBatch } from "@headgate/kafka/records";
import { expect, vi } from "vitest";

const recordsOf = (count: number) =>
  Array.from({ length: count }, () => ({ value: Buffer.from("r"), timestampMs: Date.now() }));

/** One batch; waits for the partition's leader. */
export async function produce(
  admin: KafkaAdmin,
  topic: string,
  partition: number,
  count: number,
): Promise<void> {
  await send(admin, topic, partition, encodeBatch(recordsOf(count)), null);
}

/** A transaction of `count` records on one partition, then its end. */
export async function produceInTransaction(
  admin: KafkaAdmin,
  { topic, partition = 0, count, commit }: TransactionOptions,
): Promise<void> {
  const transactionalId = `${topic}.txn`;
  const coordinator = await coordinatorOf(admin, transactionalId);
  const init = { transactionalId, transactionTimeoutMs: 60_000 };
  const none = { producerId: -1n, producerEpoch: -1 };
  const { producerId, producerEpoch } = await vi.waitFor(async () => {
    const begun = await admin.ask(coordinator, Api.InitProducerId, { ...init, ...none });
    expect(begun.errorCode).toBe(0);
    return begun;
  });
  const added = await admin.ask(
    coordinator,
    Api.AddPartitionsToTxn,
    {
      v3AndBelowTransactionalId: transactionalId,
      v3AndBelowProducerId: producerId,
      v3AndBelowProducerEpoch: producerEpoch,
      v3AndBelowTopics: [{ name: topic, partitions: [partition] }],
    },
    { versionMax: 3 },
  );
  expect(added.resultsByTopicV3AndBelow[0]?.resultsByPartition[0]?.partitionErrorCode).toBe(0);
  const producer = { producerId, producerEpoch, baseSequence: 0, transactional: true };
  const batch = encodeBatch(recordsOf(count), producer);
  await send(admin, topic, partition, batch, transactionalId);
  const end = { transactionalId, producerId, producerEpoch, committed: commit };
  const ended = await admin.ask(coordinator, Api.EndTxn, end, { versionMax: 4 });
  expect(ended.errorCode).toBe(0);
}

export interface TransactionOptions {
  readonly topic: string;
  readonly partition?: number;
  readonly count: number;
  readonly commit: boolean;
}

async function coordinatorOf(admin: KafkaAdmin, key: string): Promise<number> {
  return vi.waitFor(
    async () => {
      const search = { keyType: 1, coordinatorKeys: [key] };
      const answer = await admin.ask(undefined, Api.FindCoordinator, search);
      expect(answer.coordinators[0]?.errorCode).toBe(0);
      return answer.coordinators[0]!.nodeId;
    },
    { timeout: 10_000 },
  );
}

async function send(
  admin: KafkaAdmin,
  topic: string,
  index: number,
  records: Buffer,
  transactionalId: string | null,
): Promise<void> {
  await vi.waitFor(
    async () => {
      const [described] = await admin.metadata({ names: [topic] });
      const leader = described!.partitions.find(({ partition }) => partition === index)!.leaderId;
      const answer = await admin.ask(
        leader,
        Api.Produce,
        {
          ...{ transactionalId, acks: -1, timeoutMs: 5000 },
          topicData: [{ name: topic, partitionData: [{ index, records }] }],
        },
        { versionMax: 11 },
      );
      expect(answer.responses[0]?.partitionResponses[0]?.errorCode).toBe(0);
    },
    { timeout: 10_000, interval: 5 },
  );
}
