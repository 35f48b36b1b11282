import { getCluster } from "@headgate/control/cluster-reads";
import { deleteCluster, putCluster } from "@headgate/control/clusters";
import { partitionsUsed } from "@headgate/control/partition-quota";
import { deleteTopic, findTopic, getTopic, patchTopic, putTopic } from "@headgate/control/topics";
import { waitGone, waitReady } from "@headgate/control/wait";
import { connect } from "@headgate/kafka/connection";
import { ErrorCode } from "@headgate/kafka/errors";
import { Api } from "@headgate/kafka/generated/types";
import { encodeBatch } from "@headgate/kafka/records";
import { clusters } from "@headgate/store/clusters";
import { allOf } from "@headgate/store/keys";
import { offsets } from "@headgate/store/offsets";
import { allShards } from "@headgate/store/resources";
import { topics } from "@headgate/store/topics";
import { afterEach, beforeEach, expect, inject, test } from "vitest";
import { type Provisioner, startProvisioner } from "../src/provisioner.ts";
import { minter } from "./mint.ts";
import { type SharedCell, sharedCell } from "./shared-cell.ts";

let shared: SharedCell;
let provisioner: Provisioner;

const start = () =>
  startProvisioner({
    control: shared.control,
    drivers: [shared.driver],
    advertised: { host: "kafka.example", port: 9092 },
    tokenSigner: { mint: minter(inject("kafka")) },
    alone: true,
  });

beforeEach(async () => {
  shared = sharedCell();
  provisioner = await start();
});

afterEach(async () => {
  await provisioner.close();
  await shared.close();
});

async function readyCluster(name = "default") {
  const { control, actor } = shared;
  const { id, generation } = await putCluster(control, actor, name, {});
  await waitReady(
    control,
    () => getCluster(control, actor, name),
    generation,
    10_000,
    `cluster:${id}`,
  );
  const stored = await clusters(control.store).get(actor.tenant, name);
  return { ...stored!.value, placement: stored!.value.placement! };
}

async function readyTopic(cluster: { id: string; name: string }, name: string, spec: unknown) {
  const { control, actor } = shared;
  const { generation } = await putTopic(control, actor, cluster.name, name, spec);
  return settled(cluster, name, generation);
}

function settled(cluster: { id: string; name: string }, name: string, generation: number) {
  const { control, actor } = shared;
  const read = () => getTopic(control, actor, cluster.name, name);
  return waitReady(control, read, generation, 10_000, `topic:${cluster.id}:${name}`);
}

/** At the broker as a gateway would be, with the cluster's own token. */
function asCluster({ id }: { id: string }) {
  const { host, port } = inject("kafka");
  const token = () => minter(inject("kafka"))(id).token;
  return connect({ host, port, sasl: { mechanism: "OAUTHBEARER", token } });
}

test("a cluster gets a place, exactly the ACLs of the second wall, an address and a price", async () => {
  const cluster = await readyCluster();
  expect(cluster.status).toMatchObject({
    phase: "Ready",
    bootstrap: "kafka.example:9092",
    costPerHourMax: "0.25",
  });
  const { prefix, principal, cell } = cluster.placement;
  expect(principal).toBe(cluster.id);
  expect(cell).toBe(provisioner.cell);
  const acls = await shared.admin.describeAcls({ principal: `User:${cluster.id}` });
  expect(acls.every((acl) => acl.resourceName === prefix && acl.permission === "ALLOW")).toBe(true);
  expect(acls.map((a) => `${a.resourceType} ${a.patternType} ${a.operation}`).sort()).toEqual([
    "GROUP PREFIXED DELETE",
    "GROUP PREFIXED DESCRIBE_CONFIGS",
    "GROUP PREFIXED READ",
    "TOPIC PREFIXED DELETE",
    "TOPIC PREFIXED DESCRIBE_CONFIGS",
    "TOPIC PREFIXED READ",
    "TOPIC PREFIXED WRITE",
    "TRANSACTIONAL_ID PREFIXED WRITE",
  ]);
  const everybody = await shared.admin.describeAcls({ principal: "User:*" });
  expect(everybody.map((acl) => `${acl.resourceType} ${acl.operation}`)).toEqual([
    "CLUSTER IDEMPOTENT_WRITE",
  ]);
});

