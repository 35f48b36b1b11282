// What leaves for the broker, byte for byte decoded again: names prefixed, traps closed, batches noted.
import { roleGrants } from "@headgate/core/service-account";
import { type ApiKey, decodeRequest, encodeRequest, type Input } from "@headgate/kafka/codec";
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from "@headgate/kafka/consumer-protocol";
import { ErrorCode } from "@headgate/kafka/errors";
import { Api, type Requests } from "@headgate/kafka/generated/types";
import { encodeBatch } from "@headgate/kafka/records";
import { rewrite } from "@headgate/kafka/walker";
import { WireError } from "@headgate/kafka/wire";
import { describe, expect, test } from "vitest";
import { prefix, testSession } from "../test/session.ts";
import { routeFor } from "./allow-list.ts";
import { RequestWalk } from "./request-walk.ts";
import { Slot } from "./slots.ts";

const walk = new RequestWalk(() => 8 * 1024 * 1024);

function send<K extends ApiKey>(
  apiKey: K,
  version: number,
  value: Input<Requests[K]>,
  session = testSession(),
) {
  const route = routeFor(apiKey, version)!;
  const slot = new Slot(route, 1, true);
  const body = encodeRequest(apiKey, version, value);
  const visitor = walk.begin(session, slot);
  const slices = rewrite(route.requestPlan, body, 0, body.length, visitor);
  walk.end();
  return { slot, upstream: decodeRequest(apiKey, version, Buffer.concat(slices)) };
}

const versionsOf = (apiKey: number, from = 0) =>
  Array.from({ length: 20 }, (_, v) => v).filter((v) => v >= from && routeFor(apiKey, v));

describe("fetch", () => {
  const partition = { partition: 0, fetchOffset: 5n, partitionMaxBytes: 2 ** 30 };
  const topicId = Buffer.alloc(16, 1).toString("base64url");
  test.each(versionsOf(Api.Fetch))("version %i is a consumer's, whole, and bounded", (version) => {
    const session = testSession();
    session.cluster.learn("t", Buffer.alloc(16, 1).toString("latin1"));
    const { upstream, slot } = send(
      Api.Fetch,
      version,
      {
        replicaId: 3,
        replicaState: { replicaId: 3, replicaEpoch: 1n },
        maxBytes: 2 ** 31 - 1,
        sessionId: 77,
        sessionEpoch: 0,
        topics: [{ topic: "t", topicId, partitions: [partition] }],
        forgottenTopicsData: [{ topic: "t", topicId, partitions: [1] }],
      },
      session,
    );
    // A follower would read past the high watermark; a session could be a neighbour's.
    expect(upstream.replicaId).toBe(-1);
    expect(upstream.replicaState.replicaId).toBe(-1);
    if (version >= 7) expect([upstream.sessionId, upstream.sessionEpoch]).toEqual([0, -1]);
    expect(upstream.maxBytes).toBe(8 * 1024 * 1024);
    expect(upstream.topics[0]?.partitions[0]?.partitionMaxBytes).toBe(8 * 1024 * 1024);
    if (version <= 12) expect(upstream.topics[0]?.topic).toBe(`${prefix}t`);
    if (version >= 7 && version <= 12)
      expect(upstream.forgottenTopicsData[0]?.topic).toBe(`${prefix}t`);
    expect(slot.fetched).toMatchObject({ asked: { partitions: [0] }, offsets: [5] });
  });

  test("an id that was never learned is taken out and answered as unknown", () => {
    const { upstream, slot } = send(Api.Fetch, 13, { topics: [{ topicId, partitions: [] }] });
    expect(upstream.topics).toEqual([]);
    expect([...slot.denied!]).toEqual([[`i${topicId}`, ErrorCode.UNKNOWN_TOPIC_ID]]);
  });

  test("the id of a topic that was made anew is no longer its own", () => {
    const session = testSession();
    session.cluster.learn("t", Buffer.alloc(16, 1).toString("latin1"));
    session.cluster.learn("t", Buffer.alloc(16, 2).toString("latin1"));
    const { slot } = send(Api.Fetch, 13, { topics: [{ topicId, partitions: [] }] }, session);
    expect(slot.denied?.size).toBe(1);
  });
});

