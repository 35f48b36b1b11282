// Topics: what a command refuses and how it says so, what it writes, and what many at once come to.
import { topicNameLengthMax } from "@headgate/core/topic";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openWorld, type World } from "../test/world.ts";
import { deleteCluster, putCluster } from "./clusters.ts";
import { toolsOf } from "./commit.ts";
import {
  deleteTopic,
  findTopic,
  getTopic,
  listTopics,
  patchTopic,
  putTopic,
  writeTopic,
} from "./topics.ts";

let world: World;
let clusterId: `cl_${string}`;
beforeEach(async () => {
  world = await openWorld();
  ({ id: clusterId } = await putCluster(world.control, world.actor, "blue", {
    streamingUnits: { min: 0, max: 1 },
  }));
});
afterEach(() => world.close());

const put = (name: string, spec: unknown, options = {}) =>
  putTopic(world.control, world.actor, "blue", name, spec, options);
const patch = (name: string, change: unknown, options = {}) =>
  patchTopic(world.control, world.actor, "blue", name, change, options);
const remove = (name: string, options = {}) =>
  deleteTopic(world.control, world.actor, "blue", name, options);
/** Everything stored, to see that nothing was written. */
const written = async () => [await world.events(), await world.changes(), await queue()];
const queue = async () =>
  (await toolsOf(world.control).queue.list(0, 100)).items.map((e) => [...e.key, e.generation]);

describe("what a topic may not be", () => {
  test.each([
    ["", "topic.name_invalid"],
    [".", "topic.name_invalid"],
    ["..", "topic.name_invalid"],
    ["a#b", "topic.name_invalid"],
    ["a b", "topic.name_invalid"],
    ["é", "topic.name_invalid"],
    ["a\u0000", "topic.name_invalid"],
    ["x".repeat(topicNameLengthMax + 1), "topic.name_invalid"],
  ])("the name %j is refused by every command", async (name, code) => {
    const refused = expect.objectContaining({ code });
    const spec = { partitions: 1 };
    await expect(put(name, spec)).rejects.toEqual(refused);
    await expect(patch(name, spec)).rejects.toEqual(refused);
    await expect(remove(name)).rejects.toEqual(refused);
    await expect(getTopic(world.control, world.actor, "blue", name)).rejects.toEqual(refused);
  });

  const number = "topic.partitions_invalid";
  const config = "topic.config_invalid";
  test.each<[unknown, string, string]>([
    [{ partitions: 0 }, "/spec/partitions", number],
    [{ partitions: -3 }, "/spec/partitions", number],
    [{ partitions: 1.5 }, "/spec/partitions", number],
    [{ partitions: "3" }, "/spec/partitions", number],
    [{ partitions: 1e9 }, "/spec/partitions", number],
    [{ partitions: 1e300 }, "/spec/partitions", number],
    [{ partitions: 101 }, "/spec/partitions", number],
    [{ config: { "retention.ms": "soon" } }, "/spec/config/retention.ms", config],
    [{ config: { "retention.ms": 5 } }, "/spec/config/retention.ms", config],
    [{ config: { "retention/ms": "5" } }, "/spec/config/retention~1ms", "topic.config_unknown"],
    [
      { config: { "unclean.leader.election.enable": "true" } },
      "/spec/config/unclean.leader.election.enable",
      "topic.config_operator_only",
    ],
    [{ config: "retention.ms=5" }, "/spec/config", config],
    [{ protected: "yes" }, "/spec/protected", "request.invalid"],
    [{ labels: { "": "x" } }, "/spec/labels/", "request.invalid"],
    [{ replicas: 3 }, "/spec", "request.invalid"],
    [null, "/spec", "request.invalid"],
  ])("the spec %j is refused at %s with %s", async (spec, pointer, code) => {
    const before = await written();
    const error = { code, errors: [expect.objectContaining({ pointer, code })] };
    await expect(put("orders", spec)).rejects.toMatchObject(error);
    expect(await written()).toEqual(before);
  });

  test("all faults are told at once, with the first as the error's own", async () => {
    await put("orders", { partitions: 5 });
    const spec = { partitions: 2, config: { nonsense: "1", "cleanup.policy": "never" } };
    await expect(put("orders", spec)).rejects.toMatchObject({
      code: "topic.partitions_decrease",
      errors: [
        { pointer: "/spec/partitions", code: "topic.partitions_decrease" },
        { pointer: "/spec/config/nonsense", code: "topic.config_unknown" },
        { pointer: "/spec/config/cleanup.policy", code: "topic.config_invalid" },
      ],
    });
  });

  test("more partitions than are left are refused, saying how many are", async () => {
    await put("a", { partitions: 90 });
    await expect(put("b", { partitions: 11 })).rejects.toMatchObject({
      code: "quota.exceeded",
      errors: [{ pointer: "/spec/partitions", detail: expect.stringContaining("10 of this") }],
    });
    await put("b", { partitions: 10 });
    await expect(patch("b", { partitions: 11 })).rejects.toMatchObject({ code: "quota.exceeded" });
    // What is there may be changed otherwise, however full the cluster is.
    const full = await patch("b", { config: { "retention.ms": "1" } });
    expect(full.spec).toMatchObject({ partitions: 10, config: { "retention.ms": "1" } });
  });
});

