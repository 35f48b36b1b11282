// Metering one cluster, on the real broker with a clock that the test moves.
import { putCluster } from "@headgate/control/clusters";
import { hourOf } from "@headgate/core/clock";
import { MeteredCluster } from "@headgate/core/metering";
import type { OffsetSnapshot } from "@headgate/core/usage";
import type { ClusterRecord } from "@headgate/store/clusters";
import { meteredOf } from "@headgate/store/keys";
import { offsets } from "@headgate/store/offsets";
import { getParsed } from "@headgate/store/resources";
import { usage } from "@headgate/store/usage";
import { afterEach, beforeEach, expect, test } from "vitest";
import { life } from "../../store/test/mortal.ts";
import { recordEnd } from "../src/meter-cluster.ts";
import { type Bed, hourMs, meteringBed, minuteMs } from "./bed.ts";
import { countingGateway } from "./gateway.ts";
import { hour, invoice, written } from "./readings.ts";

let bed: Bed;
let cluster: ClusterRecord;

beforeEach(async () => {
  bed = meteringBed();
  cluster = await bed.cluster();
});

afterEach(() => bed.close());

async function boundaries(): Promise<OffsetSnapshot[]> {
  const span = { from: "2026-11-01T00", before: "LATEST" };
  return offsets(bed.control.store).boundaries(bed.tenant, cluster.id, span);
}

const settings = async () =>
  (await getParsed(bed.control.store, MeteredCluster, meteredOf(bed.tenant).key(cluster.id)))
    ?.value;

test("an hour is billed what the log grew by from its first watermark to the next hour's, and ranges join", async () => {
  await bed.topic(cluster, "orders", 2);
  const meter = bed.meter(cluster);
  await bed.write(cluster, "orders", 5, 0);
  await meter.round();
  await bed.write(cluster, "orders", 3, 1);
  bed.pass(hourMs);
  await meter.round();
  await bed.write(cluster, "orders", 4, 0);
  await meter.round();
  bed.pass(hourMs);
  await bed.write(cluster, "orders", 1, 1);
  await meter.round();
  expect(await written(bed)).toEqual({ [hour(0)]: 8, [hour(1)]: 5 });
  const [line] = (await invoice(bed)).lines;
  expect(line).toMatchObject({ kind: "written", records: "13" });
  const ranges = line!.offsetRanges!.map((r) => [r.hour, r.partition, r.from, r.to]);
  expect(ranges).toEqual([
    [hour(0), 0, "0", "5"],
    [hour(0), 1, "0", "3"],
    [hour(1), 0, "5", "9"],
    [hour(1), 1, "3", "4"],
  ]);
});

test("a boundary is put once: reading again, later in its hour, does not move it", async () => {
  await bed.topic(cluster, "orders");
  const meter = bed.meter(cluster);
  await bed.write(cluster, "orders", 2);
  await meter.round();
  bed.pass(hourMs);
  await bed.write(cluster, "orders", 3);
  await meter.round();
  const before = await boundaries();
  expect(before.find((b) => b.hour === hour(1))?.offsets).toEqual({ "0": "5" });
  for (let i = 0; i < 3; i++) {
    bed.pass(10 * minuteMs);
    await bed.write(cluster, "orders", 1);
    await bed.meter(cluster).round();
  }
  expect(await boundaries()).toEqual(before);
  expect(await written(bed)).toEqual({ [hour(0)]: 5, [hour(1)]: 3 });
});

test("idle hours bill nothing, leave no boundary, and later growth is in the hour of the read before it", async () => {
  await bed.topic(cluster, "orders");
  const meter = bed.meter(cluster);
  await bed.write(cluster, "orders", 2);
  await meter.round();
  for (let i = 0; i < 5; i++) {
    bed.pass(hourMs);
    await meter.round();
  }
  expect((await boundaries()).map((b) => b.hour)).toEqual([hour(0)]);
  await bed.write(cluster, "orders", 7);
  await meter.round();
  expect(await written(bed)).toEqual({ [hour(0)]: 2, [hour(5)]: 7 });
});

test("a topic made again under its name starts at zero, and the old one keeps its records and its name", async () => {
  const meter = bed.meter(cluster);
  const first = await bed.topic(cluster, "orders");
  await bed.write(cluster, "orders", 5);
  await meter.round();
  await bed.write(cluster, "orders", 2);
  await bed.drop(cluster, "orders");
  bed.pass(hourMs);
  const second = await bed.topic(cluster, "orders");
  await bed.write(cluster, "orders", 4);
  await meter.round();
  expect(second).not.toBe(first);
  expect(await written(bed, "topic")).toEqual({ orders: 11 });
  expect(await written(bed)).toEqual({ [hour(0)]: 7, [hour(1)]: 4 });
  const ranges = (await invoice(bed)).lines[0]!.offsetRanges!;
  expect(ranges.map(({ topicId, from, to }) => [topicId, from, to])).toEqual([
    [first, "0", "7"],
    [second, "0", "4"],
  ]);
});

test("partitions added within an hour count from zero", async () => {
  await bed.topic(cluster, "orders");
  const meter = bed.meter(cluster);
  await bed.write(cluster, "orders", 1);
  await meter.round();
  const name = `${cluster.placement!.prefix}orders`;
  await bed.admin.createPartitions([{ name, count: 3 }]);
  await expect
    .poll(async () => (await bed.admin.metadata({ names: [name] }))[0]?.partitions)
    .toHaveLength(3);
  await bed.write(cluster, "orders", 6, 2);
  bed.pass(hourMs);
  await meter.round();
  expect(await written(bed)).toEqual({ [hour(0)]: 7 });
});

