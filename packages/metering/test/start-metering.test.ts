// When metering looks at what, on the real broker. Its timers are real and short; what must not be waited for is made
// so long that only a signal can bring it.
import { deleteCluster } from "@headgate/control/clusters";
import { toTimestamp } from "@headgate/core/clock";
import { AppError } from "@headgate/core/errors";
import { MeteredCluster } from "@headgate/core/metering";
import type { KafkaAdmin } from "@headgate/kafka/admin";
import { changeFeed } from "@headgate/store/change-feed";
import { type ClusterRecord, clusters } from "@headgate/store/clusters";
import { meteredOf } from "@headgate/store/keys";
import { priceBooks } from "@headgate/store/price-books";
import { getParsed } from "@headgate/store/resources";
import { tenants } from "@headgate/store/tenants";
import { usage } from "@headgate/store/usage";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { mortalStore } from "../../store/test/mortal.ts";
import { type Metering, type MeteringOptions, startMetering } from "../src/start-metering.ts";
import { type Bed, hourMs, meteringBed, settleMs } from "./bed.ts";
import { countingGateway } from "./gateway.ts";
import { hour, invoice, written } from "./readings.ts";

/** Longer than any test. */
const never = 3_600_000;

let bed: Bed;
let cluster: ClusterRecord;
const running: Metering[] = [];

beforeEach(async () => {
  bed = meteringBed();
  cluster = await bed.cluster();
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.close()));
  await bed.close();
});

function start(more: Partial<MeteringOptions> = {}): Metering {
  const metering = startMetering({
    ...{ control: bed.control, admins: async () => bed.admin },
    ...{ debounceMs: 5, pollMs: never, settleMs },
    ...more,
  });
  running.push(metering);
  return metering;
}

const eventually = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 10_000 });

const metered = async (id: ClusterRecord["id"]) =>
  (await getParsed(bed.control.store, MeteredCluster, meteredOf(bed.tenant).key(id)))?.value;

const samples = () =>
  usage(bed.control.store).storage(bed.tenant, cluster.id, { from: hour(0), before: hour(99) });

test("it meters every cluster when it starts, and puts the prices there", async () => {
  await bed.topic(cluster, "orders");
  await bed.write(cluster, "orders", 3);
  start();
  await eventually(async () => expect(await written(bed)).toEqual({ [hour(0)]: 3 }));
  expect(await priceBooks(bed.control.store).versions("default")).toHaveLength(1);
});

test("a gateway's flush is metered at once, without a poll", async () => {
  const topicId = await bed.topic(cluster, "orders");
  const metering = start();
  await metering.sweep();
  const gateway = countingGateway(bed, cluster);
  for (let i = 1; i <= 3; i++) {
    await bed.write(cluster, "orders", 5);
    gateway.wrote("orders", topicId, 5);
    await gateway.flush();
    await eventually(async () => expect(await written(bed)).toEqual({ [hour(0)]: 5 * i }));
  }
});

test("a lost signal costs a poll and nothing else", async () => {
  const topicId = await bed.topic(cluster, "orders");
  const metering = start({ pollMs: 20 });
  await metering.sweep();
  const gateway = countingGateway(bed, cluster);
  await bed.write(cluster, "orders", 5);
  gateway.wrote("orders", topicId, 5);
  const { signal } = bed.control;
  const notify = vi.spyOn(signal, "notify").mockImplementation(() => undefined);
  await gateway.flush();
  await eventually(async () => expect(await written(bed)).toEqual({ [hour(0)]: 5 }));
  notify.mockRestore();
});

test("a new cluster is found by the change feed, without a poll", async () => {
  await start().sweep();
  const late = await bed.cluster("late");
  await changeFeed(bed.control).append({
    ...{ tenant: bed.tenant, kind: "cluster", parts: [late.id, "late"], action: "write" },
  });
  await eventually(async () => expect(await metered(late.id)).toMatchObject({ name: "late" }));
  await bed.topic(late, "t");
  await bed.write(late, "t", 2);
  bed.control.signal.notify(`usage:${late.id}`);
  await eventually(async () => expect(await written(bed, "topic")).toEqual({ t: 2 }));
});

test("when an hour begins every cluster is metered, though nobody used it", async () => {
  await bed.topic(cluster, "orders");
  await bed.write(cluster, "orders", 1);
  const metering = start({ pollMs: 20 });
  await metering.sweep();
  expect(await samples()).toHaveLength(1);
  bed.pass(hourMs);
  await eventually(async () => expect(await samples()).toHaveLength(2));
});

test("a look that failed when the hour began is repeated by the next poll", async () => {
  await bed.topic(cluster, "orders");
  await bed.write(cluster, "orders", 1);
  let failures = 0;
  let isBroken = false;
  const { store } = bed.control;
  const flaky = mortalStore(store, {
    step: (act) => act(),
    look: async (act) => {
      if (isBroken) {
        failures += 1;
        throw new AppError("store.unavailable");
      }
      return act();
    },
  });
  const metering = start({ control: { ...bed.control, store: flaky }, pollMs: 20 });
  await metering.sweep();
  isBroken = true;
  bed.pass(hourMs);
  await eventually(async () => expect(failures).toBeGreaterThan(2));
  isBroken = false;
  await eventually(async () => expect(await samples()).toHaveLength(2));
});

