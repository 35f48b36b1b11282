// What a client gets to see of a broker's answer, and what is counted from it.
import { type ApiKey, decodeResponse, encodeResponse, type Input } from "@headgate/kafka/codec";
import { ErrorCode } from "@headgate/kafka/errors";
import { Api, type Responses } from "@headgate/kafka/generated/types";
import { encodeBatch } from "@headgate/kafka/records";
import { rewrite } from "@headgate/kafka/walker";
import { beforeEach, describe, expect, test } from "vitest";
import { prefix, testSession } from "../test/session.ts";
import { routeFor } from "./allow-list.ts";
import { fetchedFrom, noteProduced, producedBatches } from "./filters/50-count.ts";
import { advertised } from "./filters/60-advertise.ts";
import { ResponseWalk } from "./response-walk.ts";
import type { Session } from "./session.ts";
import { Slot } from "./slots.ts";

const foreign = "c876543210.";
let session: Session;

beforeEach(() => {
  session = testSession();
});

const walk = new ResponseWalk(advertised("gate.example", 9000, 4));

function receive<K extends ApiKey>(
  apiKey: K,
  version: number,
  value: Input<Responses[K]>,
  slot = new Slot(routeFor(apiKey, version)!, 1, true),
) {
  const body = encodeResponse(apiKey, version, value);
  const visitor = walk.begin(session, slot);
  const slices = rewrite(slot.route.responsePlan, body, 0, body.length, visitor);
  return { slot, client: decodeResponse(apiKey, version, Buffer.concat(slices)) };
}

const totals = () => session.usage.turn(1)[0]?.totals;

describe("addresses and ids", () => {
  test("brokers are our ports, the cluster is the tenant's", () => {
    const brokers = [0, 3, 9].map((nodeId) => ({
      nodeId,
      host: "10.0.0.1",
      port: 19092,
      rack: "eu-1a",
    }));
    const { client } = receive(Api.Metadata, 9, { brokers, clusterId: "cell", controllerId: 3 });
    // Node 9 has no port of its own: the bootstrap leads to it.
    expect(client.brokers.map((b) => [b.nodeId, b.host, b.port, b.rack])).toEqual([
      [0, "gate.example", 9001, ""],
      [3, "gate.example", 9004, ""],
      [9, "gate.example", 9000, ""],
    ]);
    expect(client.clusterId).toBe(session.binding.cluster);
  });

  test.each([
    [Api.Produce, 10],
    [Api.Produce, 12],
    [Api.Fetch, 16],
    [Api.Fetch, 17],
  ] as const)("new leaders in API %i version %i are addresses too", (apiKey, version) => {
    const nodeEndpoints = [{ nodeId: 1, host: "10.0.0.1", port: 19092, rack: "eu-1a" }];
    const { client } = receive(apiKey, version, { nodeEndpoints } as Input<Responses[0]>);
    expect(client.nodeEndpoints).toEqual([
      { nodeId: 1, host: "gate.example", port: 9002, rack: "" },
    ]);
  });

  test("a coordinator that is not there stays not there", () => {
    const answer = { errorCode: 15, errorMessage: null, nodeId: -1, host: "", port: -1 };
    const { client } = receive(Api.FindCoordinator, 3, answer);
    expect(client).toMatchObject({ nodeId: -1, host: "", port: -1 });
  });
});

describe("a neighbour's names, should a broker ever tell them", () => {
  test("are dropped from lists", () => {
    const groups = [`${prefix}a`, `${foreign}b`, "c", `${prefix}d`].map((groupId) => ({ groupId }));
    const { client } = receive(Api.ListGroups, 4, { groups });
    expect(client.groups.map((g) => g.groupId)).toEqual(["a", "d"]);
    const topics = [`${foreign}b`, `${prefix}a`, "__consumer_offsets"].map((name) => ({ name }));
    const metadata = receive(Api.Metadata, 12, { topics }).client;
    expect(metadata.topics.map((t) => t.name)).toEqual(["a"]);
  });

  test("are not told by text", () => {
    const text = (errorMessage: string) =>
      receive(Api.DescribeConfigs, 4, {
        results: [{ errorMessage, resourceType: 2, resourceName: `${prefix}t` }],
      }).client.results[0]?.errorMessage;
    expect(text(`Topic ${prefix}t is odd`)).toBe("Topic t is odd");
    expect(text(`Topics ${prefix}t and ${foreign}u`)).toBe("");
    expect(text("Principal User:cl_zzzzzzzzzzzzzzzz")).toBe("");
    expect(text("plain words")).toBe("plain words");
  });

  test("names outside the grants are filtered like a broker does", () => {
    session = testSession([
      { operation: "consume", resource: "topic", pattern: "literal", name: "a" },
    ]);
    const topics = [`${prefix}b`, `${prefix}a`].map((name) => ({ name }));
    const { client } = receive(Api.Metadata, 9, { topics });
    expect(client.topics.map((t) => t.name)).toEqual(["a"]);
  });
});

