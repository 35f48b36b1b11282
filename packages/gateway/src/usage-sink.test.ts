// From the counters to the store, where puts fail, are lost, or come late.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ClusterId, newId, type TenantId } from "@headgate/core/ids";
import type { UsageWindow } from "@headgate/core/usage";
import { processSignal, type Signal } from "@headgate/store/signal";
import { openSqlite } from "@headgate/store/sqlite";
import type { Store } from "@headgate/store/store";
import { systemRandom } from "@headgate/store/system";
import { usage } from "@headgate/store/usage";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Fate, faultyStore } from "../test/faulty-store.ts";
import type { TopicEntry } from "./cluster-state.ts";
import { type UsageBook, usageBook } from "./usage-book.ts";
import { type UsageSink, usageSink } from "./usage-sink.ts";

const tenant: TenantId = "tn_0000000000000000";
const ever = { from: "1970-01-01T00", before: "2999-01-01T00" };
const hourMs = 3_600_000;
const orders: TopicEntry = { name: "orders", id: "o" };
const bills: TopicEntry = { name: "bills", id: "b" };

let dir: string;
let real: Store;
let signal: Signal;
let cluster: ClusterId;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "headgate-sink-"));
  real = openSqlite({ path: join(dir, "store.sqlite") });
  signal = processSignal(newId("cl", systemRandom));
});

beforeEach(() => {
  cluster = newId("cl", systemRandom) as ClusterId;
});

afterAll(async () => {
  signal.close();
  await real.close();
  rmSync(dir, { recursive: true, force: true });
});

interface Writer {
  readonly book: UsageBook;
  readonly sink: UsageSink;
}

let writers = 0;
const logged: string[] = [];

/** A gateway process, as far as counting goes. */
function writer(store: Store, clock: { nowMs: number }): Writer {
  const book = usageBook(tenant, cluster, clock.nowMs);
  const sink = usageSink({
    store,
    signal,
    writer: `w${++writers}`,
    books: () => [book],
    nowMs: () => clock.nowMs,
    log: (message) => void logged.push(message),
  });
  return { book, sink };
}

const windows = () => usage(real).windows(tenant, cluster, ever);
const rows = async () =>
  (await usage(real).attribution(tenant, cluster, ever)).flatMap((chunk) => chunk.rows);
const sum = (numbers: Iterable<string>) => [...numbers].reduce((s, n) => s + Number(n), 0);

describe("a flush", () => {
  test("writes totals and attribution, and nothing when nothing was counted since", async () => {
    const { store, plan } = faultyStore(real);
    const { book, sink } = writer(store, { nowMs: 0 });
    book.attributed("ann", "app").produced(orders, 3, 30);
    await sink.flush();
    expect((await windows()).map((w) => w.totals)).toEqual([
      { recordsIn: "3", recordsOut: "0", bytesIn: "30", bytesOut: "0", requests: "0" },
    ]);
    expect(await rows()).toMatchObject([
      { topic: "orders", topicId: "o", serviceAccount: "ann", clientId: "app", recordsIn: "3" },
    ]);
    plan(["refused"]);
    await sink.flush();
    expect(sink.failingMs()).toBe(0);
  });

  test("writes totals before their attribution, so that no more is attributed than counted", async () => {
    const { store, plan } = faultyStore(real);
    const { book, sink } = writer(store, { nowMs: 0 });
    const who = book.attributed("ann", "app");
    who.produced(orders, 1, 1);
    await sink.flush();
    who.produced(orders, 1, 1);
    plan(["done", "refused"]);
    await sink.flush();
    expect((await windows())[0]?.totals.recordsIn).toBe("2");
    expect((await rows())[0]?.recordsIn).toBe("1");
  });

  test("that fails is told, and made good by the next one", async () => {
    const { store, plan } = faultyStore(real);
    const { book, sink } = writer(store, { nowMs: 0 });
    book.attributed("ann", "app").delivered(orders, 5, 50);
    plan(["refused"]);
    await sink.flush();
    expect(sink.failingMs()).toBeGreaterThan(0);
    expect(logged.at(-1)).toBe("Usage could not be written");
    await sink.flush();
    expect(sink.failingMs()).toBe(0);
    expect((await windows())[0]?.totals.recordsOut).toBe("5");
  });

  test("whose answer was lost finds its own version again", async () => {
    const { store, plan } = faultyStore(real);
    const { book, sink } = writer(store, { nowMs: 0 });
    const who = book.attributed("ann", "app");
    who.produced(orders, 1, 1);
    plan(["unacknowledged"]);
    await sink.flush();
    who.produced(orders, 1, 1);
    plan(["done", "unacknowledged"]);
    await sink.flush();
    await sink.flush();
    expect((await windows())[0]?.totals.recordsIn).toBe("2");
    expect((await rows())[0]?.recordsIn).toBe("2");
  });

  test("that arrives late does not win over a later one", async () => {
    const { store, plan, settle } = faultyStore(real);
    const { book, sink } = writer(store, { nowMs: 0 });
    const who = book.attributed("ann", "app");
    for (let i = 0; i < 3; i++) {
      who.produced(orders, 1, 1);
      plan(i === 1 ? ["late"] : []);
      await sink.flush();
    }
    await settle();
    expect((await windows())[0]?.totals.recordsIn).toBe("3");
  });

  test("asked for while one runs begins after it, and covers what was counted before the call", async () => {
    const { book, sink } = writer(real, { nowMs: 0 });
    const who = book.attributed("ann", "app");
    who.produced(orders, 1, 1);
    const first = sink.flush();
    who.produced(orders, 1, 1);
    await sink.flush();
    expect((await windows())[0]?.totals.recordsIn).toBe("2");
    await first;
  });

  test("of one cluster is not held up by another that cannot be written", async () => {
    const mine = usageBook(tenant, cluster, 0);
    const theirs = usageBook(tenant, newId("cl", systemRandom) as ClusterId, 0);
    const { store, plan } = faultyStore(real);
    const sink = usageSink({
      store,
      signal,
      writer: "w",
      books: () => [theirs, mine],
      nowMs: () => 0,
      log: () => undefined,
    });
    mine.attributed("ann", "app").request();
    theirs.attributed("bob", "app").request();
    plan(["refused"]);
    await sink.flush();
    expect((await windows())[0]?.totals.requests).toBe("1");
  });
});

