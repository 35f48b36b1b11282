// Wherever a provisioner dies, the next one brings the world to what specs ask: killed after each single step in turn
// (which is before the next one), and at random steps of random histories.
import { deleteCluster, putCluster } from "@headgate/control/clusters";
import { partitionsUsed } from "@headgate/control/partition-quota";
import { deleteTopic, putTopic } from "@headgate/control/topics";
import type { TopicSpec } from "@headgate/core/topic";
import { brokerTopicConfig } from "@headgate/core/topic-config";
import { type ClusterRecord, clusters } from "@headgate/store/clusters";
import { offsets } from "@headgate/store/offsets";
import { topics } from "@headgate/store/topics";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Life, life } from "../../store/test/mortal.ts";
import { aclsOf } from "../src/cell-acls.ts";
import { provision, withCell } from "./one-life.ts";
import { type SharedCell, sharedCell } from "./shared-cell.ts";

type Spec = Pick<TopicSpec, "partitions" | "config">;

let shared: SharedCell;

beforeEach(async () => {
  shared = sharedCell();
  await withCell(shared);
});

afterEach(() => shared.close());

/** Runs `act` under lives that end at step 1, 2, 3, … until one survives it. */
async function atEachStep(act: (life: Life, n: number) => Promise<void>) {
  for (let n = 1; ; n++) {
    const one = life(n);
    await act(one, n);
    if (!one.isOver) return n - 1;
  }
}

async function clusterNow(name: string): Promise<ClusterRecord> {
  return (await clusters(shared.control.store).get(shared.actor.tenant, name))!.value;
}

async function makeCluster(name: string): Promise<ClusterRecord> {
  await putCluster(shared.control, shared.actor, name, {});
  await provision(shared);
  return clusterNow(name);
}

/** The cell has exactly these topics of the cluster, as specified, and every one is Ready. */
async function expectTopics(cluster: ClusterRecord, wanted: ReadonlyMap<string, Spec>) {
  const { admin, actor, control } = shared;
  const { prefix } = cluster.placement!;
  const there = (await admin.metadata("all")).filter((topic) => topic.name?.startsWith(prefix));
  expect(there.map((topic) => topic.name?.slice(prefix.length)).sort()).toEqual(
    [...wanted.keys()].sort(),
  );
  for (const [name, { partitions, config }] of wanted) {
    const described = there.find((topic) => topic.name === prefix + name)!;
    expect(described.partitions).toHaveLength(partitions);
    const [found] = await admin.describeConfigs([{ type: "topic", name: prefix + name }]);
    const own = [...found!.entries].filter(([, entry]) => entry.isOwn);
    expect(Object.fromEntries(own.map(([key, { value }]) => [key, value]))).toEqual(
      brokerTopicConfig(config, 1),
    );
    const stored = (await topics(control.store).get(actor.tenant, cluster.id, name))!.value;
    expect(stored.status).toMatchObject({
      phase: "Ready",
      observedGeneration: stored.generation,
      topicId: described.topicId,
      partitions,
    });
  }
  const sum = [...wanted.values()].reduce((total, { partitions }) => total + partitions, 0);
  expect(await partitionsUsed(control, { tenant: actor.tenant, id: cluster.id })).toBe(sum);
}

async function expectReady(name: string) {
  const cluster = await clusterNow(name);
  expect(cluster.status).toMatchObject({ phase: "Ready", observedGeneration: cluster.generation });
  const acls = await shared.admin.describeAcls({ principal: `User:${cluster.id}` });
  const wanted = aclsOf(cluster.placement!).filter((acl) => acl.principal !== "User:*");
  const text = (list: readonly object[]) =>
    list.map((acl) => JSON.stringify(Object.entries(acl).sort())).sort();
  expect(text(acls)).toEqual(text(wanted));
}

/** Nothing of a cluster on the cell, and of its items nothing but what bills and lookups by id need. */
async function expectGone(cluster: ClusterRecord) {
  const { admin, control, actor } = shared;
  const prefix = cluster.placement?.prefix;
  const isOwn = (name: string | null) => prefix !== undefined && name?.startsWith(prefix);
  expect((await admin.metadata("all")).filter((topic) => isOwn(topic.name))).toEqual([]);
  expect((await admin.listGroups()).filter((group) => isOwn(group.groupId))).toEqual([]);
  // Deleted at the controller; the broker that is asked hears of it a moment later.
  await expect.poll(() => admin.describeAcls({ principal: `User:${cluster.id}` })).toEqual([]);
  expect(await clusters(control.store).get(actor.tenant, cluster.name)).toBeUndefined();
  const pk = `TENANT#${actor.tenant}#CLUSTER#${cluster.id}`;
  expect((await control.store.query(pk, { limit: 10 })).items).toEqual([]);
}

/** An announcement whose resource a dead process removed is forgotten after a minute. */
async function expectQueueEmpty() {
  shared.later(61_000);
  await provision(shared);
  expect((await shared.control.store.query("WORK#0", { limit: 10 })).items).toEqual([]);
}

