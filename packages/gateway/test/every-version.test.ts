// Every offered API in every offered version, for one tenant while a neighbour uses the same names: answers make sense,
// and no byte sent to a tenant ever shows a prefix, the neighbour, the cell's id or a broker's real address.
import type { ApiKey, Input } from "@headgate/kafka/codec";
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from "@headgate/kafka/consumer-protocol";
import { Api, type Requests, type Responses } from "@headgate/kafka/generated/types";
import { encodeBatch } from "@headgate/kafka/records";
import { afterAll, beforeAll, describe, expect, inject, test, vi } from "vitest";
import { allowList } from "../src/allow-list.ts";
import { raw } from "./clients.ts";
import { startWorld, type Tenant, type World } from "./world.ts";

let world: World;
let ann: Tenant;
let bob: Tenant;
/** Kafka's id of topic `t`, by tenant. */
const ids = new Map<Tenant, string>();
const seen: Buffer[] = [];

beforeAll(async () => {
  world = await startWorld();
  ann = await world.tenant();
  bob = await world.tenant();
  for (const tenant of [ann, bob]) {
    const client = await connected(tenant);
    const made = await client.ask(Api.CreateTopics, 7, {
      topics: [{ name: "t", numPartitions: 1, replicationFactor: -1 }],
      timeoutMs: 10_000,
    });
    expect(made.topics[0]?.errorCode).toBe(0);
    ids.set(tenant, made.topics[0]!.topicId);
    await client.ask(Api.Produce, 9, produce(tenant, 1, `secret of ${tenant.tenant}`));
    const commit = { groupId: "g", topics: [commitOf("t")] };
    // Asking for the coordinator makes a new broker create its offsets topic; until then nobody coordinates.
    await vi.waitFor(
      async () => {
        await client.ask(Api.FindCoordinator, 4, { coordinatorKeys: ["g"] });
        const { topics } = await client.ask(Api.OffsetCommit, 9, commit);
        expect(topics[0]?.partitions[0]?.errorCode).toBe(0);
        const init = { transactionalId: null, transactionTimeoutMs: 1000 };
        expect((await client.ask(Api.InitProducerId, 4, init)).errorCode).toBe(0);
      },
      { timeout: 20_000, interval: 200 },
    );
    client.socket.destroy();
  }
});

afterAll(async () => {
  await world.close();
});

async function connected(tenant: Tenant) {
  const client = await raw(world.gateway.port);
  await client.logIn(tenant.key);
  return client;
}

const batch = (text: string) =>
  encodeBatch([{ value: Buffer.from(text), timestampMs: 1_700_000_000_000 }]);
const produce = (tenant: Tenant, acks: number, text: string): Input<Requests[0]> => ({
  acks,
  timeoutMs: 5000,
  topicData: [
    {
      name: "t",
      topicId: ids.get(tenant)!,
      partitionData: [{ index: 0, records: batch(text) }],
    },
  ],
});
const commitOf = (name: string) => ({
  name,
  partitions: [{ partitionIndex: 0, committedOffset: 1n, committedMetadata: "m" }],
});

/** Asks one API in each of its versions; what came back is kept for the last test. */
async function everyVersion<K extends ApiKey>(
  apiKey: K,
  value: (version: number) => Input<Requests[K]>,
  check: (answer: Responses[K], version: number) => void,
): Promise<void> {
  const rule = allowList.find((r) => r.apiKey === apiKey)!;
  const client = await connected(ann);
  for (let version = rule.min; version <= rule.max; version++)
    check(await client.ask(apiKey, version, value(version)), version);
  seen.push(...client.received);
  client.socket.destroy();
}

