// The admin client and connection against a real Apache Kafka.

import { createSign, randomBytes } from "node:crypto";
import { connect as connectTcp, createServer, type Socket } from "node:net";
import { afterAll, describe, expect, inject, it, vi } from "vitest";
import { type KafkaAdmin, kafkaAdmin } from "../src/admin.ts";
import { type ConnectionOptions, connect } from "../src/connection.ts";
import { ErrorCode } from "../src/errors.ts";
import { Api } from "../src/generated/types.ts";
import type { Sasl } from "../src/login.ts";
import { deliveredRecords } from "../src/record-batch.ts";
import { decodeRecords, encodeBatch } from "../src/records.ts";

const kafka = inject("kafka");
const sasl: Sasl = {
  mechanism: "PLAIN",
  username: kafka.adminUsername,
  password: kafka.adminPassword,
};
const address: ConnectionOptions = { host: kafka.host, port: kafka.port, sasl };
const admin = kafkaAdmin({ bootstrap: kafka.bootstrap, sasl });
const unique = (name: string) => `${name}-${randomBytes(4).toString("hex")}`;

afterAll(() => admin.close());

/** The first value that holds; a failure shows the last one. */
function until<T>(read: () => Promise<T>, holds: (value: T) => boolean): Promise<T> {
  const look = async () => {
    const value = await read();
    expect(value).toSatisfy(holds);
    return value;
  };
  return vi.waitFor(look, { timeout: 15_000, interval: 20 });
}

async function newTopic(partitions: number, configs: Record<string, string> = {}) {
  const name = unique("kafka-admin");
  const [created] = await admin.createTopics([{ name, partitions, replicationFactor: 1, configs }]);
  expect(created?.error).toBeUndefined();
  await until(
    () => admin.metadata({ names: [name] }),
    ([t]) => t?.partitions.length === partitions && t.partitions.every((p) => p.leaderId >= 0),
  );
  return { name, topicId: created?.topicId ?? "" };
}

async function produce(topic: string, values: string[]) {
  const connection = await connect(address);
  const records = encodeBatch(
    values.map((value) => ({ value: Buffer.from(value), timestampMs: 1_700_000_000_000 })),
  );
  const answer = await connection.request(
    Api.Produce,
    {
      acks: -1,
      timeoutMs: 10_000,
      topicData: [{ name: topic, partitionData: [{ index: 0, records }] }],
    },
    { version: 9 },
  );
  connection.close();
  return answer.responses[0]?.partitionResponses[0];
}

describe("connection", () => {
  it("tells a wrong password as a KafkaError", async () => {
    const wrong = { ...address, sasl: { ...sasl, password: "wrong" } as Sasl };
    await expect(connect(wrong)).rejects.toMatchObject({
      errorName: "SASL_AUTHENTICATION_FAILED",
    });
  });

  it("tells an unreachable broker as a ConnectionError with the address", async () => {
    await expect(connect({ ...address, port: 1 })).rejects.toThrow(/127\.0\.0\.1:1/);
  });

  it("logs in with a minted token", async () => {
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const now = Math.floor(Date.now() / 1000);
    const { kid, issuer: iss, audience: aud } = kafka;
    const claims = { iss, aud, sub: "alice", scope: "kafka", iat: now, exp: now + 300 };
    const unsigned = `${encode({ alg: "RS256", kid })}.${encode(claims)}`;
    const signature = createSign("RSA-SHA256").update(unsigned).sign(kafka.signingKeyPem);
    const token = () => `${unsigned}.${signature.toString("base64url")}`;
    const connection = await connect({ ...address, sasl: { mechanism: "OAUTHBEARER", token } });
    expect(connection.isOpen).toBe(true);
    expect((await connection.request(Api.Metadata, { topics: [] })).brokers).toHaveLength(1);
    connection.close();
    const refused = { mechanism: "OAUTHBEARER" as const, token: () => `${unsigned}.AAAA` };
    await expect(connect({ ...address, sasl: refused })).rejects.toMatchObject({
      errorName: "SASL_AUTHENTICATION_FAILED",
    });
  });

  it("gives away a socket that is logged in", async () => {
    const connection = await connect(address);
    const socket = connection.detach();
    expect(connection.isOpen).toBe(false);
    expect(socket.listenerCount("data")).toBe(0);
    socket.destroy();
  });
});