describe("where a topic may not be", () => {
  test.each(["green", "a#b", "", "\u0000", "x".repeat(5000)])(
    "in a cluster %j that is not there",
    async (name) => {
      const { control, actor } = world;
      const refused = { code: "resource.not_found" };
      await expect(putTopic(control, actor, name, "orders", {})).rejects.toMatchObject(refused);
      await expect(deleteTopic(control, actor, name, "orders")).rejects.toMatchObject(refused);
      await expect(listTopics(control, actor, name, { limit: 1 })).rejects.toMatchObject(refused);
    },
  );

  test("in a neighbour's cluster of the same name", async () => {
    const neighbour = await openWorld(world.store);
    await put("orders", {});
    const { control, actor } = neighbour;
    const found = findTopic(control, actor, "blue", "orders");
    await expect(found).rejects.toMatchObject({ code: "resource.not_found" });
    await putCluster(control, actor, "blue", {});
    expect(await findTopic(control, actor, "blue", "orders")).toBeUndefined();
    expect(await listTopics(control, actor, "blue", { limit: 9 })).toEqual({ items: [] });
    neighbour.close();
  });

  test("in a cluster that is being deleted: new ones no, looking and deleting yes", async () => {
    await put("orders", {});
    await deleteCluster(world.control, world.actor, "blue");
    await expect(put("more", {})).rejects.toMatchObject({ code: "resource.deleting" });
    await expect(patch("orders", {})).rejects.toMatchObject({ code: "resource.deleting" });
    expect((await remove("orders")).status.phase).toBe("Deleting");
    const { items } = await listTopics(world.control, world.actor, "blue", { limit: 9 });
    expect(items).toHaveLength(1);
  });
});

describe("what the caller believes", () => {
  test("createOnly finds one, updateOnly and expect find none", async () => {
    await put("orders", {});
    const exists = { code: "resource.exists" };
    await expect(put("orders", {}, { createOnly: true })).rejects.toMatchObject(exists);
    const unknown = { code: "topic.unknown" };
    await expect(put("other", {}, { updateOnly: true })).rejects.toMatchObject(unknown);
    await expect(put("other", {}, { expect: 1 })).rejects.toMatchObject(unknown);
    await expect(patch("other", {})).rejects.toMatchObject(unknown);
    await expect(remove("other")).rejects.toMatchObject(unknown);
  });

  test("expect must be the generation there is, for changing and deleting", async () => {
    await put("orders", {});
    const changed = await put("orders", { partitions: 4 }, { expect: 1 });
    expect(changed.generation).toBe(2);
    const moved = { code: "request.precondition_failed" };
    for (const expected of [1, 3]) {
      await expect(put("orders", {}, { expect: expected })).rejects.toMatchObject(moved);
      await expect(remove("orders", { expect: expected })).rejects.toMatchObject(moved);
    }
    expect((await remove("orders", { expect: 2 })).generation).toBe(3);
  });

  test("one that is being deleted can neither be changed nor made again yet", async () => {
    await put("orders", {});
    await remove("orders");
    const deleting = { code: "resource.deleting", retryAfterSeconds: 1 };
    await expect(put("orders", {})).rejects.toMatchObject(deleting);
    await expect(put("orders", {}, { createOnly: true })).rejects.toMatchObject(deleting);
    await expect(patch("orders", { partitions: 9 })).rejects.toMatchObject(deleting);
    await world.topicGone(clusterId, "orders");
    const again = await put("orders", {});
    expect(again.generation).toBe(1);
  });

  test("validateOnly answers the same and refuses the same, and writes nothing", async () => {
    const options = { validateOnly: true };
    const before = await written();
    const planned = await put("orders", { partitions: 4 }, options);
    expect(planned).toMatchObject({ generation: 1, spec: { partitions: 4 } });
    expect(await findTopic(world.control, world.actor, "blue", "orders")).toBeUndefined();
    await expect(put("orders", { partitions: 101 }, options)).rejects.toMatchObject({
      code: "topic.partitions_invalid",
    });
    expect(await written()).toEqual(before);
    const made = await put("orders", { partitions: 4 });
    const now = await written();
    expect(await patch("orders", { partitions: 5 }, options)).toMatchObject({ generation: 2 });
    expect(await remove("orders", options)).toMatchObject({ status: { phase: "Deleting" } });
    expect(await getTopic(world.control, world.actor, "blue", "orders")).toEqual(made);
    expect(await written()).toEqual(now);
    await put("full", { partitions: 96 });
  });
});