describe("topic ids", () => {
  const idOf = (byte: number) => Buffer.alloc(16, byte).toString("base64url");
  const bytesOf = (byte: number) => Buffer.alloc(16, byte).toString("latin1");
  const known = (byte: number) => session.cluster.topicById(bytesOf(byte))?.name;

  test("are learned from metadata of one's own names, and of nothing else", () => {
    receive(Api.Metadata, 12, {
      topics: [
        { name: `${prefix}a`, topicId: idOf(1) },
        { name: `${foreign}b`, topicId: idOf(2) },
        { name: null, topicId: idOf(3), errorCode: ErrorCode.UNKNOWN_TOPIC_ID },
        { name: `${prefix}c`, topicId: idOf(4) },
      ],
    });
    expect([1, 2, 3, 4].map(known)).toEqual(["a", undefined, undefined, "c"]);
  });

  test("that are gone by now come back with their error; others without a name are a neighbour's", () => {
    const { client } = receive(Api.Metadata, 12, {
      topics: [
        { name: null, topicId: idOf(1), errorCode: ErrorCode.UNKNOWN_TOPIC_ID },
        { name: null, topicId: idOf(2) },
      ],
    });
    expect(client.topics.map((topic) => topic.topicId)).toEqual([idOf(1)]);
  });

  test("nobody asked for are dropped with all that is in them; forgotten ones that were asked for are not", () => {
    session.cluster.learn("t", bytesOf(1));
    const slot = new Slot(routeFor(Api.Fetch, 13)!, 1, true);
    slot.fetched = fetchedFrom();
    slot.fetched.asked.add(session.cluster.topic("t"), 0);
    slot.fetched.offsets.push(0);
    session.cluster.forget("t");
    const records = encodeBatch([{ value: Buffer.from("x"), timestampMs: 1 }]);
    const partitions = [{ partitionIndex: 0, abortedTransactions: null, records }];
    const answer = { responses: [1, 2].map((byte) => ({ topicId: idOf(byte), partitions })) };
    const { client } = receive(Api.Fetch, 13, answer, slot);
    expect(client.responses.map((topic) => topic.topicId)).toEqual([idOf(1)]);
    slot.delivery?.count(session.who);
    expect(totals()?.recordsOut).toBe(1);
  });
});

test("operations on the cluster are not those on the last topic", () => {
  const { client } = receive(Api.Metadata, 9, {
    topics: [{ name: `${prefix}t`, topicAuthorizedOperations: 1 }],
    clusterAuthorizedOperations: 0,
  });
  expect(client.topics[0]?.topicAuthorizedOperations).toBeGreaterThan(1);
  expect(client.clusterAuthorizedOperations).toBe(0);
});

test.each([
  ErrorCode.TOPIC_AUTHORIZATION_FAILED,
  ErrorCode.GROUP_AUTHORIZATION_FAILED,
  ErrorCode.CLUSTER_AUTHORIZATION_FAILED,
  ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
  ErrorCode.SASL_AUTHENTICATION_FAILED,
])("error %i of the second wall is seen, whichever field holds it", (code) => {
  receive(Api.Heartbeat, 4, { errorCode: code });
  expect(walk.wallError).toBe(code);
  receive(Api.Produce, 9, {
    responses: [{ name: `${prefix}t`, partitionResponses: [{ index: 0, errorCode: code }] }],
  });
  expect(walk.wallError).toBe(code);
});