describe("topics", () => {
  it("are created, described by name and id, enlarged and deleted", async () => {
    const { name, topicId } = await newTopic(2);
    const [byId] = await admin.metadata({ ids: [topicId] });
    expect(byId).toMatchObject({ name, topicId, error: undefined });
    expect((await admin.metadata("all")).map((t) => t.name)).toContain(name);
    expect(await admin.createPartitions([{ name, count: 3 }])).toEqual([
      { name, error: undefined },
    ]);
    const [grown] = await until(
      () => admin.metadata({ names: [name] }),
      ([t]) => t?.partitions.length === 3,
    );
    expect(grown?.partitions.map((p) => p.partition)).toEqual([0, 1, 2]);
    const [deleted] = await admin.deleteTopics({ ids: [topicId] });
    expect(deleted?.error).toBeUndefined();
    const [gone] = await until(
      () => admin.metadata({ names: [name] }),
      ([t]) => t?.error !== undefined,
    );
    expect(gone?.error?.errorName).toBe("UNKNOWN_TOPIC_OR_PARTITION");
  });

  it("report what is wrong with each topic, and leave the others alone", async () => {
    const { name } = await newTopic(1);
    const other = unique("kafka-admin");
    const results = await admin.createTopics(
      [
        { name, partitions: 1, replicationFactor: 1 },
        { name: other, partitions: 1, replicationFactor: 1 },
        { name: "not/legal", partitions: 1, replicationFactor: 1 },
      ],
      { validateOnly: true },
    );
    const byName = new Map(results.map((r) => [r.name, r.error?.code]));
    expect(byName.get(name)).toBe(ErrorCode.TOPIC_ALREADY_EXISTS);
    expect(byName.get(other)).toBeUndefined();
    expect(byName.get("not/legal")).toBe(ErrorCode.INVALID_TOPIC_EXCEPTION);
  });

  it("have configs that are read and changed one by one", async () => {
    const { name } = await newTopic(1, { "retention.ms": "1000" });
    const resource = { type: "topic" as const, name };
    const changed = await admin.incrementalAlterConfigs([
      { ...resource, ops: [{ key: "max.message.bytes", op: "set", value: "2000" }] },
    ]);
    expect(changed).toEqual([{ ...resource, error: undefined }]);
    const keys = ["retention.ms", "max.message.bytes", "segment.ms"];
    const [described] = await until(
      () => admin.describeConfigs([resource], keys),
      ([d]) => d?.entries.get("max.message.bytes")?.value === "2000",
    );
    expect(described?.entries.get("retention.ms")).toMatchObject({ value: "1000", isOwn: true });
    expect(described?.entries.get("max.message.bytes")).toMatchObject({ value: "2000" });
    expect(described?.entries.get("segment.ms")).toMatchObject({ isOwn: false });
    const [refused] = await admin.incrementalAlterConfigs([
      { ...resource, ops: [{ key: "no.such.key", op: "set", value: "1" }] },
    ]);
    expect(refused?.error?.errorName).toBe("INVALID_CONFIG");
  });

  it("of a broker are asked at that broker", async () => {
    const [broker] = await admin.brokers();
    const resource = { type: "broker" as const, name: String(broker?.id) };
    const [described] = await admin.describeConfigs([resource], ["log.dirs"]);
    expect(described?.entries.get("log.dirs")?.value).toBeTruthy();
  });
});

describe("offsets", () => {
  it("answer watermarks per partition, and an error for one that is not there", async () => {
    const { name: topic } = await newTopic(2);
    expect(await produce(topic, ["a", "b", "c"])).toMatchObject({ errorCode: 0, baseOffset: 0n });
    const answers = await admin.listOffsets([
      { topic, partition: 0, at: "latest" },
      { topic, partition: 0, at: "earliest" },
      { topic, partition: 1, at: "latest" },
      { topic, partition: 0, at: 1_700_000_000_000 },
      { topic, partition: 9, at: "latest" },
    ]);
    expect(answers.map((a) => a.offset)).toEqual([3n, 0n, 0n, 0n, -1n]);
    expect(answers[4]?.error?.errorName).toBe("UNKNOWN_TOPIC_OR_PARTITION");
  });

  it("of fetched batches are counted and decoded as they were produced", async () => {
    const { name: topic, topicId } = await newTopic(1);
    await produce(topic, ["a", "b", "c"]);
    await produce(topic, ["d"]);
    const connection = await connect(address);
    const answer = await connection.request(Api.Fetch, {
      maxWaitMs: 1000,
      minBytes: 1,
      topics: [
        { topicId, partitions: [{ partition: 0, fetchOffset: 1n, partitionMaxBytes: 1_000_000 }] },
      ],
    });
    connection.close();
    const records = answer.responses[0]?.partitions[0]?.records ?? Buffer.alloc(0);
    expect(deliveredRecords(records, 0, records.length, 1).records).toBe(3);
    const texts = decodeRecords(records).map((r) => [r.offset, r.value?.toString()]);
    expect(texts).toEqual([
      [0, "a"],
      [1, "b"],
      [2, "c"],
      [3, "d"],
    ]);
  });
});