describe("what a write leaves", () => {
  test("a topic with defaults, pending, of its first generation", async () => {
    const topic = await put("orders", {});
    expect(topic).toEqual({
      kind: "Topic",
      id: expect.stringMatching(/^tp_[0-9a-hjkmnp-tv-z]{16}$/),
      name: "orders",
      spec: { partitions: 3, config: {}, protected: false, labels: {} },
      status: { phase: "Pending", conditions: [], observedGeneration: 0 },
      generation: 1,
      managedBy: expect.any(Object),
      createdAt: "2026-11-24T04:05:06.000Z",
      updatedAt: "2026-11-24T04:05:06.000Z",
    });
    expect(await getTopic(world.control, world.actor, "blue", "orders")).toEqual(topic);
  });

  test("an event with who, through which door, before and after", async () => {
    const kafka = { ...world.actor, channel: "kafka" as const, requestId: "request-2" };
    const resource = "clusters/blue/topics/orders";
    const made = await put("orders", {});
    const grown = await patchTopic(world.control, kafka, "blue", "orders", { partitions: 5 });
    await remove("orders");
    const [deleted, updated, created] = await world.events();
    const kind = "Topic";
    const { actor } = world;
    expect(created).toEqual({ actor, action: "create", kind, resource, after: made.spec });
    const change = { before: made.spec, after: grown.spec };
    expect(updated).toEqual({ actor: kafka, action: "update", kind, resource, ...change });
    expect(deleted).toEqual({ actor, action: "delete", kind, resource, before: grown.spec });
  });

  test("the manager of each field there is: who set it last, and through which door", async () => {
    await put("orders", { config: { "retention.ms": "5" } });
    const kafka = { ...world.actor, channel: "kafka" as const, serviceAccountName: "app" };
    const { managedBy } = await patchTopic(world.control, kafka, "blue", "orders", {
      partitions: 4,
      config: { "retention.ms": null, "segment.ms": "60000" },
    });
    expect(managedBy).toEqual({
      "/partitions": "kafka:app",
      "/config/segment.ms": "kafka:app",
      "/protected": "api:ann",
    });
  });

  test("an announcement of its generation, a change in the feed, and no reservation to be seen", async () => {
    await put("orders", {});
    const topic = await put("orders", { partitions: 4 });
    expect(topic).not.toHaveProperty("reservation");
    expect(await queue()).toContainEqual(["topic", world.tenant, clusterId, "orders", 2]);
    const said = (await world.changes()).filter((each) => each.startsWith("topic"));
    expect(said).toEqual(Array(2).fill(`topic write ${clusterId} orders`));
  });

  test("nothing when the spec is so already, however it is written", async () => {
    const made = await put("orders", { partitions: 3, labels: { a: "1", b: "2" } });
    const before = await written();
    world.clock.pass(1000);
    const same = { labels: { b: "2", a: "1" }, config: {} };
    expect(await put("orders", same)).toEqual(made);
    expect(await patch("orders", { partitions: 3 })).toEqual(made);
    const written_ = await writeTopic(world.control, world.actor, "blue", "orders", () => same);
    expect(written_).toEqual({ resource: made, created: false, changed: false });
    expect(await written()).toEqual(before);
  });

  test("a replaced spec forgets what it does not say; a patched one keeps it", async () => {
    const spec = { partitions: 4, config: { "retention.ms": "5" }, labels: { a: "1" } };
    await put("orders", spec);
    const patched = await patch("orders", { labels: { b: "2" } });
    expect(patched.spec).toEqual({ ...spec, protected: false, labels: { a: "1", b: "2" } });
    const replaced = await put("orders", { partitions: 4 });
    expect(replaced.spec).toEqual({ partitions: 4, config: {}, protected: false, labels: {} });
    expect(replaced).toMatchObject({ id: patched.id, createdAt: patched.createdAt, generation: 3 });
  });
});

