// A client in wide use as the judge of our bytes: what kafkajs encodes, we read to the values it was given; what we
// encode, kafkajs reads to the values we were given. Neither shares a line with the other.
import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import { type ApiKey, decodeRequest, encodeResponse, type Input } from "../src/codec.ts";
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from "../src/consumer-protocol.ts";
import { Api, type Requests, type Responses } from "../src/generated/types.ts";
import { producedRecords } from "../src/record-batch.ts";
import { decodeRecords } from "../src/records.ts";

const require = createRequire(import.meta.url);
const requests = "kafkajs/src/protocol/requests";

/** kafkajs' request `name` in `version`, as bytes, read by us. */
async function read<K extends ApiKey>(
  apiKey: K,
  name: string,
  version: number,
  value: object,
): Promise<Requests[K]> {
  const request = require(`${requests}/${name}/v${version}/request.js`)(value);
  expect([request.apiKey, request.apiVersion]).toEqual([apiKey, version]);
  const { buffer } = (await request.encode()) as { buffer: Buffer };
  return decodeRequest(apiKey, version, buffer);
}

/** Our response in `version`, as bytes, read by kafkajs. */
function readByKafkajs<K extends ApiKey>(
  apiKey: K,
  name: string,
  version: number,
  value: Input<Responses[K]>,
): Promise<object> {
  const bytes = encodeResponse(apiKey, version, value);
  return require(`${requests}/${name}/v${version}/response.js`).decode(bytes);
}

describe("what kafkajs asks is read to the values it was given", () => {
  it("Produce v7, gzip, transactional, with its records", async () => {
    const messages = ["a", "b", "c"].map((value, i) => ({
      key: Buffer.from(`k${i}`),
      value: Buffer.from(value),
      timestamp: 1_700_000_000_000 + i,
      headers: { h: Buffer.from("x") },
    }));
    const request = await read(Api.Produce, "produce", 7, {
      acks: -1,
      timeout: 1234,
      transactionalId: "tx",
      producerId: 42n,
      producerEpoch: 7,
      compression: 1,
      topicData: [{ topic: "orders", partitions: [{ partition: 5, firstSequence: 9, messages }] }],
    });
    expect(request).toMatchObject({ acks: -1, timeoutMs: 1234, transactionalId: "tx" });
    const [topic] = request.topicData;
    expect(topic?.name).toBe("orders");
    const [data] = topic?.partitionData ?? [];
    expect(data?.index).toBe(5);
    const records = data?.records ?? Buffer.alloc(0);
    expect(producedRecords(records, 0, records.length)).toBe(3);
    expect(records.readBigInt64BE(43)).toBe(42n);
    expect(decodeRecords(records)).toEqual(
      messages.map(({ key, value, timestamp }, offset) => ({
        offset,
        timestampMs: timestamp,
        key,
        value,
        headers: [["h", Buffer.from("x")]],
      })),
    );
  });

  it("Fetch v11", async () => {
    const partition = { partition: 3, currentLeaderEpoch: 4, fetchOffset: "77", maxBytes: 1000 };
    const request = await read(Api.Fetch, "fetch", 11, {
      replicaId: -1,
      maxWaitTime: 500,
      minBytes: 1,
      maxBytes: 10_000,
      isolationLevel: 1,
      sessionId: 12,
      sessionEpoch: 2,
      topics: [{ topic: "orders", partitions: [partition] }],
      forgottenTopics: [{ topic: "old", partitions: [1, 2] }],
      rackId: "r1",
    });
    expect(request).toMatchObject({
      replicaId: -1,
      maxWaitMs: 500,
      minBytes: 1,
      maxBytes: 10_000,
      isolationLevel: 1,
      sessionId: 12,
      sessionEpoch: 2,
      forgottenTopicsData: [{ topic: "old", partitions: [1, 2] }],
      rackId: "r1",
    });
    expect(request.topics).toMatchObject([
      {
        topic: "orders",
        partitions: [
          {
            partition: 3,
            currentLeaderEpoch: 4,
            fetchOffset: 77n,
            logStartOffset: -1n,
            partitionMaxBytes: 1000,
          },
        ],
      },
    ]);
  });

  it("Metadata v5, of some topics and of all", async () => {
    const some = await read(Api.Metadata, "metadata", 5, {
      topics: ["orders", "bills"],
      allowAutoTopicCreation: false,
    });
    expect(some.topics?.map((topic) => topic.name)).toEqual(["orders", "bills"]);
    expect(some.allowAutoTopicCreation).toBe(false);
    // kafkajs asks for all topics with an empty list, which it writes as the null array.
    const all = await read(Api.Metadata, "metadata", 5, { topics: [] });
    expect(all).toMatchObject({ topics: null, allowAutoTopicCreation: true });
  });

  it("JoinGroup v5, and the subscription inside it", async () => {
    const { MemberMetadata } = require("kafkajs/src/consumer/assignerProtocol.js");
    const metadata = MemberMetadata.encode({ version: 1, topics: ["orders"] });
    const request = await read(Api.JoinGroup, "joinGroup", 5, {
      groupId: "billing",
      sessionTimeout: 30_000,
      rebalanceTimeout: 60_000,
      memberId: "m-1",
      groupInstanceId: "static-1",
      protocolType: "consumer",
      groupProtocols: [{ name: "RoundRobinAssigner", metadata }],
    });
    expect(request).toMatchObject({
      groupId: "billing",
      sessionTimeoutMs: 30_000,
      rebalanceTimeoutMs: 60_000,
      memberId: "m-1",
      groupInstanceId: "static-1",
      protocolType: "consumer",
      protocols: [{ name: "RoundRobinAssigner", metadata }],
    });
  });

  it("OffsetCommit v5", async () => {
    const request = await read(Api.OffsetCommit, "offsetCommit", 5, {
      groupId: "billing",
      groupGenerationId: 3,
      memberId: "m-1",
      topics: [
        {
          topic: "orders",
          partitions: [{ partition: 1, offset: "9007199254740993", metadata: "m" }],
        },
        { topic: "bills", partitions: [{ partition: 0, offset: "0" }] },
      ],
    });
    expect(request).toMatchObject({
      groupId: "billing",
      generationIdOrMemberEpoch: 3,
      memberId: "m-1",
      topics: [
        {
          name: "orders",
          partitions: [
            {
              partitionIndex: 1,
              committedOffset: 9_007_199_254_740_993n,
              committedMetadata: "m",
            },
          ],
        },
        { name: "bills", partitions: [{ committedOffset: 0n, committedMetadata: null }] },
      ],
    });
  });
});

