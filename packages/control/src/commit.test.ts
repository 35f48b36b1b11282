// The order in which every command writes: wherever it dies, a change that stands was announced and is in the audit
// log, and doing it again ends where it would have ended.
import type { AuditEvent } from "@headgate/core/audit";
import { clusters } from "@headgate/store/clusters";
import { serviceAccounts } from "@headgate/store/service-accounts";
import type { Store } from "@headgate/store/store";
import { topics } from "@headgate/store/topics";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { lossy } from "../../store/test/faults.ts";
import { Died, life, mortalStore } from "../../store/test/mortal.ts";
import { openWorld, type World } from "../test/world.ts";
import { deleteCluster, putCluster } from "./clusters.ts";
import { commit, toolsOf } from "./commit.ts";
import type { Control } from "./control.ts";
import { deleteServiceAccount, writeServiceAccount } from "./service-accounts.ts";
import { deleteTopic, patchTopic, putTopic } from "./topics.ts";

interface Command {
  readonly name: string;
  /** What must be there before. */
  before(world: World): Promise<unknown>;
  run(control: Control, world: World): Promise<unknown>;
  /** The generation that stands, 0 when there is none (any more). */
  generation(world: World): Promise<number>;
  readonly event: Pick<AuditEvent, "action" | "kind" | "resource">;
  /** Key parts of the announcement, where there is one. */
  readonly work?: (world: World) => Promise<readonly string[]>;
  readonly change: string;
}

const idOf = async ({ store, tenant }: World) =>
  (await clusters(store).get(tenant, "blue"))?.value.id ?? "none";
const blue = (world: World) => putCluster(world.control, world.actor, "blue", {});
const orders = async (world: World) => {
  await blue(world);
  await putTopic(world.control, world.actor, "blue", "orders", {});
};
const robot = async (world: World) => {
  await blue(world);
  await writeRobot(world.control, world, {});
};
const writeRobot = (control: Control, { actor }: World, spec: object) =>
  writeServiceAccount(control, actor, "robot", () => ({ cluster: "blue", ...spec }));
const topic = {
  generation: async (world: World) => {
    const found = await topics(world.store).get(
      world.tenant,
      (await idOf(world)) as `cl_${string}`,
      "orders",
    );
    return found?.value.generation ?? 0;
  },
  work: async (world: World) => ["topic", world.tenant, await idOf(world), "orders"],
  change: "topic write",
};
const cluster = {
  generation: async ({ store, tenant }: World) =>
    (await clusters(store).get(tenant, "blue"))?.value.generation ?? 0,
  work: async ({ tenant }: World) => ["cluster", tenant, "blue"],
  change: "cluster write",
};
const account = {
  generation: async ({ store, tenant }: World) =>
    (await serviceAccounts(store).get(tenant, "robot"))?.value.generation ?? 0,
};
const at = {
  topic: { kind: "Topic", resource: "clusters/blue/topics/orders" },
  cluster: { kind: "Cluster", resource: "clusters/blue" },
  account: { kind: "ServiceAccount", resource: "service-accounts/robot" },
};

const commands: Command[] = [
  {
    name: "creating a cluster",
    before: async () => undefined,
    run: (control, { actor }) => putCluster(control, actor, "blue", {}),
    event: { action: "create", ...at.cluster },
    ...cluster,
  },
  {
    name: "changing a cluster",
    before: blue,
    run: (control, { actor }) => putCluster(control, actor, "blue", { autoCreateTopics: true }),
    event: { action: "update", ...at.cluster },
    ...cluster,
  },
  {
    name: "deleting a cluster",
    before: blue,
    run: (control, { actor }) => deleteCluster(control, actor, "blue"),
    event: { action: "delete", ...at.cluster },
    ...cluster,
  },
  {
    name: "creating a topic",
    before: blue,
    run: (control, { actor }) => putTopic(control, actor, "blue", "orders", {}),
    event: { action: "create", ...at.topic },
    ...topic,
  },
  {
    name: "adding partitions",
    before: orders,
    run: (control, { actor }) => patchTopic(control, actor, "blue", "orders", { partitions: 9 }),
    event: { action: "update", ...at.topic },
    ...topic,
  },
  {
    name: "deleting a topic",
    before: orders,
    run: (control, { actor }) => deleteTopic(control, actor, "blue", "orders"),
    event: { action: "delete", ...at.topic },
    ...topic,
  },
  {
    name: "creating a service account",
    before: blue,
    run: (control, world) => writeRobot(control, world, {}),
    event: { action: "create", ...at.account },
    change: "service-account write robot",
    ...account,
  },
  {
    name: "changing a service account",
    before: robot,
    run: (control, world) => writeRobot(control, world, { role: "viewer" }),
    event: { action: "update", ...at.account },
    change: "service-account write robot",
    ...account,
  },
  {
    name: "deleting a service account",
    before: robot,
    run: (control, { actor }) => deleteServiceAccount(control, actor, "robot"),
    event: { action: "delete", ...at.account },
    change: "service-account delete robot",
    ...account,
  },
];

let world: World;
afterEach(() => world.close());

/** How often the log and the feed speak of what the command does. */
async function said(command: Command) {
  const { action, kind, resource } = command.event;
  const isIts = (e: Pick<AuditEvent, "action" | "kind" | "resource">) =>
    e.action === action && e.kind === kind && e.resource === resource;
  return {
    events: (await world.events()).filter(isIts).length,
    changes: (await world.changes()).filter((each) => each.startsWith(command.change)).length,
  };
}

async function isAnnounced(command: Command, generation: number): Promise<boolean> {
  if (!command.work) return true;
  const key = await command.work(world);
  const { items } = await toolsOf(world.control).queue.list(0, 100);
  return items.some((entry) => entry.key.join() === key.join() && entry.generation >= generation);
}

