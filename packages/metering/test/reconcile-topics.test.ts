// Gateway counts against logs, on the real broker: what is found, what is credited, what nobody counted.
import { Reconciliation } from "@headgate/core/metering";
import type { ClusterRecord } from "@headgate/store/clusters";
import { reconciliationsOf } from "@headgate/store/keys";
import { getParsed } from "@headgate/store/resources";
import { afterEach, beforeEach, expect, test } from "vitest";
import { life } from "../../store/test/mortal.ts";
import { type Bed, hourMs, meteringBed, settleMs } from "./bed.ts";
import { countingGateway } from "./gateway.ts";
import { produceInTransaction } from "./produce.ts";
import { hour, invoice, report, settle, written } from "./readings.ts";

let bed: Bed;
let cluster: ClusterRecord;

beforeEach(async () => {
  bed = meteringBed();
  cluster = await bed.cluster();
});

afterEach(() => bed.close());

const reconciliation = async (topicId: string) =>
  (
    await getParsed(
      bed.control.store,
      Reconciliation,
      reconciliationsOf(bed.tenant, cluster.id).key(topicId),
    )
  )?.value;

test("the marker that ends a transaction counts as one, committed or aborted, and so do aborted records", async () => {
  const topicId = await bed.topic(cluster, "orders");
  const topic = `${cluster.placement!.prefix}orders`;
  await produceInTransaction(bed.admin, { topic, count: 3, commit: true });
  await produceInTransaction(bed.admin, { topic, count: 2, commit: false });
  const meter = bed.meter(cluster);
  await expect
    .poll(async () => {
      await meter.round();
      return written(bed);
    })
    .toEqual({ [hour(0)]: 7 });
  const gateway = countingGateway(bed, cluster);
  gateway.wrote("orders", topicId, 5);
  await gateway.flush();
  await settle(bed, meter);
  // No gateway sees a marker.
  expect(await invoice(bed)).toMatchObject({ unattributedRecords: "2", findings: [] });
});

test("a watermark that went back is credited by the chain and said once, and no false double counting is found", async () => {
  const topicId = await bed.topic(cluster, "orders");
  const gateway = countingGateway(bed, cluster);
  const meter = bed.meter(cluster);
  await bed.write(cluster, "orders", 10);
  gateway.wrote("orders", topicId, 10);
  await gateway.flush();
  await meter.round();
  bed.pass(hourMs);
  await meter.round();
  bed.losesRecords(cluster, "orders", 4);
  for (let i = 0; i < 3; i++) {
    await meter.round();
    bed.pass(settleMs);
  }
  expect(await written(bed)).toEqual({ [hour(0)]: 10, [hour(1)]: -4 });
  const { findings } = await invoice(bed);
  expect(findings).toEqual([expect.stringMatching(/orders: its log lost 4 records.*credited/)]);
  expect((await reconciliation(topicId))?.findings).toMatchObject([{ blocking: false }]);
});

test("gateways that counted more than the log holds are a finding that blocks, said once", async () => {
  const topicId = await bed.topic(cluster, "orders");
  const gateway = countingGateway(bed, cluster);
  const meter = bed.meter(cluster);
  await bed.write(cluster, "orders", 10);
  gateway.wrote("orders", topicId, 12);
  await gateway.flush();
  for (let i = 0; i < 4; i++) {
    await meter.round();
    bed.pass(settleMs);
  }
  const { findings } = await invoice(bed);
  expect(findings).toEqual([expect.stringMatching(/orders: gateways counted 2 more/)]);
  expect((await reconciliation(topicId))?.findings).toMatchObject([{ blocking: true }]);
  // The log decides what is billed.
  expect(await written(bed)).toEqual({ [hour(0)]: 10 });
});

test("what no gateway counted is unattributed, shown and billed; what is counted late is not", async () => {
  const topicId = await bed.topic(cluster, "orders");
  const gateway = countingGateway(bed, cluster);
  const meter = bed.meter(cluster);
  await bed.write(cluster, "orders", 10);
  expect(await meter.round()).toBe(true);
  // Flushed after the watermarks were read: no difference yet.
  gateway.wrote("orders", topicId, 10);
  await gateway.flush();
  bed.pass(settleMs);
  await meter.round();
  expect(await invoice(bed)).toMatchObject({ unattributedRecords: "0", findings: [] });
  await bed.write(cluster, "orders", 5);
  await settle(bed, meter);
  expect(await invoice(bed)).toMatchObject({ unattributedRecords: "5", findings: [] });
  expect(await written(bed)).toEqual({ [hour(0)]: 15 });
  const byAccount = (await report(bed, "serviceAccount")).rows.map((r) => [
    r.serviceAccount,
    r.recordsWritten,
  ]);
  expect(byAccount).toEqual([
    ["tester", "10"],
    ["unattributed", "5"],
  ]);
});

test("counts of hours long past stay part of the comparison", async () => {
  const topicId = await bed.topic(cluster, "orders");
  const gateway = countingGateway(bed, cluster);
  for (let i = 0; i < 6; i++) {
    await bed.write(cluster, "orders", 2);
    gateway.wrote("orders", topicId, 2);
    await gateway.flush();
    // A process of its own each time: nothing is kept in memory.
    await settle(bed, bed.meter(cluster));
    bed.pass(hourMs);
  }
  const found = await reconciliation(topicId);
  expect(found).toMatchObject({ findings: [], unattributed: [], lost: "0" });
  expect(Number(found?.countedClosed)).toBeGreaterThanOrEqual(4);
  expect(await written(bed, "topic")).toEqual({ orders: 12 });
});

test("a loss is credited and said exactly once, wherever the process that saw it dies", async () => {
  const topicId = await bed.topic(cluster, "orders");
  const gateway = countingGateway(bed, cluster);
  let [total, losses] = [0, 0];
  for (let died = true; died; losses++) {
    await bed.write(cluster, "orders", 5);
    gateway.wrote("orders", topicId, 5);
    await gateway.flush();
    await settle(bed, bed.meter(cluster));
    bed.losesRecords(cluster, "orders", 2);
    total += 5 - 2;
    const one = life(losses + 1);
    await bed
      .meter(cluster, one)
      .round()
      .catch((error: unknown) => {
        if (!one.isOver) throw error;
      });
    died = one.isOver;
    await settle(bed, bed.meter(cluster));
    expect(await written(bed, "topic")).toEqual({ orders: total });
  }
  expect(losses).toBeGreaterThanOrEqual(3);
  const { findings, unattributedRecords } = await invoice(bed);
  expect(findings).toHaveLength(losses);
  expect(findings.every((text) => /lost 2 records.*credited/.test(text))).toBe(true);
  expect(unattributedRecords).toBe("0");
});