describe("an item", () => {
  test("stays under 64 KB whatever names and client ids hold", async () => {
    const { book, sink } = writer(real, { nowMs: 0 });
    const clientId = "\u0001".repeat(64);
    for (let i = 0; i < 64; i++) {
      const name = `${i}`.padEnd(238, "x");
      const id = "A".repeat(22);
      const who = book.attributed("s".repeat(63), clientId);
      who.produced({ name, id }, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
    }
    await sink.flush();
    const [chunk] = await usage(real).attribution(tenant, cluster, ever);
    expect(chunk!.rows).toHaveLength(64);
    expect(Buffer.byteLength(JSON.stringify(chunk))).toBeLessThan(64 * 1024);
    const totals = JSON.stringify((await windows())[0]);
    expect(Buffer.byteLength(totals)).toBeLessThan(1024);
  });

  test("holds well-formed text of a client id that is none", async () => {
    const { book, sink } = writer(real, { nowMs: 0 });
    book.attributed("ann", "\ud800lone").produced(orders, 1, 1);
    await sink.flush();
    expect((await rows())[0]?.clientId).toBe("\ufffdlone");
  });
});

type Step =
  | { do: "count"; produced: boolean; records: number; topic: TopicEntry }
  | { do: "hour" }
  | { do: "crash" }
  | { do: "flush"; fates: Fate[] };

const fate = fc.constantFrom<Fate>("done", "done", "refused", "unacknowledged", "late");
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant("count" as const),
      produced: fc.boolean(),
      records: fc.integer({ min: 1, max: 1000 }),
      topic: fc.constantFrom(orders, bills),
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant("flush" as const),
      fates: fc.array(fate, { minLength: 1, maxLength: 6 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("hour" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("crash" as const) }) },
);

describe("under any order of counts, failed flushes, turns of the hour and crashes", () => {
  /** Records of each writer, and of each of its windows, as stored. */
  const recordsBy = (all: readonly UsageWindow[], key: (window: UsageWindow) => string) => {
    const by = new Map<string, number>();
    for (const window of all) {
      const records = sum([window.totals.recordsIn, window.totals.recordsOut]);
      by.set(key(window), (by.get(key(window)) ?? 0) + records);
    }
    return by;
  };

  test("each writer's numbers only grow, and lie between what it flushed and what it counted", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
        cluster = newId("cl", systemRandom) as ClusterId;
        const clock = { nowMs: 0 };
        const { store, plan, settle } = faultyStore(real);
        const lives = [{ ...writer(store, clock), name: `w${writers}`, counted: 0, flushed: 0 }];
        let before = new Map<string, number>();
        const flush = async (fates: Fate[]) => {
          const life = lives.at(-1)!;
          plan(fates);
          await life.sink.flush();
          plan([]);
          if (life.sink.failingMs() === 0) life.flushed = life.counted;
          const all = await windows();
          const after = recordsBy(all, (window) => `${window.hour} ${window.writer}`);
          for (const [window, records] of before)
            expect(after.get(window)).toBeGreaterThanOrEqual(records);
          before = after;
          const stored = recordsBy(all, (window) => window.writer);
          for (const { name, flushed, counted } of lives) {
            expect(stored.get(name) ?? 0).toBeGreaterThanOrEqual(flushed);
            expect(stored.get(name) ?? 0).toBeLessThanOrEqual(counted);
          }
          const attributed = sum((await rows()).flatMap((r) => [r.recordsIn, r.recordsOut]));
          const total = [...stored.values()].reduce((a, b) => a + b, 0);
          expect(attributed).toBeLessThanOrEqual(total);
          return { attributed, total };
        };
        for (const next of steps) {
          const life = lives.at(-1)!;
          if (next.do === "hour") clock.nowMs += hourMs;
          else if (next.do === "flush") await flush(next.fates);
          else if (next.do === "crash")
            lives.push({ ...writer(store, clock), name: `w${writers}`, counted: 0, flushed: 0 });
          else {
            const who = life.book.attributed("ann", "app");
            if (next.produced) who.produced(next.topic, next.records, 1);
            else who.delivered(next.topic, next.records, 1);
            life.counted += next.records;
          }
        }
        await settle();
        const { attributed, total } = await flush([]);
        if (lives.length > 1) return;
        expect([attributed, total]).toEqual([lives[0]!.counted, lives[0]!.counted]);
      }),
      { numRuns: 40, seed: 7 },
    );
  });
});