describe.each(commands)("$name", (command) => {
  test("that dies at any write, carried out or not, leaves what the order promises", async () => {
    let deaths = 0;
    for (let step = 1; ; step++) {
      let isDead = false;
      for (const carriedOut of [true, false]) {
        world = await openWorld();
        await command.before(world);
        const before = await said(command);
        const generation = await command.generation(world);
        const own = life(step, carriedOut);
        const run = command.run(world.through(mortalStore(world.store, own)), world);
        const outcome = await run.then(
          () => "done",
          (error: unknown) => error,
        );
        isDead = outcome instanceof Died;
        if (!isDead) expect(outcome).toBe("done");
        deaths += isDead ? 1 : 0;
        const now = await command.generation(world);
        const { events, changes } = await said(command);
        if (now !== generation) {
          expect(events - before.events).toBe(1);
          expect(await isAnnounced(command, now)).toBe(true);
        } else expect(changes - before.changes).toBe(0);
        if (!isDead) expect(changes - before.changes).toBe(1);
        // Whoever asks again, when what was reserved is free again, gets what they asked for.
        world.clock.pass(60_000);
        await command.run(world.control, world).catch((error: unknown) => {
          // Deleted for good is as deleted as it gets.
          expect(error).toMatchObject({ code: "resource.not_found" });
          expect(command.event.action).toBe("delete");
        });
        const end = await command.generation(world);
        expect(end).toBe(now === generation ? (await fresh(command)).generation : now);
        world.close();
      }
      if (!isDead) break;
    }
    expect(deaths).toBeGreaterThan(5);
  });
});

/** What the command does when nothing happens to it. */
async function fresh(command: Command) {
  const kept = world;
  world = await openWorld();
  await command.before(world);
  await command.run(world.control, world);
  const generation = await command.generation(world);
  world.close();
  world = kept;
  return { generation };
}

describe("a write", () => {
  beforeEach(async () => {
    world = await openWorld();
    await blue(world);
  });

  const plan = () => ({
    tenant: world.tenant,
    event: { action: "update" as const, ...at.topic },
    work: { key: ["topic", world.tenant, "cl", "orders"] as const, generation: 5 },
    change: { kind: "topic", parts: ["cl", "orders"], action: "write" as const },
    signals: ["topic:cl:orders"],
  });

  test("that is refused takes its audit event back and says nothing; the announcement stays", async () => {
    const before = { events: await world.events(), changes: await world.changes() };
    const refused = commit(world.control, world.actor, plan(), () =>
      world.store.put({ pk: "P", sk: "s", data: 1 }, "not there"),
    );
    await expect(refused).rejects.toMatchObject({ kind: "conflict" });
    expect(await world.events()).toEqual(before.events);
    expect(await world.changes()).toEqual(before.changes);
    const { items } = await toolsOf(world.control).queue.list(0, 10);
    expect(items.map((entry) => entry.generation)).toContain(5);
  });

  test("whose outcome is unknown keeps its audit event: the change may stand", async () => {
    const before = (await world.events()).length;
    let isLast = false;
    const unheard = lossy(world.store, () => (isLast ? "after" : undefined));
    const put = commit(world.through(unheard), world.actor, plan(), () => {
      isLast = true;
      return unheard.put({ pk: "P", sk: "s", data: 1 }, "absent");
    });
    await expect(put).rejects.toMatchObject({ kind: "unavailable" });
    expect((await world.events()).length).toBe(before + 1);
  });

  test("that cannot be announced or noted does not happen", async () => {
    for (const failing of ["WORK#", "#AUDIT"]) {
      const partly: Store = {
        ...world.store,
        put: (item, expect_) =>
          item.pk.includes(failing) ? Promise.reject(new Died()) : world.store.put(item, expect_),
      };
      let isWritten = false;
      const put = commit(world.through(partly), world.actor, plan(), async () => {
        isWritten = true;
      });
      await expect(put).rejects.toThrow(Died);
      expect(isWritten).toBe(false);
    }
  });

  test("signals its topics and wakes the workers once it stands, and not before", async () => {
    const order: string[] = [];
    const { signal } = world.control;
    signal.on("topic:cl:orders", () => order.push("topic"));
    toolsOf(world.control).queue.onWork(() => order.push("work"));
    const both = new Promise<void>((resolve) => {
      signal.on("topic:cl:orders", () => queueMicrotask(resolve));
    });
    await commit(world.control, world.actor, plan(), async () => {
      await new Promise((resolve) => setImmediate(resolve));
      order.push("written");
    });
    await both;
    expect(order).toEqual(["written", "work", "topic"]);
  });

  test("of many at once is in the log and the feed in the order of its ids", async () => {
    const names = Array.from({ length: 30 }, (_, i) => `t${i}`);
    await Promise.all(names.map((name) => putTopic(world.control, world.actor, "blue", name, {})));
    const { items } = await world.store.query(`TENANT#${world.tenant}#AUDIT`, { limit: 100 });
    const ids = items.map((item) => (item.data as { id: string }).id);
    expect(ids).toHaveLength(31);
    expect([...ids].sort()).toEqual(ids);
    expect((await world.changes()).length).toBe(31);
  });
});

test("events of a world that never crashed are exactly its writes", async () => {
  world = await openWorld();
  await orders(world);
  await putTopic(world.control, world.actor, "blue", "orders", {});
  await deleteTopic(world.control, world.actor, "blue", "orders");
  await deleteTopic(world.control, world.actor, "blue", "orders");
  const said = (await world.events()).map(({ action, resource }) => `${action} ${resource}`);
  expect(said).toEqual([
    "delete clusters/blue/topics/orders",
    "create clusters/blue/topics/orders",
    "create clusters/blue",
  ]);
});