describe("each version answers about the tenant's own names", () => {
  test("Produce and Fetch", async () => {
    await everyVersion(
      Api.Produce,
      () => produce(ann, 1, "x"),
      (answer, version) => {
        const [topic] = answer.responses;
        expect(topic?.partitionResponses[0]?.errorCode).toBe(0);
        expect(version >= 13 ? topic?.topicId : topic?.name).toBe(
          version >= 13 ? ids.get(ann) : "t",
        );
      },
    );
    const partition = { partition: 0, fetchOffset: 0n, partitionMaxBytes: 1_000_000 };
    await everyVersion(
      Api.Fetch,
      () => ({
        maxWaitMs: 10,
        minBytes: 1,
        maxBytes: 1_000_000,
        sessionEpoch: 0,
        topics: [{ topic: "t", topicId: ids.get(ann)!, partitions: [partition] }],
      }),
      (answer) => {
        expect(answer.errorCode).toBe(0);
        expect(answer.sessionId).toBe(0);
        const [fetched] = answer.responses[0]!.partitions;
        expect(fetched?.errorCode).toBe(0);
        expect(fetched?.records?.toString("latin1")).toContain(`secret of ${ann.tenant}`);
      },
    );
  });

  test("Metadata by name and for all", async () => {
    const check = (answer: Responses[3], version: number) => {
      expect(answer.topics.map((t) => t.name)).toEqual(["t"]);
      expect(answer.topics[0]?.errorCode).toBe(0);
      if (version >= 2) expect(answer.clusterId).toBe(ann.cluster);
      if (version >= 10) expect(answer.topics[0]?.topicId).toBe(ids.get(ann));
      for (const { nodeId, host, port } of answer.brokers)
        expect({ host, port }).toEqual({
          host: "127.0.0.1",
          port: world.gateway.port + 1 + nodeId,
        });
    };
    await everyVersion(Api.Metadata, () => ({ topics: [{ name: "t" }] }), check);
    await everyVersion(Api.Metadata, (v) => ({ topics: v === 0 ? [] : null }), check);
  });

  test("ListOffsets, OffsetForLeaderEpoch, InitProducerId", async () => {
    await everyVersion(
      Api.ListOffsets,
      () => ({
        replicaId: -1,
        topics: [{ name: "t", partitions: [{ partitionIndex: 0, timestamp: -1n }] }],
      }),
      ({ topics: [topic] }) => {
        expect(topic?.name).toBe("t");
        expect(topic?.partitions[0]).toMatchObject({ errorCode: 0 });
        expect(topic?.partitions[0]?.offset).toBeGreaterThan(0n);
      },
    );
    await everyVersion(
      Api.OffsetForLeaderEpoch,
      () => ({
        topics: [{ topic: "t", partitions: [{ partition: 0, leaderEpoch: 0 }] }],
      }),
      ({ topics: [topic] }) => {
        expect(topic?.topic).toBe("t");
        expect(topic?.partitions[0]?.errorCode).toBe(0);
      },
    );
    await everyVersion(
      Api.InitProducerId,
      () => ({ transactionalId: null, transactionTimeoutMs: 1000 }),
      (answer) => expect(answer.errorCode).toBe(0),
    );
  });

  test("offsets of groups", async () => {
    await everyVersion(
      Api.OffsetCommit,
      () => ({ groupId: "g", topics: [commitOf("t")] }),
      ({ topics: [topic] }) => {
        expect(topic).toMatchObject({ name: "t", partitions: [{ errorCode: 0 }] });
      },
    );
    const topics = [{ name: "t", partitionIndexes: [0] }];
    const check = (answer: Responses[9], version: number) => {
      const found = version >= 8 ? answer.groups[0]?.topics : answer.topics;
      expect(found?.map((t) => t.name)).toEqual(["t"]);
      expect(found?.[0]?.partitions[0]?.committedOffset).toBe(1n);
      if (version >= 8) expect(answer.groups[0]?.groupId).toBe("g");
    };
    await everyVersion(
      Api.OffsetFetch,
      () => ({ groupId: "g", topics, groups: [{ groupId: "g", topics }] }),
      check,
    );
    await everyVersion(
      Api.OffsetFetch,
      (version) => {
        const all = version < 2 ? topics : null;
        return { groupId: "g", topics: all, groups: [{ groupId: "g", topics: null }] };
      },
      check,
    );
  });

  test("coordinators, lists and descriptions of groups", async () => {
    await everyVersion(
      Api.FindCoordinator,
      () => ({ key: "g", coordinatorKeys: ["g"] }),
      (answer, version) => {
        const found = version >= 4 ? answer.coordinators[0]! : answer;
        if (version >= 4) expect(answer.coordinators[0]?.key).toBe("g");
        expect(found).toMatchObject({ errorCode: 0, host: "127.0.0.1" });
        expect(found.port).toBe(world.gateway.port + 1 + found.nodeId);
      },
    );
    await everyVersion(
      Api.ListGroups,
      () => ({}),
      (answer) => expect(answer.groups.map((g) => g.groupId)).toEqual(["g"]),
    );
    await everyVersion(
      Api.DescribeGroups,
      () => ({ groups: ["g", "none"] }),
      (answer) => expect(answer.groups.map((g) => g.groupId)).toEqual(["g", "none"]),
    );
    await everyVersion(
      Api.DeleteGroups,
      () => ({ groupsNames: ["none"] }),
      (answer) => expect(answer.results).toEqual([{ groupId: "none", errorCode: 69 }]),
    );
  });

  test("configs and the cluster's description", async () => {
    await everyVersion(
      Api.DescribeConfigs,
      () => ({
        resources: [
          { resourceType: 2, resourceName: "t", configurationKeys: ["retention.ms"] },
          { resourceType: 4, resourceName: "1", configurationKeys: null },
          { resourceType: 4, resourceName: "", configurationKeys: null },
        ],
      }),
      ({ results }) => {
        expect(results.map((r) => [r.resourceType, r.resourceName, r.errorCode])).toEqual([
          [2, "t", 0],
          [4, "1", 0],
          [4, "", 31],
        ]);
        const broker = results[1]!.configs.map((c) => c.name);
        expect(broker).toContain("auto.create.topics.enable");
      },
    );
    await everyVersion(
      Api.DescribeCluster,
      () => ({}),
      (answer) => {
        expect(answer.clusterId).toBe(ann.cluster);
        expect(answer.brokers.map((b) => b.host)).toEqual(["127.0.0.1"]);
      },
    );
  });

  test("a member's life, in each version of JoinGroup and SyncGroup", async () => {
    const client = await connected(ann);
    for (let version = 0; version <= 9; version++) {
      const sync = Math.min(version, 5);
      const base: Input<Requests[11]> = {
        groupId: `life-${version}`,
        sessionTimeoutMs: 10_000,
        rebalanceTimeoutMs: 10_000,
        protocolType: "consumer",
        protocols: [{ name: "range", metadata: encodeSubscription(1, { topics: ["t"] }) }],
      };
      let joined = await client.ask(Api.JoinGroup, version, base);
      // MEMBER_ID_REQUIRED: the broker gave an id to come back with.
      if (joined.errorCode === 79)
        joined = await client.ask(Api.JoinGroup, version, { ...base, memberId: joined.memberId });
      expect(joined.errorCode).toBe(0);
      expect(decodeSubscription(joined.members[0]!.metadata).topics).toEqual(["t"]);
      const { memberId, generationId } = joined;
      const given = encodeAssignment(1, { assignedPartitions: [{ topic: "t", partitions: [0] }] });
      const synced = await client.ask(Api.SyncGroup, sync, {
        groupId: base.groupId,
        generationId,
        memberId,
        protocolType: "consumer",
        protocolName: "range",
        assignments: [{ memberId, assignment: given }],
      });
      expect(synced.errorCode).toBe(0);
      const { assignedPartitions } = decodeAssignment(synced.assignment);
      expect(assignedPartitions).toEqual([{ topic: "t", partitions: [0] }]);
      const physical = `${ann.prefix}life-${version}`;
      const [onBroker] = await world.admin.describeGroups([physical]);
      expect(decodeSubscription(onBroker!.members[0]!.memberMetadata).topics).toEqual([
        `${ann.prefix}t`,
      ]);
      const described = await client.ask(Api.DescribeGroups, Math.min(version, 6), {
        groups: [`life-${version}`],
      });
      const member = described.groups[0]!.members[0]!;
      expect(decodeSubscription(member.memberMetadata).topics).toEqual(["t"]);
      expect(decodeAssignment(member.memberAssignment).assignedPartitions[0]?.topic).toBe("t");
      expect(member.clientHost).toBe("");
      const beat = { groupId: base.groupId, generationId, memberId };
      const heart = await client.ask(Api.Heartbeat, Math.min(version, 4), beat);
      expect(heart.errorCode).toBe(0);
      const left = await client.ask(Api.LeaveGroup, sync, {
        groupId: base.groupId,
        memberId,
        members: [{ memberId }],
      });
      expect(left.errorCode).toBe(0);
      await client.ask(Api.DeleteGroups, 2, { groupsNames: [`life-${version}`] });
    }
    seen.push(...client.received);
    client.socket.destroy();
  });

  test("topic writes", async () => {
    await everyVersion(
      Api.CreateTopics,
      (version) => ({
        topics: [
          { name: `c${version}`, numPartitions: 1, replicationFactor: 1 },
          { name: "bad name", numPartitions: 1, replicationFactor: 1 },
          { name: "none", numPartitions: 0, replicationFactor: 1 },
          { name: "t", numPartitions: -1, replicationFactor: -1 },
        ],
        timeoutMs: 10_000,
      }),
      ({ topics }) => expect(topics.map((t) => t.errorCode)).toEqual([0, 17, 37, 36]),
    );
    await everyVersion(
      Api.CreatePartitions,
      (version) => ({
        topics: [
          { name: "c7", count: 2 + version, assignments: null },
          { name: "absent", count: 2, assignments: null },
        ],
        timeoutMs: 10_000,
      }),
      ({ results }) => expect(results.map((r) => r.errorCode)).toEqual([0, 3]),
    );
    const retention = { name: "retention.ms", configOperation: 0, value: "60000" };
    const resources = [
      { resourceType: 2, resourceName: "c7", configs: [retention] },
      { resourceType: 2, resourceName: "t", configs: [{ ...retention, name: "nonsense" }] },
      { resourceType: 4, resourceName: "1", configs: [retention] },
    ];
    await everyVersion(
      Api.IncrementalAlterConfigs,
      () => ({ resources }),
      ({ responses }) => expect(responses.map((r) => r.errorCode)).toEqual([0, 40, 31]),
    );
    await everyVersion(
      Api.DeleteTopics,
      (version) => ({
        topicNames: [`c${version + 1}`],
        topics: [{ name: `c${version + 1}` }, { name: null, topicId: ids.get(bob)! }],
        timeoutMs: 10_000,
      }),
      ({ responses }, version) =>
        expect(responses.map((r) => r.errorCode)).toEqual(version >= 6 ? [0, 100] : [0]),
    );
  });

  test("no byte of any answer shows the cell or the neighbour", () => {
    const all = Buffer.concat(seen);
    expect(all.length).toBeGreaterThan(10_000);
    const kafka = inject("kafka");
    const address = Buffer.alloc(4);
    address.writeInt32BE(kafka.port);
    const forbidden = [
      ann.prefix,
      bob.prefix,
      bob.tenant,
      bob.cluster,
      kafka.clusterId,
      kafka.bootstrap,
      Buffer.concat([Buffer.from(kafka.host), address]),
      Buffer.from(ids.get(bob)!, "base64url"),
    ];
    // Deleting by id is told by the id that was asked for; it is the one place where the client's own bytes come back.
    const echoed = all.indexOf(Buffer.from(ids.get(bob)!, "base64url"));
    for (const text of forbidden.slice(0, -1)) expect(all.includes(text)).toBe(false);
    expect(echoed).toBeGreaterThan(0);
  });
});