describe("what we answer is read by kafkajs to the values we were given", () => {
  it("Produce v7", async () => {
    const answer = await readByKafkajs(Api.Produce, "produce", 7, {
      responses: [
        {
          name: "orders",
          partitionResponses: [
            { index: 5, errorCode: 0, baseOffset: 7n, logAppendTimeMs: -1n, logStartOffset: 2n },
          ],
        },
      ],
      throttleTimeMs: 12,
    });
    expect(answer).toMatchObject({
      topics: [
        {
          topicName: "orders",
          partitions: [{ partition: 5, errorCode: 0, baseOffset: "7", logStartOffset: "2" }],
        },
      ],
      clientSideThrottleTime: 12,
    });
  });

  it("Metadata v5", async () => {
    const answer = await readByKafkajs(Api.Metadata, "metadata", 5, {
      brokers: [{ nodeId: 2, host: "gate", port: 9094, rack: null }],
      clusterId: "cl",
      controllerId: 2,
      topics: [
        {
          errorCode: 0,
          name: "orders",
          partitions: [{ partitionIndex: 1, leaderId: 2, replicaNodes: [2], isrNodes: [2] }],
        },
      ],
    });
    expect(answer).toMatchObject({
      brokers: [{ nodeId: 2, host: "gate", port: 9094, rack: null }],
      clusterId: "cl",
      controllerId: 2,
      topicMetadata: [
        {
          topicErrorCode: 0,
          topic: "orders",
          partitionMetadata: [{ partitionId: 1, leader: 2, replicas: [2], isr: [2] }],
        },
      ],
    });
  });

  it("JoinGroup v5", async () => {
    const metadata = Buffer.from("opaque");
    const answer = await readByKafkajs(Api.JoinGroup, "joinGroup", 5, {
      generationId: 4,
      protocolName: "range",
      leader: "m-1",
      memberId: "m-1",
      members: [{ memberId: "m-1", groupInstanceId: "static-1", metadata }],
    });
    expect(answer).toMatchObject({
      generationId: 4,
      groupProtocol: "range",
      leaderId: "m-1",
      memberId: "m-1",
      members: [{ memberId: "m-1", groupInstanceId: "static-1", memberMetadata: metadata }],
    });
  });
});

describe("members' own bytes mean the same to kafkajs and to us", () => {
  const { MemberMetadata, MemberAssignment } = require("kafkajs/src/consumer/assignerProtocol.js");

  it("subscription", () => {
    const userData = Buffer.from("u");
    const theirs: Buffer = MemberMetadata.encode({ version: 0, topics: ["orders"], userData });
    expect(decodeSubscription(theirs)).toMatchObject({ topics: ["orders"], userData });
    const ours = encodeSubscription(3, { topics: ["orders"], userData });
    expect(MemberMetadata.decode(ours)).toEqual({ version: 3, topics: ["orders"], userData });
  });

  it("assignment", () => {
    const userData = Buffer.from("u");
    const assignment = { orders: [0, 2], bills: [1] };
    const theirs: Buffer = MemberAssignment.encode({ version: 0, assignment, userData });
    const assignedPartitions = [
      { topic: "orders", partitions: [0, 2] },
      { topic: "bills", partitions: [1] },
    ];
    expect(decodeAssignment(theirs)).toEqual({ assignedPartitions, userData });
    expect(encodeAssignment(0, { assignedPartitions, userData })).toEqual(theirs);
  });
});