describe("deleting", () => {
  test("a protected topic is refused until it is not", async () => {
    await put("orders", { protected: true });
    await expect(remove("orders")).rejects.toMatchObject({ code: "resource.protected" });
    await patch("orders", { protected: false });
    await remove("orders");
  });

  test("twice is once", async () => {
    await put("orders", {});
    const first = await remove("orders");
    const before = await written();
    world.clock.pass(1000);
    expect(await remove("orders")).toEqual(first);
    expect(await remove("orders", { expect: 1 })).toEqual(first);
    expect(await written()).toEqual(before);
  });

  test("is seen at once, before the provisioner has said so", async () => {
    await put("orders", {});
    await world.topicReady(clusterId, "orders");
    await remove("orders");
    const { control, actor } = world;
    const { items } = await listTopics(control, actor, "blue", { limit: 9, phase: "Deleting" });
    expect(items).toMatchObject([{ name: "orders", status: { phase: "Deleting" } }]);
    const ready = await listTopics(control, actor, "blue", { limit: 9, phase: "Ready" });
    expect(ready.items).toEqual([]);
  });
});

describe("many at once", () => {
  test("changes of different fields all stand", async () => {
    await put("orders", {});
    const labels = Array.from({ length: 20 }, (_, i) => `l${i}`);
    await Promise.all(labels.map((label) => patch("orders", { labels: { [label]: "x" } })));
    const topic = await getTopic(world.control, world.actor, "blue", "orders");
    expect(Object.keys(topic.spec.labels).sort()).toEqual([...labels].sort());
    expect(topic.generation).toBe(21);
  });

  test("creations of one name make one, and createOnly tells the others", async () => {
    const puts = Array.from({ length: 10 }, (_, i) =>
      put("orders", { labels: { by: `${i}` } }, { createOnly: true }),
    );
    const ended = await Promise.allSettled(puts);
    const made = ended.filter(({ status }) => status === "fulfilled");
    expect(made).toHaveLength(1);
    for (const each of ended) {
      if (each.status === "rejected")
        expect(each.reason).toMatchObject({ code: "resource.exists" });
    }
    const creations = (await world.events()).filter(({ kind }) => kind === "Topic");
    expect(creations).toHaveLength(1);
  });

  test("creations never pass the limit together", async () => {
    const puts = Array.from({ length: 12 }, (_, i) => put(`t${i}`, { partitions: 15 }));
    const ended = await Promise.allSettled(puts);
    expect(ended.filter(({ status }) => status === "fulfilled")).toHaveLength(6);
    for (const each of ended) {
      if (each.status === "rejected") expect(each.reason).toMatchObject({ code: "quota.exceeded" });
    }
  });
});

test("lists come by name, filtered and in pages that join without gap or repeat", async () => {
  const names = Array.from({ length: 25 }, (_, i) => `t${String(i).padStart(2, "0")}`);
  for (const name of names) await put(name, { partitions: 1 });
  for (const name of names.filter((_, i) => i % 5 === 0)) await world.topicReady(clusterId, name);
  const all = async (options: object) => {
    const found: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await listTopics(world.control, world.actor, "blue", {
        limit: 4,
        ...options,
        cursor,
      });
      expect(page.items.length).toBeLessThanOrEqual(4);
      found.push(...page.items.map(({ name }) => name));
      cursor = page.next;
    } while (cursor !== undefined);
    return found;
  };
  expect(await all({})).toEqual(names);
  expect(await all({ namePrefix: "t1" })).toEqual(names.slice(10, 20));
  expect(await all({ phase: "Ready" })).toEqual(names.filter((_, i) => i % 5 === 0));
  expect(await all({ phase: "Ready", namePrefix: "t1" })).toEqual(["t10", "t15"]);
});
