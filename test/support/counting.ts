// The counting run: records written by an idempotent producer with gzip, read by two groups of two members each, and
// three independent numbers to compare the bill with: what was sent, the log's offsets, and what the tap saw.
import { CompressionTypes, type Consumer, Kafka, logLevel, type Message } from "kafkajs";
import { eventually, type Service } from "./service.ts";
import { recordingTap } from "./tap.ts";

export interface CountingRun {
  readonly written: number;
  readonly logGrewBy: number;
  /** Seen by the applications. */
  readonly appliedRecords: number;
  /** Seen on the wire by the tap. */
  readonly tappedRecords: number;
  readonly billedWritten: number;
  readonly billedRead: number;
  /** From the last record read to usage showing all of it. */
  readonly visibleAfterMs: number;
}

export interface CountingOptions {
  readonly topic: string;
  readonly records: number;
  readonly partitions: number;
  /** A third member joins each group half way, so that partitions move. */
  readonly rebalance: boolean;
}

const batchRecords = 1_000;

export async function countingRun(
  service: Service,
  options: CountingOptions,
): Promise<CountingRun> {
  const { topic, records, partitions } = options;
  const tap = recordingTap();
  const { bootstrap, key } = service.ready;
  const kafka = new Kafka({
    clientId: "counting",
    brokers: [bootstrap],
    sasl: { mechanism: "plain", username: key.id, password: key.secret },
    socketFactory: tap.socketFactory,
    logLevel: logLevel.NOTHING,
  });
  await service.rest("PUT", `/v1/topics/${topic}`, {
    body: { spec: { partitions } },
    headers: { prefer: "wait=10" },
  });

  let applied = 0;
  const consumers: Consumer[] = [];
  const join = async (groupId: string) => {
    const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 200 });
    consumers.push(consumer);
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      eachBatch: async ({ batch }) => {
        applied += batch.messages.length;
      },
    });
  };
  const groups = ["billing", "shipping"].map((name) => `${topic}-${name}`);
  for (const group of groups) await Promise.all([join(group), join(group)]);

  const producer = kafka.producer({ idempotent: true });
  await producer.connect();
  for (let from = 0; from < records; from += batchRecords) {
    const messages: Message[] = Array.from({ length: batchRecords }, (_, i) => ({
      value: `record ${from + i}`,
      partition: (from / batchRecords) % partitions,
    }));
    await producer.send({ topic, compression: CompressionTypes.GZIP, messages });
    if (options.rebalance && from === records / 2) await Promise.all(groups.map(join));
  }
  await producer.disconnect();

  const admin = kafka.admin();
  await admin.connect();
  await eventually("both groups are at the end", () => atEnd(service, groups), 60_000);
  const readMs = performance.now();
  const offsets = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();

  const billed = await eventually(
    "usage shows every record",
    async () => {
      const row = await usageRow(service, topic);
      return row && row.read >= 2 * records && row.written >= records ? row : undefined;
    },
    20_000,
  );
  const visibleAfterMs = performance.now() - readMs;
  await Promise.all(consumers.map((consumer) => consumer.disconnect()));
  const final = await eventually("the last fetches are counted", async () => {
    const row = (await usageRow(service, topic)) ?? billed;
    return row.read >= (await tap.recordsDelivered()) ? row : undefined;
  });
  return {
    written: records,
    logGrewBy: offsets.reduce((sum, partition) => sum + Number(partition.high), 0),
    appliedRecords: applied,
    tappedRecords: await tap.recordsDelivered(),
    billedWritten: final.written,
    billedRead: final.read,
    visibleAfterMs,
  };
}

async function atEnd(service: Service, groups: readonly string[]): Promise<true | undefined> {
  const lags = await Promise.all(
    groups.map(async (group) => {
      const { body } = await service.rest("GET", `/v1/groups/${group}`);
      return Number(body.lag ?? body.status?.lag ?? Number.NaN);
    }),
  );
  return lags.every((lag) => lag === 0) ? true : undefined;
}

async function usageRow(
  service: Service,
  topic: string,
): Promise<{ written: number; read: number } | undefined> {
  const { body } = await service.rest("GET", "/v1/usage?groupBy=topic");
  const row = body.rows.find((candidate: { topic?: string }) => candidate.topic === topic);
  return row && { written: Number(row.recordsWritten), read: Number(row.recordsRead) };
}
