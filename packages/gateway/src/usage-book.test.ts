// Counters in memory: hours, rows, and what is remembered of producers.
import type { ClusterId, TenantId } from "@headgate/core/ids";
import { describe, expect, test } from "vitest";
import type { TopicEntry } from "./cluster-state.ts";
import { rowsMax, rowsPerChunk, usageBook } from "./usage-book.ts";

const tenant: TenantId = "tn_0000000000000000";
const cluster: ClusterId = "cl_0000000000000000";
const hourMs = 3_600_000;
const topic = (name: string): TopicEntry => ({ name, id: `id-${name}` });
const orders = topic("orders");

describe("a window", () => {
  test("holds the sum of everybody, and a row for each topic, account and client", () => {
    const book = usageBook(tenant, cluster, 0);
    const bills = topic("bills");
    const ann = book.attributed("ann", "app");
    ann.produced(orders, 3, 30);
    ann.produced(orders, 2, 20);
    ann.delivered(bills, 7, 70);
    book.attributed("bob", "app").delivered(orders, 1, 10);
    book.attributed("ann", "other").request();
    const [window, ...more] = book.turn(1);
    expect(more).toEqual([]);
    expect(window).toMatchObject({
      hour: "1970-01-01T00",
      totals: { recordsIn: 5, bytesIn: 50, recordsOut: 8, bytesOut: 80, requests: 1 },
    });
    expect(
      window!.rows.map((r) => [r.topic.name, r.serviceAccount, r.recordsIn, r.recordsOut]),
    ).toEqual([
      ["orders", "ann", 5, 0],
      ["bills", "ann", 0, 7],
      ["orders", "bob", 0, 1],
    ]);
  });

  test("is shared by connections of one account and client", () => {
    const book = usageBook(tenant, cluster, 0);
    book.attributed("ann", "app").produced(orders, 1, 1);
    book.attributed("ann", "app").produced(orders, 1, 1);
    expect(book.turn(1)[0]?.rows).toHaveLength(1);
  });

  test("without counts is not flushed", () => {
    const book = usageBook(tenant, cluster, 0);
    book.attributed("ann", "app");
    expect(book.turn(1)).toEqual([]);
  });
});

describe("when the hour turns", () => {
  test("counts go on in the next window, the closed one stays until it is flushed", () => {
    const book = usageBook(tenant, cluster, 0);
    const who = book.attributed("ann", "app");
    who.produced(orders, 1, 1);
    const [first] = book.turn(hourMs);
    who.produced(orders, 2, 2);
    const windows = book.turn(hourMs + 1);
    expect(windows.map((w) => [w.hour, w.totals.recordsIn, w.rows[0]?.recordsIn])).toEqual([
      ["1970-01-01T00", 1, 1],
      ["1970-01-01T01", 2, 2],
    ]);
    book.settle();
    expect(book.turn(hourMs + 2)).toHaveLength(2);
    first!.dirty = false;
    book.settle();
    expect(book.turn(hourMs + 2).map((w) => w.hour)).toEqual(["1970-01-01T01"]);
  });

  test("a clock that goes back opens no window twice", () => {
    const book = usageBook(tenant, cluster, 2 * hourMs);
    const who = book.attributed("ann", "app");
    book.turn(hourMs);
    who.produced(orders, 1, 1);
    expect(book.turn(0).map((w) => w.hour)).toEqual(["1970-01-01T02"]);
  });
});

describe("attribution", () => {
  test("beyond its rows is folded into one, and the totals stay whole", () => {
    const book = usageBook(tenant, cluster, 0);
    const who = book.attributed("ann", "app");
    for (let i = 0; i < rowsMax + 50; i++) who.produced(topic(`t${i}`), 1, 10);
    const early = topic("t0");
    who.produced(early, 1, 10);
    const [window] = book.turn(1);
    expect(window!.rows).toHaveLength(rowsMax + 1);
    expect(window!.rows.at(-1)).toMatchObject({
      topic: { name: "other" },
      serviceAccount: "",
      recordsIn: 50,
    });
    expect(window!.rows[0]?.recordsIn).toBe(2);
    expect(window!.totals.recordsIn).toBe(rowsMax + 51);
    expect(window!.rows.reduce((sum, row) => sum + row.recordsIn, 0)).toBe(rowsMax + 51);
  });

  test("marks only the chunk that changed", () => {
    const book = usageBook(tenant, cluster, 0);
    const who = book.attributed("ann", "app");
    const all = Array.from({ length: rowsPerChunk + 1 }, (_, i) => topic(`t${i}`));
    for (const each of all) who.produced(each, 1, 1);
    const [window] = book.turn(1);
    window!.dirtyChunks.clear();
    who.delivered(all.at(-1)!, 1, 1);
    expect([...window!.dirtyChunks]).toEqual([1]);
  });

  test("keeps the start of a long client id", () => {
    const book = usageBook(tenant, cluster, 0);
    book.attributed("ann", "x".repeat(5000)).produced(orders, 1, 1);
    expect(book.turn(1)[0]?.rows[0]?.clientId).toBe("x".repeat(64));
  });
});

test("producers are remembered per partition and per life of a topic", () => {
  const book = usageBook(tenant, cluster, 0);
  book.seenProducers(orders, 0).set(7, 10);
  expect(book.seenProducers(orders, 0).get(7)).toBe(10);
  expect(book.seenProducers(orders, 1).get(7)).toBeUndefined();
  expect(book.seenProducers({ ...orders }, 0).get(7)).toBeUndefined();
});
