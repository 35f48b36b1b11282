// Usage, offsets, audit and price books: whose items are overwritten by whom, and what a span of hours holds.
import { defaultPriceBook } from "@headgate/core/price-book";
import type { OffsetSnapshot, UsageWindow } from "@headgate/core/usage";
import { beforeEach, expect, test } from "vitest";
import { handClock, seededRandom } from "../test/clock.ts";
import { modelStore } from "../test/model-store.ts";
import { clusterId, tenantId } from "../test/records.ts";
import { audit } from "./audit.ts";
import { offsets } from "./offsets.ts";
import { priceBooks } from "./price-books.ts";
import type { Store } from "./store.ts";
import { ulids } from "./ulid.ts";
import { usage } from "./usage.ts";

let store: Store;
beforeEach(() => {
  store = modelStore();
});
const tenant = tenantId();
const cluster = clusterId();

const windowOf = (hour: string, writer: string, records: number): UsageWindow => ({
  tenant,
  cluster,
  hour,
  writer,
  totals: {
    recordsIn: String(records),
    recordsOut: "0",
    bytesIn: "0",
    bytesOut: "0",
    requests: "1",
  },
  firstAtMs: 1,
  lastAtMs: 2,
});

test("a writer's window is overwritten by it alone: another start of it conflicts", async () => {
  const repo = usage(store);
  const first = await repo.putWindow(windowOf("2026-11-24T04", "w1", 5), "absent");
  await repo.putWindow(windowOf("2026-11-24T04", "w1", 8), first);
  for (const stale of ["absent", first]) {
    const put = repo.putWindow(windowOf("2026-11-24T04", "w1", 6), stale);
    await expect(put).rejects.toMatchObject({ kind: "conflict" });
  }
  const found = await repo.getWindow(tenant, cluster, "2026-11-24T04", "w1");
  expect(found?.data).toEqual(windowOf("2026-11-24T04", "w1", 8));
});

test("a span holds the hours from its first to before its last, of all writers, beyond one page", async () => {
  const repo = usage(store);
  const hours = ["2026-11-23T23", "2026-11-24T00", "2026-11-24T01", "2026-11-24T02"];
  for (const hour of hours) {
    for (let i = 0; i < 260; i++) await repo.putWindow(windowOf(hour, `w${i}`, i), "absent");
    await repo.putStorage(tenant, cluster, { hour, atMs: 1, bytes: "7", topics: {} });
    const chunk = { hour, writer: "w0", chunk: 0, rows: [] };
    await repo.putAttribution(tenant, cluster, chunk, "absent");
    await repo.putAttribution(tenant, cluster, { ...chunk, chunk: 1 }, "absent");
  }
  const span = { from: "2026-11-24T00", before: "2026-11-24T02" };
  const windows = await repo.windows(tenant, cluster, span);
  expect(windows).toHaveLength(520);
  expect(new Set(windows.map(({ hour }) => hour))).toEqual(new Set(hours.slice(1, 3)));
  expect(await repo.storage(tenant, cluster, span)).toHaveLength(2);
  expect(await repo.attribution(tenant, cluster, span)).toHaveLength(4);
  expect(await repo.windows(tenant, clusterId(), span)).toEqual([]);
});

test("an hour has one storage sample, the first", async () => {
  const repo = usage(store);
  const sample = { hour: "2026-11-24T00", atMs: 1, bytes: "7", topics: {} };
  expect(await repo.putStorage(tenant, cluster, sample)).toBe(true);
  expect(await repo.putStorage(tenant, cluster, { ...sample, bytes: "9" })).toBe(false);
  const span = { from: "2026-11-24T00", before: "2026-11-24T01" };
  expect(await repo.storage(tenant, cluster, span)).toEqual([sample]);
});

test("the newest snapshot of a topic stays, and lies apart from the boundaries of hours", async () => {
  const repo = offsets(store);
  const snapshot = (atMs: number): OffsetSnapshot => ({
    topic: "orders",
    topicId: "id",
    hour: "2026-11-24T00",
    atMs,
    offsets: { 0: String(atMs) },
  });
  await repo.putLatest(tenant, cluster, snapshot(5));
  await repo.putLatest(tenant, cluster, snapshot(4));
  expect(await repo.getLatest(tenant, cluster, "id")).toEqual(snapshot(5));
  await repo.putLatest(tenant, cluster, snapshot(6));
  expect(await repo.allLatest(tenant, cluster)).toEqual([snapshot(6)]);
  const span = { from: "2026-01-01T00", before: "2027-01-01T00" };
  expect(await repo.boundaries(tenant, cluster, span)).toEqual([]);
});

test("a topic's name outlives it, and the first one stands", async () => {
  const repo = offsets(store);
  const record = { topicId: "id", name: "orders", createdAt: "2026-11-24T04:05:06.000Z" };
  expect(await repo.putTopicName(tenant, cluster, record)).toBe(true);
  expect(await repo.putTopicName(tenant, cluster, { ...record, name: "else" })).toBe(false);
  expect(await repo.topicNames(tenant, cluster)).toEqual([record]);
});

test("audit events are written once and listed newest first, page by page", async () => {
  const repo = audit(store);
  const nextId = ulids(handClock(), seededRandom());
  const actor = { tenant, channel: "api" as const, requestId: "r" };
  const at = "2026-11-24T04:05:06.000Z";
  const events = Array.from({ length: 5 }, (_, i) => ({
    id: nextId(),
    at,
    actor,
    action: "create" as const,
    kind: "Topic",
    resource: `topics/t${i}`,
  }));
  for (const event of events) await repo.append(tenant, event);
  await repo.append(tenant, { ...events[0]!, resource: "forged" });
  const first = await repo.list(tenant, { limit: 3 });
  const second = await repo.list(tenant, { limit: 3, cursor: first.cursor });
  const found = [...first.items, ...second.items].map(({ value }) => value);
  expect(found).toEqual([...events].reverse());
  expect(second.cursor).toBeUndefined();
  expect((await repo.list(tenantId(), { limit: 3 })).items).toEqual([]);
});

test("a version of a price book never changes, and versions come in their order", async () => {
  const repo = priceBooks(store);
  for (const version of [10, 2, 1]) {
    expect(await repo.put({ ...defaultPriceBook, version })).toBe(true);
  }
  const changed = { ...defaultPriceBook, version: 2, creditPerMonthPico: "0" };
  expect(await repo.put(changed)).toBe(false);
  const versions = await repo.versions(defaultPriceBook.id);
  expect(versions.map(({ version }) => version)).toEqual([1, 2, 10]);
  expect(versions[1]?.creditPerMonthPico).toBe(defaultPriceBook.creditPerMonthPico);
});