test("killed after each step, a topic is created, changed and deleted as its specs ask", async () => {
  const cluster = await makeCluster("default");
  const wanted = new Map<string, Spec>();
  const { control, actor } = shared;
  const write = async (name: string, spec: Spec, one: Life) => {
    await putTopic(control, actor, "default", name, spec);
    wanted.set(name, spec);
    await provision(shared, one);
    await provision(shared);
    await expectTopics(cluster, wanted);
  };
  const first: Spec = { partitions: 1, config: { "retention.ms": "60000" } };
  const next: Spec = { partitions: 3, config: { "cleanup.policy": "compact" } };
  const createSteps = await atEachStep((one, n) => write(`t${n}`, first, one));
  const changeSteps = await atEachStep((one, n) => write(`t${n}`, next, one));
  const deleteSteps = await atEachStep(async (one, n) => {
    const name = `t${n}`;
    if (!wanted.has(name)) await write(name, first, life());
    const { partitions } = wanted.get(name)!;
    const { topicId } = (await topics(control.store).get(actor.tenant, cluster.id, name))!.value
      .status;
    wanted.delete(name);
    await deleteTopic(control, actor, "default", name);
    await provision(shared, one);
    await provision(shared);
    await expectTopics(cluster, wanted);
    const last = await offsets(control.store).getLatest(actor.tenant, cluster.id, topicId!);
    expect(Object.keys(last!.offsets)).toHaveLength(partitions);
  });
  expect(Math.min(createSteps, changeSteps, deleteSteps)).toBeGreaterThanOrEqual(4);
  await expectQueueEmpty();
});

test("killed after each step, a cluster is placed with exactly its ACLs, and deleted with everything it had", async () => {
  const { control, actor, admin } = shared;
  const made: ClusterRecord[] = [];
  const createSteps = await atEachStep(async (one, n) => {
    await putCluster(control, actor, `c${n}`, {});
    await provision(shared, one);
    await provision(shared);
    await expectReady(`c${n}`);
    made.push(await clusterNow(`c${n}`));
  });
  const deleteSteps = await atEachStep(async (one, n) => {
    const cluster = made[n - 1] ?? (await makeCluster(`more${n}`));
    await putTopic(control, actor, cluster.name, "t", { partitions: 2 });
    await provision(shared);
    const groupId = `${cluster.placement!.prefix}g`;
    await admin.offsetCommit(groupId, [
      { topic: `${cluster.placement!.prefix}t`, partition: 0, offset: 0n },
    ]);
    await deleteCluster(control, actor, cluster.name);
    await provision(shared, one);
    await provision(shared);
    await expectGone(cluster);
  });
  expect(createSteps).toBeGreaterThanOrEqual(5);
  expect(deleteSteps).toBeGreaterThanOrEqual(10);
  await expectQueueEmpty();
});

const spec = fc.record({
  partitions: fc.integer({ min: 1, max: 4 }),
  config: fc.dictionary(
    fc.constantFrom("retention.ms", "max.message.bytes"),
    fc.constantFrom("100000", "200000"),
  ),
});
const name = fc.constantFrom("a", "b", "c");
/** What a tenant does, and how far the provisioner that hears of it gets. */
const events = fc.array(
  fc.record({
    does: fc.oneof(
      { weight: 3, arbitrary: fc.record({ put: name, spec }) },
      { weight: 1, arbitrary: fc.record({ delete: name }) },
    ),
    steps: fc.integer({ min: 0, max: 20 }),
    carriedOut: fc.boolean(),
  }),
  { minLength: 1, maxLength: 12 },
);

test("whatever a tenant does while provisioners die, the next one makes it so; deleting the cluster leaves nothing", async () => {
  const { control, actor } = shared;
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(events, fc.integer({ min: 1, max: 20 }), async (history, lastSteps) => {
      const cluster = await makeCluster(`r${++runs}`);
      const wanted = new Map<string, Spec>();
      for (const { does, steps, carriedOut } of history) {
        if ("put" in does) {
          const partitions = Math.max(does.spec.partitions, wanted.get(does.put)?.partitions ?? 0);
          const next = { ...does.spec, partitions };
          // A topic that is still being deleted cannot be asked for.
          const isThere = await putTopic(control, actor, cluster.name, does.put, next).then(
            () => true,
            (error: { code?: string }) => error.code !== "resource.deleting",
          );
          if (isThere) wanted.set(does.put, next);
        } else if (wanted.delete(does.delete)) {
          await deleteTopic(control, actor, cluster.name, does.delete);
        }
        await provision(shared, life(steps + 1, carriedOut));
      }
      await provision(shared);
      await expectTopics(cluster, wanted);
      await deleteCluster(control, actor, cluster.name);
      await provision(shared, life(lastSteps));
      await provision(shared);
      await expectGone(cluster);
    }),
    { numRuns: 8 },
  );
  await expectQueueEmpty();
});