describe("records written", () => {
  const batch = (producerId: bigint, count: number) =>
    encodeBatch(
      Array.from({ length: count }, () => ({ value: Buffer.from("x"), timestampMs: 1 })),
      { producerId, producerEpoch: 0, baseSequence: 0 },
    );
  const acknowledged = (
    parts: { partition: number; errorCode?: number; baseOffset: bigint; bytes: Buffer }[],
  ) => {
    const slot = new Slot(routeFor(Api.Produce, 9)!, 1, true);
    slot.produced = producedBatches();
    const topic = session.cluster.topic("t");
    for (const { partition, bytes } of parts)
      noteProduced(slot.produced, topic, partition, bytes, 0, bytes.length, 1000);
    // A broker may answer in another order than asked.
    const partitionResponses = parts
      .toReversed()
      .map(({ partition, errorCode = 0, baseOffset }) => ({
        index: partition,
        errorCode,
        baseOffset,
      }));
    receive(Api.Produce, 9, { responses: [{ name: `${prefix}t`, partitionResponses }] }, slot);
  };

  test("count when the broker accepted them, partition by partition", () => {
    acknowledged([
      { partition: 0, baseOffset: 10n, bytes: batch(-1n, 3) },
      { partition: 1, baseOffset: -1n, errorCode: 6, bytes: batch(-1n, 100) },
      { partition: 2, baseOffset: 0n, bytes: batch(-1n, 5) },
    ]);
    expect(totals()).toMatchObject({
      recordsIn: 8,
      bytesIn: batch(-1n, 3).length + batch(-1n, 5).length,
    });
  });

  test("an idempotent producer's repeated batch counts once, another producer's does not hide it", () => {
    const first = { partition: 0, baseOffset: 10n, bytes: batch(7n, 3) };
    acknowledged([first]);
    acknowledged([{ partition: 0, baseOffset: 13n, bytes: batch(8n, 2) }]);
    acknowledged([first]);
    acknowledged([{ partition: 0, baseOffset: 15n, bytes: batch(7n, 1) }]);
    expect(totals()?.recordsIn).toBe(6);
  });

  test("of a partition named twice are those of the last batch, which the broker took", () => {
    const slot = new Slot(routeFor(Api.Produce, 9)!, 1, true);
    slot.produced = producedBatches();
    for (const count of [1, 50]) {
      const bytes = batch(-1n, count);
      noteProduced(slot.produced, session.cluster.topic("t"), 0, bytes, 0, bytes.length, 1000);
    }
    const partitionResponses = [{ index: 0, errorCode: 0, baseOffset: 0n }];
    receive(Api.Produce, 9, { responses: [{ name: `${prefix}t`, partitionResponses }] }, slot);
    expect(totals()).toMatchObject({ recordsIn: 50, bytesIn: batch(-1n, 50).length });
  });

  test("count although the topic was learned anew, or all names were forgotten, meanwhile", () => {
    const slot = new Slot(routeFor(Api.Produce, 9)!, 1, true);
    slot.produced = producedBatches();
    const bytes = batch(-1n, 3);
    noteProduced(slot.produced, session.cluster.topic("t"), 0, bytes, 0, bytes.length, 1000);
    session.cluster.forget("t");
    const partitionResponses = [{ index: 0, errorCode: 0, baseOffset: 0n }];
    receive(Api.Produce, 9, { responses: [{ name: `${prefix}t`, partitionResponses }] }, slot);
    expect(totals()?.recordsIn).toBe(3);
  });

  test("of a topic made anew count from its first offset again", () => {
    const first = { partition: 0, baseOffset: 10n, bytes: batch(7n, 3) };
    acknowledged([first]);
    session.cluster.renew("t");
    acknowledged([{ ...first, baseOffset: 0n }]);
    expect(totals()?.recordsIn).toBe(6);
  });

  test("without idempotence a retry appends again, and counts again", () => {
    acknowledged([{ partition: 0, baseOffset: 10n, bytes: batch(-1n, 3) }]);
    acknowledged([{ partition: 0, baseOffset: 13n, bytes: batch(-1n, 3) }]);
    expect(totals()?.recordsIn).toBe(6);
  });
});

describe("records read", () => {
  const at = (baseOffset: number, count: number, flags = 0, producerId = -1n) => {
    const bytes = encodeBatch(
      Array.from({ length: count }, () => ({ value: Buffer.from("x"), timestampMs: 1 })),
      { producerId, producerEpoch: 0, baseSequence: 0, transactional: (flags & 0x10) !== 0 },
    );
    bytes.writeBigInt64BE(BigInt(baseOffset), 0);
    bytes.writeInt16BE(flags, 21);
    return bytes;
  };
  const askedFrom = (fetchOffset: number) => {
    const from = fetchedFrom();
    from.asked.add(session.cluster.topic("t"), 4);
    from.offsets.push(fetchOffset);
    return from;
  };
  const fetched = (
    fetchOffset: number,
    records: Buffer,
    aborted: { producerId: bigint; firstOffset: bigint }[] | null = null,
  ) => {
    const slot = new Slot(routeFor(Api.Fetch, 11)!, 1, true);
    slot.fetched = askedFrom(fetchOffset);
    const partitions = [{ partitionIndex: 4, abortedTransactions: aborted, records }];
    receive(Api.Fetch, 11, { responses: [{ topic: `${prefix}t`, partitions }] }, slot);
    slot.delivery?.count(session.who);
    return totals()?.recordsOut ?? 0;
  };

  test("whole batches count, a cut tail does not", () => {
    const bytes = Buffer.concat([at(0, 3), at(3, 4), at(7, 5).subarray(0, -1)]);
    expect(fetched(0, bytes)).toBe(7);
  });

  test("nothing counts before it went out", () => {
    const slot = new Slot(routeFor(Api.Fetch, 11)!, 1, true);
    slot.fetched = askedFrom(0);
    const partitions = [{ partitionIndex: 4, abortedTransactions: null, records: at(0, 3) }];
    receive(Api.Fetch, 11, { responses: [{ topic: `${prefix}t`, partitions }] }, slot);
    expect(totals()).toBeUndefined();
  });

  test("records before the fetch offset were not asked for", () => {
    expect(fetched(2, Buffer.concat([at(0, 3), at(3, 4)]))).toBe(5);
  });

  test("control batches and aborted transactions are not records", () => {
    const transactional = 0x10;
    const bytes = Buffer.concat([at(0, 3, transactional, 9n), at(3, 1, 0x30, 8n), at(4, 2)]);
    expect(fetched(0, bytes, [{ producerId: 9n, firstOffset: 0n }])).toBe(2);
  });

  test("an empty fetch counts nothing", () => {
    expect(fetched(0, Buffer.alloc(0))).toBe(0);
  });
});