test("a topic is made as its spec asks, and a produce right after Ready is accepted", async () => {
  const cluster = await readyCluster();
  const spec = { partitions: 6, config: { "retention.ms": "60000" } };
  const topic = await readyTopic(cluster, "orders", spec);
  expect(topic.status).toMatchObject({ phase: "Ready", partitions: 6, observedGeneration: 1 });
  const physical = `${cluster.placement.prefix}orders`;
  const [described] = await shared.admin.metadata({ names: [physical] });
  expect(described?.topicId).toBe(topic.status.topicId);
  expect(described?.partitions).toHaveLength(6);
  const [configs] = await shared.admin.describeConfigs([{ type: "topic", name: physical }]);
  expect(configs?.entries.get("retention.ms")).toMatchObject({ value: "60000", isOwn: true });

  const tenantSide = await asCluster(cluster);
  const records = encodeBatch([{ value: Buffer.from("first"), timestampMs: Date.now() }]);
  const answer = await tenantSide.request(
    Api.Produce,
    {
      transactionalId: null,
      acks: -1,
      timeoutMs: 5000,
      topicData: [{ name: physical, partitionData: [{ index: 5, records }] }],
    },
    { versionMax: 12 },
  );
  tenantSide.close();
  expect(answer.responses[0]?.partitionResponses[0]?.errorCode).toBe(0);
  const names = await offsets(shared.control.store).topicNames(shared.actor.tenant, cluster.id);
  expect(names).toEqual([
    expect.objectContaining({ topicId: topic.status.topicId, name: "orders" }),
  ]);
});

test("more partitions, settings set and settings taken back all reach the broker", async () => {
  const cluster = await readyCluster();
  await readyTopic(cluster, "t", { partitions: 1, config: { "retention.ms": "60000" } });
  const { control, actor } = shared;
  const patch = { partitions: 4, config: { "retention.ms": null, "max.message.bytes": "2097152" } };
  const { generation } = await patchTopic(control, actor, "default", "t", patch);
  const topic = await settled(cluster, "t", generation);
  expect(topic.status).toMatchObject({ phase: "Ready", partitions: 4, observedGeneration: 2 });
  const name = `${cluster.placement.prefix}t`;
  const [configs] = await shared.admin.describeConfigs([{ type: "topic", name }]);
  const own = [...configs!.entries].filter(([, entry]) => entry.isOwn).map(([key]) => key);
  expect(own.sort()).toEqual(["max.message.bytes", "min.insync.replicas"]);
});

test("a deleted topic leaves nothing but its last offsets; its partitions can be used again", async () => {
  const cluster = await readyCluster();
  const made = await readyTopic(cluster, "gone", { partitions: 3 });
  const { control, actor } = shared;
  await deleteTopic(control, actor, "default", "gone");
  const signal = `topic:${cluster.id}:gone`;
  await waitGone(control, () => findTopic(control, actor, "default", "gone"), 10_000, signal);
  const [described] = await shared.admin.metadata({ names: [`${cluster.placement.prefix}gone`] });
  expect(described?.error?.errorName).toBe("UNKNOWN_TOPIC_OR_PARTITION");
  const scope = { tenant: actor.tenant, id: cluster.id };
  await expect.poll(() => partitionsUsed(control, scope)).toBe(0);
  const last = await offsets(control.store).getLatest(
    actor.tenant,
    cluster.id,
    made.status.topicId!,
  );
  expect(last?.offsets).toEqual({ "0": "0", "1": "0", "2": "0" });
  const again = await readyTopic(cluster, "gone", { partitions: 1 });
  expect(again.status.topicId).not.toBe(made.status.topicId);
});

test("what a broker refuses for good is a Failed condition that says why", async () => {
  const cluster = await readyCluster();
  const { control, actor } = shared;
  await putTopic(control, actor, "default", "taken", { partitions: 1 });
  await settled(cluster, "taken", 1);
  // Past control's own rules, as a newer Headgate might have written it.
  await topics(control.store).updateSpec(actor.tenant, cluster.id, "taken", (now) => ({
    ...now,
    generation: 2,
    spec: { ...now.spec, config: { "cleanup.policy": "nonsense" } },
  }));
  await provisioner.close();
  provisioner = await start();
  const topic = await settled(cluster, "taken", 2);
  expect(topic.status).toMatchObject({ phase: "Failed", observedGeneration: 2 });
  expect(topic.status.conditions).toEqual([
    expect.objectContaining({ type: "Ready", status: "False", reason: "INVALID_CONFIG" }),
  ]);
});