test("a cell that is off is tried again, and does not keep the others from being metered", async () => {
  const other = await bed.cluster("other");
  await bed.topic(cluster, "orders");
  await bed.topic(other, "audit");
  await bed.write(cluster, "orders", 2);
  await bed.write(other, "audit", 3);
  const own = "ce_0000000000000001";
  await clusters(bed.control.store).updateStatus(bed.tenant, "other", (now) => ({
    status: now.status,
    placement: { ...now.placement!, cell: own },
  }));
  let isOn = false;
  const admins = async (cell: string): Promise<KafkaAdmin> => {
    if (cell === own && !isOn) throw new AppError("cell.unavailable");
    return bed.admin;
  };
  const metering = start({ admins, pollMs: 50 });
  await expect(metering.sweep()).rejects.toMatchObject({ code: "cell.unavailable" });
  expect(await written(bed, "topic")).toEqual({ orders: 2 });
  isOn = true;
  await eventually(async () =>
    expect(await written(bed, "topic")).toEqual({ audit: 3, orders: 2 }),
  );
});

test("comparisons are settled by themselves, so that what nobody counted shows within seconds", async () => {
  await bed.topic(cluster, "orders");
  const metering = start({ settleMs: 30 });
  await bed.write(cluster, "orders", 4);
  await metering.sweep();
  // The clock of the store stands still unless moved; timers do not.
  bed.pass(30);
  await eventually(async () =>
    expect(await invoice(bed)).toMatchObject({ unattributedRecords: "4", findings: [] }),
  );
});

test("a cluster that is removed is ended once, by the change feed, and metered no more", async () => {
  const reserved = await bed.cluster("reserved", { streamingUnits: { min: 1, max: 5 } });
  await start().sweep();
  expect((await metered(reserved.id))?.endedBefore).toBeUndefined();
  await remove("reserved");
  await eventually(async () => expect((await metered(reserved.id))?.endedBefore).toBe(hour(1)));
});

test("a cluster that went while nobody metered is ended at the next start", async () => {
  const reserved = await bed.cluster("reserved", { streamingUnits: { min: 1, max: 5 } });
  const at = toTimestamp(bed.nowMs());
  await tenants(bed.control.store).create(bed.tenant, {
    ...{
      kind: "Tenant",
      id: bed.tenant,
      name: "t",
      spec: { displayName: "T", priceBook: "default", labels: {} },
    },
    ...{ status: { phase: "Ready", conditions: [], observedGeneration: 1 }, generation: 1 },
    ...{ managedBy: {}, createdAt: at, updatedAt: at },
  });
  const first = start();
  await first.sweep();
  await first.close();
  await remove("reserved");
  bed.pass(2 * hourMs);
  await start().sweep();
  expect((await metered(reserved.id))?.endedBefore).toBe(hour(3));
  expect((await metered(cluster.id))?.endedBefore).toBeUndefined();
});

test("an end that could not be written is written by the next look", async () => {
  const reserved = await bed.cluster("reserved", { streamingUnits: { min: 1, max: 5 } });
  let isFull = false;
  const full = mortalStore(bed.control.store, {
    look: (act) => act(),
    step: async (act) => {
      if (isFull) throw new AppError("store.full");
      return act();
    },
  });
  const metering = start({ control: { ...bed.control, store: full } });
  await metering.sweep();
  isFull = true;
  await remove("reserved");
  await expect(metering.sweep()).rejects.toMatchObject({ code: "store.full" });
  isFull = false;
  await metering.sweep();
  expect((await metered(reserved.id))?.endedBefore).toBe(hour(1));
});

test("two processes that meter everything together bill what one would", async () => {
  await bed.topic(cluster, "orders", 2);
  const both = [start(), start()];
  for (let i = 0; i < 3; i++) {
    await bed.write(cluster, "orders", 2, i % 2);
    await Promise.all(both.map((each) => each.sweep()));
    bed.pass(hourMs);
  }
  expect(await written(bed)).toEqual({ [hour(0)]: 4, [hour(1)]: 2 });
  expect(await samples()).toHaveLength(3);
});

test("closing ends the round in hand; nothing reads or writes afterwards", async () => {
  await bed.topic(cluster, "orders");
  let asked = 0;
  const count = <T>(act: () => Promise<T>): Promise<T> => {
    asked += 1;
    return act();
  };
  const counting = mortalStore(bed.control.store, { step: count, look: count });
  const metering = start({ control: { ...bed.control, store: counting }, pollMs: 10 });
  await metering.sweep();
  await bed.write(cluster, "orders", 1);
  bed.control.signal.notify(`usage:${cluster.id}`);
  await metering.close();
  const before = asked;
  bed.pass(hourMs);
  bed.control.signal.notify(`usage:${cluster.id}`);
  await metering.meter(cluster.id);
  await metering.close();
  expect(asked).toBe(before);
});

/** As the provisioner leaves it: nothing, and an event that says so. */
async function remove(name: string): Promise<void> {
  const { control, actor, tenant } = bed;
  await deleteCluster(control, actor, name);
  const stored = await clusters(control.store).get(tenant, name);
  await clusters(control.store).remove(tenant, name, stored!.version);
  const parts = [stored!.value.id, name];
  await changeFeed(control).append({ tenant, kind: "cluster", parts, action: "delete" });
}