test("storage is sampled once per hour, by whoever is first, and an hour in which nobody could bills none", async () => {
  await bed.topic(cluster, "orders");
  await bed.write(cluster, "orders", 10);
  await bed.meter(cluster).round();
  const span = { from: hour(0), before: hour(9) };
  const samples = () => usage(bed.control.store).storage(bed.tenant, cluster.id, span);
  const [first] = await samples();
  expect(Number(first!.bytes)).toBeGreaterThan(0);
  expect(first!.topics).toEqual({ orders: first!.bytes });
  await bed.write(cluster, "orders", 1000);
  await bed.meter(cluster).round();
  expect(await samples()).toEqual([first]);
  bed.pass(2 * hourMs);
  await bed.meter(cluster).round();
  const [, second, ...more] = await samples();
  expect(more).toEqual([]);
  expect(second!.hour).toBe(hour(2));
  expect(Number(second!.bytes)).toBeGreaterThan(Number(first!.bytes));
  const line = (await invoice(bed)).lines.find(({ kind }) => kind === "storage");
  expect(line?.quantity).toBe(String(BigInt(first!.bytes) + BigInt(second!.bytes)));
});

test("a change of tier or reserve counts from the hour after it", async () => {
  await bed.topic(cluster, "orders");
  const meter = bed.meter(cluster);
  await bed.write(cluster, "orders", 10);
  await meter.round();
  const spec = { tier: "standard", streamingUnits: { min: 1, max: 5 } };
  await putCluster(bed.control, bed.actor, "default", spec);
  await bed.write(cluster, "orders", 10);
  bed.pass(hourMs);
  await meter.round();
  await bed.write(cluster, "orders", 10);
  await meter.round();
  expect((await settings())?.settings).toEqual([
    { from: hour(0), tier: "dev", unitsMin: 0 },
    { from: hour(1), tier: "standard", unitsMin: 1 },
  ]);
  const lines = (await invoice(bed)).lines.filter(
    ({ cluster: of, kind }) => of && kind !== "storage",
  );
  expect(lines.map(({ kind, tier, quantity }) => [kind, tier, quantity])).toEqual([
    ["written", "dev", "20"],
    ["written", "standard", "10"],
    ["reserve", "standard", "1"],
  ]);
});

test("a cluster that is gone keeps its bill, and its reserve ends with the hour", async () => {
  const reserved = await bed.cluster("reserved", { streamingUnits: { min: 2, max: 5 } });
  await bed.meter(reserved).round();
  await recordEnd(bed.control, bed.tenant, reserved.id);
  bed.pass(3 * hourMs);
  await recordEnd(bed.control, bed.tenant, reserved.id);
  const record = await getParsed(
    bed.control.store,
    MeteredCluster,
    meteredOf(bed.tenant).key(reserved.id),
  );
  expect(record?.value.endedBefore).toBe(hour(1));
  const [line] = (await invoice(bed)).lines.filter(({ kind }) => kind === "reserve");
  expect(line).toMatchObject({ clusterName: "reserved", quantity: "2" });
});

test("a second process that meters the same at the same moment changes no number", async () => {
  await bed.topic(cluster, "orders", 2);
  await bed.topic(cluster, "audit", 1);
  const meters = [bed.meter(cluster), bed.meter(cluster), bed.meter(cluster)];
  for (let i = 0; i < 3; i++) {
    await bed.write(cluster, "orders", 2, i % 2);
    await bed.write(cluster, "audit", 1);
    await Promise.all(meters.map((meter) => meter.round()));
    bed.pass(hourMs);
  }
  expect(await written(bed)).toEqual({ [hour(0)]: 3 + 3, [hour(1)]: 3 });
  expect(await written(bed, "topic")).toEqual({ audit: 3, orders: 6 });
  const span = { from: hour(0), before: hour(9) };
  expect(await usage(bed.control.store).storage(bed.tenant, cluster.id, span)).toHaveLength(3);
  expect((await invoice(bed)).findings).toEqual([]);
});

test("wherever a process dies in a round, the next one's numbers are those of a round that did not", async () => {
  const topicId = await bed.topic(cluster, "orders", 2);
  const gateway = countingGateway(bed, cluster);
  const expected: Record<string, number> = {};
  let died = true;
  for (let n = 1; died; n++) {
    const now = hourOf(bed.nowMs());
    await bed.write(cluster, "orders", n, n % 2);
    gateway.wrote("orders", topicId, n);
    await gateway.flush();
    const one = life(n);
    await bed
      .meter(cluster, one)
      .round()
      .catch((error: unknown) => {
        if (!one.isOver) throw error;
      });
    died = one.isOver;
    await bed.meter(cluster).round();
    // What was there when the hour was first read belongs to the hour before, which had been read before.
    const label = n === 1 ? now : hourOf(bed.nowMs() - hourMs);
    expected[label] = (expected[label] ?? 0) + n;
    expect(await written(bed)).toEqual(expected);
    bed.pass(hourMs);
  }
  expect(Object.keys(expected).length).toBeGreaterThanOrEqual(4);
  expect(await invoice(bed)).toMatchObject({ findings: [], unattributedRecords: "0" });
});
