// Sums over a topic's life, from the store alone.
import { hourOf } from "@headgate/core/clock";
import type { ClusterId } from "@headgate/core/ids";
import { newId } from "@headgate/core/ids";
import type { Reconciliation } from "@headgate/core/metering";
import { reconciliationsOf } from "@headgate/store/keys";
import { systemRandom } from "@headgate/store/system";
import { usage } from "@headgate/store/usage";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type LiveTopic, writtenCounts } from "../src/written-counts.ts";
import { type Bed, hourMs, meteringBed } from "./bed.ts";
import { hour } from "./readings.ts";

let bed: Bed;
let cluster: ClusterId;

beforeEach(() => {
  bed = meteringBed();
  cluster = newId("cl", systemRandom);
});

afterEach(() => bed.close());

const live = (name: string, topicId?: string): LiveTopic => ({
  name,
  topicId,
  createdAt: `${hour(0)}:00:00.000Z`,
});

async function counted(at: string, writer: string, byTopicId: Record<string, number>) {
  const rows = Object.entries(byTopicId).map(([topicId, records]) => ({
    ...{ topic: "t", topicId, serviceAccount: "s", clientId: "", recordsIn: String(records) },
    ...{ recordsOut: "0", bytesIn: "0", bytesOut: "0" },
  }));
  const chunk = { hour: at, writer, chunk: 0, rows };
  await usage(bed.control.store).putAttribution(bed.tenant, cluster, chunk, "any");
}

/** What a reconciliation made of these counts would hold. */
async function close(topicId: string, openFrom: string, countedClosed: bigint) {
  const record: Reconciliation = {
    ...{ topic: "t", topicId, openFrom, countedClosed: String(countedClosed) },
    ...{ lost: "0", unattributed: [], findings: [] },
  };
  const key = reconciliationsOf(bed.tenant, cluster).key(topicId);
  await bed.control.store.put({ ...key, data: record }, "any");
}

const read = (...topics: LiveTopic[]) => writtenCounts(bed.control, bed.tenant, cluster, topics);

test("all writers and hours of a topic's life are summed up, by its id and not its name", async () => {
  await counted(hour(0), "w1", { old: 100, new: 3 });
  await counted(hour(1), "w1", { new: 4 });
  await counted(hour(1), "w2", { new: 5 });
  bed.pass(hourMs);
  const counts = await read(live("t", "new"));
  expect(counts("new").total).toBe(12n);
  expect(counts("old").total).toBe(100n);
  expect(counts("never seen").total).toBe(0n);
});

test("hours two hours past are closed: summed up once, and read no more", async () => {
  for (let n = 0; n < 5; n++) await counted(hour(n), "w", { a: 1 + n });
  bed.pass(4 * hourMs);
  const first = (await read(live("t", "a")))("a");
  expect(first).toMatchObject({ total: 15n, openFrom: hour(2), countedClosed: 3n, isNews: true });
  await close("a", first.openFrom, first.countedClosed);
  // Too late for the comparison, by Limits.
  await counted(hour(0), "late", { a: 1000 });
  const second = (await read(live("t", "a")))("a");
  expect(second).toEqual({ ...first, isNews: false });
  bed.pass(hourMs);
  const third = (await read(live("t", "a")))("a");
  expect(third).toMatchObject({ total: 15n, openFrom: hour(3), countedClosed: 6n, isNews: true });
});

test("topics closed at different hours each count from their own", async () => {
  for (let n = 0; n < 4; n++) await counted(hour(n), "w", { a: 1, b: 10 });
  await close("a", hour(3), 3n);
  bed.pass(3 * hourMs);
  const counts = await read(live("a", "a"), live("b", "b"), live("unborn"));
  expect(counts("a").total).toBe(4n);
  expect(counts("b").total).toBe(40n);
});

test("a clock that goes back closes nothing again", async () => {
  await counted(hour(0), "w", { a: 5 });
  await close("a", hour(6), 5n);
  expect((await read(live("t", "a")))("a")).toMatchObject({
    total: 5n,
    openFrom: hour(6),
    countedClosed: 5n,
    isNews: false,
  });
  expect(hourOf(bed.nowMs())).toBe(hour(0));
});