describe("one request", () => {
  const partitions = (count: number) => Array.from({ length: count }, (_, partition) => partition);

  test("names no more than ten thousand partitions", () => {
    const asking = (count: number) =>
      send(Api.ListOffsets, 5, {
        topics: [
          {
            name: "t",
            partitions: partitions(count).map((partitionIndex) => ({ partitionIndex })),
          },
        ],
      });
    expect(asking(10_000).upstream.topics[0]?.partitions).toHaveLength(10_000);
    expect(() => asking(10_001)).toThrow(WireError);
  });

  test("of a fetch brings less when memory is short", () => {
    const tight = new RequestWalk(() => 64 * 1024);
    const route = routeFor(Api.Fetch, 12)!;
    const body = encodeRequest(Api.Fetch, 12, {
      maxBytes: 50_000_000,
      topics: [{ topic: "t", partitions: [{ partition: 0, partitionMaxBytes: 1_048_576 }] }],
    });
    const visitor = tight.begin(testSession(), new Slot(route, 1, true));
    const slices = rewrite(route.requestPlan, body, 0, body.length, visitor);
    const upstream = decodeRequest(Api.Fetch, 12, Buffer.concat(slices));
    expect([upstream.maxBytes, upstream.topics[0]?.partitions[0]?.partitionMaxBytes]).toEqual([
      65_536, 65_536,
    ]);
  });

  test("that names no topic (the zero id) leaves its records to nobody's count", () => {
    const session = testSession();
    const topicId = Buffer.alloc(16, 1).toString("base64url");
    session.cluster.learn("t", Buffer.alloc(16, 1).toString("latin1"));
    const records = encodeBatch([{ value: Buffer.from("x"), timestampMs: 1 }]);
    const partitionData = [{ index: 0, records }];
    const topicData = [{ topicId, partitionData }, { partitionData }];
    const { slot } = send(Api.Produce, 13, { acks: -1, topicData }, session);
    expect(slot.produced?.asked.topics.map((topic) => topic.name)).toEqual(["t"]);
  });
});