describe("groups", () => {
  it("keep offsets that are set, are listed and described, and can be deleted", async () => {
    const { name: topic } = await newTopic(1);
    const group = unique("group");
    expect(await admin.offsetCommit(group, [{ topic, partition: 0, offset: 7n }])).toEqual([
      { topic, partition: 0, error: undefined },
    ]);
    expect(await admin.offsetFetch(group)).toMatchObject([{ topic, partition: 0, offset: 7n }]);
    const [partial] = await admin.offsetFetch(group, [{ topic, partitions: [0] }]);
    expect(partial?.offset).toBe(7n);
    expect((await admin.listGroups()).map((g) => g.groupId)).toContain(group);
    expect(await admin.describeGroups([group])).toMatchObject([
      { groupId: group, groupState: "Empty" },
    ]);
    expect(await admin.deleteGroups([group])).toEqual([{ groupId: group, error: undefined }]);
    const [again] = await admin.deleteGroups([group]);
    expect(again?.error?.errorName).toBe("GROUP_ID_NOT_FOUND");
  });
});

describe("principals", () => {
  it("get ACLs, which are found again and deleted", async () => {
    const principal = `User:${unique("p")}`;
    const acl = {
      resourceType: "TOPIC",
      resourceName: "c123456789.",
      patternType: "PREFIXED",
      principal,
      host: "*",
      operation: "READ",
      permission: "ALLOW",
    } as const;
    expect(await admin.createAcls([acl])).toEqual([{ error: undefined }]);
    const found = await until(
      () => admin.describeAcls({ principal }),
      (acls) => acls.length > 0,
    );
    expect(found).toEqual([acl]);
    expect(await admin.deleteAcls([{ principal }])).toEqual([{ error: undefined, deleted: [acl] }]);
  });

  it("get SCRAM credentials, quotas and producer ids", async () => {
    const user = unique("u");
    const change = { user, mechanism: "SCRAM-SHA-512" as const, password: "secret" };
    expect(await admin.alterUserScramCredentials([change])).toEqual([{ user, error: undefined }]);
    const quota = { entity: { user }, quotas: { producer_byte_rate: 1000 } };
    expect(await admin.alterClientQuotas([quota])).toEqual([
      { entity: { user }, error: undefined },
    ]);
    const { producerId, producerEpoch } = await admin.initProducerId();
    expect(producerId).toBeGreaterThanOrEqual(0n);
    expect(producerEpoch).toBe(0);
    const transactionalId = unique("txn");
    // Each initialisation fences the one before, also one that had to be repeated while the coordinator loaded.
    const first = await admin.initProducerId(transactionalId);
    const second = await admin.initProducerId(transactionalId);
    expect(second.producerId).toBe(first.producerId);
    expect(second.producerEpoch).toBeGreaterThan(first.producerEpoch);
    const { name } = await newTopic(1);
    expect(await admin.describeProducers(kafka.nodeId, name, 0)).toEqual([]);
  });
});

describe("a broken connection", () => {
  it("is replaced, and a read that was under way is repeated", async () => {
    const sockets = new Set<Socket>();
    const proxy = createServer((client) => {
      const upstream = connectTcp(kafka.port, kafka.host);
      for (const socket of [client, upstream]) {
        sockets.add(socket);
        socket.on("error", () => undefined);
      }
      client.pipe(upstream);
      upstream.pipe(client);
    });
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    const { port } = proxy.address() as { port: number };
    const own: KafkaAdmin = kafkaAdmin({ bootstrap: `127.0.0.1:${port}`, sasl });
    await own.metadata({ names: [] });
    const asked = own.metadata({ names: [] });
    for (const socket of sockets) socket.destroy();
    await expect(asked).resolves.toEqual([]);
    await expect(own.describeCluster()).resolves.toMatchObject({ clusterId: kafka.clusterId });
    own.close();
    proxy.close();
    for (const socket of sockets) socket.destroy();
  });
});
