// Cost of walking one message, by hand: `npx node packages/kafka/bench/main.ts`. Prints µs per message.

import { type ApiKey, encodeRequest, encodeResponse } from "../src/codec.ts";
import { Api } from "../src/generated/types.ts";
import { Mark } from "../src/marks.ts";
import { plan } from "../src/plan.ts";
import { deliveredRecords, producedRecords } from "../src/record-batch.ts";
import { encodeBatch } from "../src/records.ts";
import type { Direction } from "../src/schema.ts";
import { ADD_PREFIX, bystander, KEEP, rewrite, STRIP_PREFIX, type Visitor } from "../src/walker.ts";

const prefix = Buffer.from("c123456789.");
const batch = encodeBatch([{ value: Buffer.alloc(950), timestampMs: 1_700_000_000_000 }]);
let counted = 0;

const adding: Visitor = {
  ...bystander,
  prefix,
  span(mark, bytes, start, end) {
    if (mark === Mark.topicName) return ADD_PREFIX;
    if (mark === Mark.records) counted += producedRecords(bytes, start, end);
    return KEEP;
  },
};
const stripping: Visitor = {
  ...bystander,
  prefix,
  span(mark, bytes, start, end) {
    if (mark === Mark.topicName) return STRIP_PREFIX;
    if (mark === Mark.records) counted += deliveredRecords(bytes, start, end, 0).records;
    return KEEP;
  },
};

function measure(name: string, key: ApiKey, version: number, direction: Direction, body: Buffer) {
  const program = plan(key, version, direction);
  const visitor = direction === "request" ? adding : stripping;
  const rounds = 20_000;
  let bestUs = Number.POSITIVE_INFINITY;
  for (let repeat = 0; repeat < 6; repeat++) {
    const startNs = process.hrtime.bigint();
    for (let i = 0; i < rounds; i++) rewrite(program, body, 0, body.length, visitor);
    bestUs = Math.min(bestUs, Number(process.hrtime.bigint() - startNs) / 1000 / rounds);
  }
  console.log(`${name.padEnd(44)} ${bestUs.toFixed(2)} µs`);
}

const names = (count: number) => Array.from({ length: count }, (_, i) => `topic-${i}`);
const indexes = (count: number) => Array.from({ length: count }, (_, i) => i);

for (const [topics, partitions] of [
  [1, 1],
  [1, 6],
  [10, 3],
  [100, 1],
] as const) {
  const produce = encodeRequest(Api.Produce, 9, {
    acks: -1,
    topicData: names(topics).map((name) => ({
      name,
      partitionData: indexes(partitions).map((index) => ({ index, records: batch })),
    })),
  });
  measure(`Produce v9 request, ${topics} × ${partitions}`, Api.Produce, 9, "request", produce);
  const fetched = encodeResponse(Api.Fetch, 12, {
    responses: names(topics).map((name) => ({
      topic: `c123456789.${name}`,
      partitions: indexes(partitions).map((partitionIndex) => ({ partitionIndex, records: batch })),
    })),
  });
  measure(`Fetch v12 response, ${topics} × ${partitions}`, Api.Fetch, 12, "response", fetched);
  const byId = encodeResponse(Api.Fetch, 16, {
    responses: names(topics).map(() => ({
      partitions: indexes(partitions).map((partitionIndex) => ({ partitionIndex, records: batch })),
    })),
  });
  measure(`Fetch v16 response, ${topics} × ${partitions}`, Api.Fetch, 16, "response", byId);
}
const metadata = encodeResponse(Api.Metadata, 12, {
  brokers: indexes(3).map((nodeId) => ({ nodeId, host: "127.0.0.1", port: 9092 })),
  topics: names(100).map((name) => ({
    name: `c123456789.${name}`,
    partitions: indexes(6).map((partitionIndex) => ({
      partitionIndex,
      replicaNodes: [1, 2, 3],
      isrNodes: [1, 2, 3],
    })),
  })),
});
measure("Metadata v12 response, 100 × 6", Api.Metadata, 12, "response", metadata);
if (counted === 0) throw new Error("nothing was counted");