describe("produce", () => {
  const batch = (count: number) =>
    encodeBatch(Array.from({ length: count }, () => ({ value: Buffer.from("x"), timestampMs: 1 })));
  test.each(versionsOf(Api.Produce, 3).filter((v) => v <= 12))(
    "version %i: acks 0 asks for an answer, batches are noted and untouched",
    (version) => {
      const partitionData = [{ index: 2, records: batch(7) }];
      const { upstream, slot } = send(Api.Produce, version, {
        acks: 0,
        timeoutMs: 1,
        topicData: [{ name: "t", partitionData }],
      });
      expect(upstream.acks).toBe(1);
      expect(slot.swallow).toBe(true);
      expect(upstream.topicData[0]?.name).toBe(`${prefix}t`);
      expect(upstream.topicData[0]?.partitionData[0]?.records).toEqual(batch(7));
      expect(slot.produced).toMatchObject({ asked: { partitions: [2] }, records: [7] });
    },
  );

  test("a batch of more records than allowed is refused for its topic, with the error producers split on", () => {
    const large = batch(1);
    large.writeInt32BE(100_001, 57);
    const { upstream, slot } = send(Api.Produce, 9, {
      acks: 1,
      topicData: [
        { name: "big", partitionData: [{ index: 0, records: large }] },
        { name: "ok", partitionData: [{ index: 0, records: batch(1) }] },
      ],
    });
    expect(upstream.topicData.map((t) => t.name)).toEqual([`${prefix}ok`]);
    expect([...slot.denied!]).toEqual([["nbig", ErrorCode.MESSAGE_TOO_LARGE]]);
  });

  test("a transactional produce is refused as a whole", () => {
    const { slot } = send(Api.Produce, 9, { transactionalId: "tx", acks: -1, topicData: [] });
    expect(slot.refusal).toBe(ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
  });
});

describe("metadata", () => {
  const asked = { topics: [{ name: "t" }], allowAutoTopicCreation: true };
  test.each(versionsOf(Api.Metadata, 4))("version %i never creates on the broker", (version) => {
    const closed = send(Api.Metadata, version, asked);
    expect(closed.upstream.allowAutoTopicCreation).toBe(false);
    expect(closed.slot.autoCreate).toBe(false);
    const open = send(
      Api.Metadata,
      version,
      asked,
      testSession(undefined, { autoCreateTopics: true }),
    );
    expect(open.upstream.allowAutoTopicCreation).toBe(false);
    expect(open.slot.autoCreate).toBe(true);
    const reader = send(
      Api.Metadata,
      version,
      asked,
      testSession(roleGrants("viewer"), { autoCreateTopics: true }),
    );
    expect(reader.slot.autoCreate).toBe(false);
  });

  test("version 0 with nothing left to name does not become a question for all", () => {
    const { slot, upstream } = send(Api.Metadata, 0, { topics: [{ name: "t" }] }, testSession([]));
    expect(upstream.topics).toEqual([]);
    expect(slot.hideTopics).toBe(true);
  });
});

describe("what members of a group hand each other", () => {
  const subscription = encodeSubscription(3, {
    topics: ["a", "b"],
    userData: Buffer.from("mine"),
    ownedPartitions: [{ topic: "a", partitions: [0] }],
    generationId: 4,
    rackId: "r1",
  });
  const join = (protocolType: string, metadata: Buffer) =>
    send(Api.JoinGroup, 5, {
      groupId: "g",
      protocolType,
      protocols: [{ name: "range", metadata }],
    }).upstream;

  test("subscriptions carry the broker's names, because it expires offsets by them", () => {
    const { groupId, protocols } = join("consumer", subscription);
    expect(groupId).toBe(`${prefix}g`);
    expect(decodeSubscription(protocols[0]!.metadata)).toEqual({
      topics: [`${prefix}a`, `${prefix}b`],
      userData: Buffer.from("mine"),
      ownedPartitions: [{ topic: `${prefix}a`, partitions: [0] }],
      generationId: 4,
      rackId: "r1",
    });
  });

  test("other protocols and bytes that do not parse pass unchanged", () => {
    expect(join("connect", subscription).protocols[0]?.metadata).toEqual(subscription);
    const odd = Buffer.from([0, 1, 0xff]);
    expect(join("consumer", odd).protocols[0]?.metadata).toEqual(odd);
  });

  test("an older SyncGroup remembers from JoinGroup what its assignment is", () => {
    const session = testSession();
    const assignment = encodeAssignment(1, {
      assignedPartitions: [{ topic: "a", partitions: [0, 1] }],
    });
    const sync = (groupId: string) =>
      send(
        Api.SyncGroup,
        0,
        { groupId, memberId: "m", assignments: [{ memberId: "m", assignment }] },
        session,
      ).upstream.assignments[0]!.assignment;
    const joined = (groupId: string, protocolType: string) =>
      send(Api.JoinGroup, 0, { groupId, protocolType }, session);
    joined("g", "consumer");
    joined("k", "connect");
    expect(decodeAssignment(sync("g")).assignedPartitions[0]?.topic).toBe(`${prefix}a`);
    expect(sync("k")).toEqual(assignment);
  });
});

test("nobody is a replica in the other APIs either", () => {
  for (const version of versionsOf(Api.ListOffsets))
    expect(send(Api.ListOffsets, version, { replicaId: 2 }).upstream.replicaId).toBe(-1);
  for (const version of versionsOf(Api.OffsetForLeaderEpoch, 3))
    expect(send(Api.OffsetForLeaderEpoch, version, { replicaId: 2 }).upstream.replicaId).toBe(-1);
});