test("a deleted cluster takes its topics, ACLs and groups along, and nothing of its neighbour", async () => {
  const [cluster, neighbour] = [await readyCluster("one"), await readyCluster("two")];
  for (const name of ["a", "b"]) await readyTopic(cluster, name, { partitions: 1 });
  await readyTopic(neighbour, "a", { partitions: 1 });
  const { control, actor, admin } = shared;
  for (const { placement } of [cluster, neighbour]) {
    const topic = `${placement.prefix}a`;
    await admin.offsetCommit(`${placement.prefix}g`, [{ topic, partition: 0, offset: 0n }]);
  }
  await deleteCluster(control, actor, "one");
  const read = () => clusters(control.store).get(actor.tenant, "one");
  await waitGone(control, read, 10_000, `cluster:${cluster.id}`);
  const left = (await shared.admin.metadata("all")).map((topic) => topic.name);
  expect(left.filter((name) => name?.startsWith(cluster.placement.prefix))).toEqual([]);
  expect(left).toContain(`${neighbour.placement.prefix}a`);
  const groups = (await admin.listGroups()).map((group) => group.groupId);
  expect(groups.filter((name) => name.startsWith(cluster.placement.prefix))).toEqual([]);
  expect(groups).toContain(`${neighbour.placement.prefix}g`);
  await expect.poll(() => admin.describeAcls({ principal: `User:${cluster.id}` })).toEqual([]);
  expect(await admin.describeAcls({ principal: `User:${neighbour.id}` })).toHaveLength(8);
  expect(await places("cluster")).toEqual([`${actor.tenant}#two`]);
  expect(await places("topic")).toEqual([`${actor.tenant}#${neighbour.id}#a`]);
});

async function places(kind: string): Promise<string[]> {
  const { store } = shared.control;
  const shards = Array.from({ length: allShards }, (_, shard) => allOf(kind, shard));
  const pages = await Promise.all(shards.map((pk) => store.query(pk, { limit: 100 })));
  return pages.flatMap((page) => page.items.map((item) => item.sk)).sort();
}

test("a cluster goes though its group has members: they are put out, and cannot come back", async () => {
  const cluster = await readyCluster();
  const member = await asCluster(cluster);
  const groupId = `${cluster.placement.prefix}g`;
  const join = (memberId: string) =>
    member.request(Api.JoinGroup, {
      ...{ groupId, sessionTimeoutMs: 45_000, rebalanceTimeoutMs: 60_000, protocolType: "x" },
      ...{ memberId, groupInstanceId: null },
      protocols: [{ name: "x", metadata: Buffer.alloc(0) }],
    });
  const { memberId } = await join("");
  const joined = await join(memberId);
  expect(joined.errorCode).toBe(0);
  const { control, actor, admin } = shared;
  await deleteCluster(control, actor, "default");
  const read = () => clusters(control.store).get(actor.tenant, "default");
  await waitGone(control, read, 10_000, `cluster:${cluster.id}`);
  expect((await admin.listGroups()).map((group) => group.groupId)).not.toContain(groupId);
  expect((await join(memberId)).errorCode).toBe(ErrorCode.GROUP_AUTHORIZATION_FAILED);
  member.close();
});

test("what neither queue nor signal tells of is found by the sweep at the next start", async () => {
  const cluster = await readyCluster();
  await readyTopic(cluster, "t", { partitions: 1 });
  await provisioner.close();
  const { control, actor } = shared;
  await topics(control.store).updateSpec(actor.tenant, cluster.id, "t", (now) => ({
    ...now,
    generation: 2,
    spec: { ...now.spec, partitions: 2 },
  }));
  provisioner = await start();
  const topic = await settled(cluster, "t", 2);
  expect(topic.status).toMatchObject({ phase: "Ready", partitions: 2 });
});

test("a topic deleted before anybody saw its creation end is gone from the cell as well", async () => {
  const cluster = await readyCluster();
  const { control, actor, admin } = shared;
  await provisioner.close();
  await putTopic(control, actor, "default", "t", { partitions: 1 });
  await deleteTopic(control, actor, "default", "t");
  const name = `${cluster.placement.prefix}t`;
  // The create of a process that died; the broker that is asked has not heard of it.
  await admin.createTopics([{ name, partitions: 1, replicationFactor: 1 }]);
  let isBehind = true;
  shared.behind = (names) => isBehind && names.includes(name);
  provisioner = await start();
  const read = () => findTopic(control, actor, "default", "t");
  await waitGone(control, read, 10_000, `topic:${cluster.id}:t`);
  isBehind = false;
  await expect
    .poll(async () => (await admin.metadata({ names: [name] }))[0]?.error?.errorName)
    .toBe("UNKNOWN_TOPIC_OR_PARTITION");
});
