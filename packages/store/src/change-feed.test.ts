// The change feed: nothing that was acknowledged is missed, whoever was slow, threw or had the wrong time.
import { afterEach, beforeEach, expect, test } from "vitest";
import { type HandClock, handClock, seededRandom } from "../test/clock.ts";
import { lossy, type When } from "../test/faults.ts";
import { modelStore } from "../test/model-store.ts";
import { changeFeed, type SeenEvent, type TailOptions } from "./change-feed.ts";
import { logPk } from "./keys.ts";
import { processSignal, type Signal } from "./signal.ts";
import type { Store } from "./store.ts";

let store: Store;
let clock: HandClock;
let signal: Signal;
let stops: (() => Promise<void>)[];
let stacks = 0;
beforeEach(() => {
  store = modelStore();
  clock = handClock();
  signal = processSignal(`change-feed.test ${process.pid} ${++stacks}`);
  stops = [];
});
afterEach(async () => {
  for (const stop of stops) await stop();
  signal.close();
});

const tenant = "tn_0000000000000001";
const event = (name: string) => ({
  tenant: tenant as `tn_${string}`,
  kind: "topic",
  parts: [name],
  action: "write" as const,
});
let writers = 0;
/** A process that writes: its own ids, and a clock that may be behind. */
const writer = (through: Store = store, behindMs = 0, shards = 1, heard: Signal = signal) =>
  changeFeed({
    store: through,
    clock: { nowMs: () => clock.nowMs() - behindMs },
    random: seededRandom(++writers),
    signal: heard,
    shards,
  });

/** A tail that never polls by itself, and the names of what it was given. */
function tailOf(options: Partial<TailOptions> = {}, through: Store = store, shards = 1) {
  const names: string[] = [];
  const errors: unknown[] = [];
  const feed = changeFeed({ store: through, clock, random: seededRandom(), signal, shards });
  const tail = feed.tail({
    onEvents: (events) => void names.push(...events.map(({ parts }) => parts[0]!)),
    onError: (error) => void errors.push(error),
    pollMs: 1e9,
    ...options,
  });
  stops.push(tail.stop);
  return { names, errors, ...tail };
}

test("what is appended arrives by the signal, without waiting for a poll", async () => {
  const arrived = Promise.withResolvers<readonly SeenEvent[]>();
  const tail = tailOf({ onEvents: arrived.resolve });
  await tail.poll();
  await writer().append(event("orders"));
  expect(await arrived.promise).toEqual([{ ...event("orders"), id: expect.any(String) }]);
});

test("poll delivers what was acknowledged before it, also when a read is past that place already", async () => {
  const reads: PromiseWithResolvers<void>[] = [];
  const slow: Store = {
    ...store,
    query: async (pk, options) => {
      const page = await store.query(pk, options);
      const gate = Promise.withResolvers<void>();
      reads.push(gate);
      await gate.promise;
      return page;
    },
  };
  const tail = tailOf({}, slow);
  await writer().append(event("late for the first read"));
  const polled = tail.poll();
  while (reads.length < 2) {
    reads[0]?.resolve();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(tail.names).toEqual([]);
  reads[1]?.resolve();
  await polled;
  expect(tail.names).toEqual(["late for the first read"]);
});

test("each event is delivered once, however often its stretch is read again", async () => {
  const tail = tailOf();
  const feed = writer();
  for (let i = 0; i < 30; i++) {
    await feed.append(event(`e${i}`));
    await tail.poll();
    clock.pass(700);
    await tail.poll();
  }
  expect(tail.names).toEqual(Array.from({ length: 30 }, (_, i) => `e${i}`));
});

test("an event of a writer whose clock is behind by less than the overlap is not missed", async () => {
  const tail = tailOf();
  await writer().append(event("ahead"));
  await tail.poll();
  await writer(store, 9900).append(event("behind"));
  await tail.poll();
  expect(tail.names).toEqual(["ahead", "behind"]);
  clock.pass(60_000);
  await tail.poll();
  expect(tail.names).toEqual(["ahead", "behind"]);
});

test("an event whose store was slower than the overlap is said again, and arrives", async () => {
  const tail = tailOf();
  let delayMs = 11_000;
  const slow: Store = {
    ...store,
    put: async (item, expect) => {
      clock.pass(delayMs);
      delayMs = 10;
      // Meanwhile the tail moves on, past the moment the event's id names.
      await tail.poll();
      return store.put(item, expect);
    },
  };
  await writer(slow).append(event("slow"));
  await tail.poll();
  expect(tail.names).toEqual(["slow"]);
});

test("events of before it began are left out, but for those of the overlap", async () => {
  const feed = writer();
  await feed.append(event("long ago"));
  clock.pass(10_001);
  await feed.append(event("just before"));
  const tail = tailOf();
  await tail.poll();
  expect(tail.names).toEqual(["just before"]);
});

test("a batch whose delivery throws is delivered again, with what came since, in order", async () => {
  const batches: string[][] = [];
  const errors: unknown[] = [];
  const tail = tailOf({
    onEvents: (events) => {
      batches.push(events.map(({ parts }) => parts[0]!));
      if (batches.length < 3) throw new Error(`cannot take batch ${batches.length}`);
    },
    onError: (error) => void errors.push(error),
  });
  await tail.poll();
  const feed = writer();
  await feed.append(event("first"));
  await tail.poll();
  clock.pass(20_000);
  await feed.append(event("second"));
  await tail.poll();
  await tail.poll();
  await tail.poll();
  const last = batches.at(-1);
  expect(last).toEqual(["first", "second"]);
  expect(batches).toHaveLength(3);
  expect(errors).toEqual([new Error("cannot take batch 1"), new Error("cannot take batch 2")]);
});

test("reads that fail are told and lose nothing", async () => {
  let isDown = true;
  const flaky: Store = {
    ...store,
    query: (pk, options) => {
      if (isDown) throw new Error("down");
      return store.query(pk, options);
    },
  };
  const tail = tailOf({}, flaky);
  await tail.poll();
  await writer().append(event("meanwhile"));
  await tail.poll();
  clock.pass(60_000);
  expect(tail.names).toEqual([]);
  expect(tail.errors.length).toBeGreaterThan(1);
  isDown = false;
  await tail.poll();
  expect(tail.names).toEqual(["meanwhile"]);
});

test("when the clock of reader and writers goes back, nothing is missed", async () => {
  const tail = tailOf();
  const unheard = processSignal(`unheard ${process.pid} ${stacks}`);
  const feed = writer(store, 0, 1, unheard);
  await feed.append(event("before"));
  await tail.poll();
  clock.pass(600_000);
  await tail.poll();
  clock.pass(-60_000);
  await feed.append(event("after"));
  await tail.poll();
  expect(tail.names).toEqual(["before", "after"]);
  await feed.append(event("later"));
  await tail.poll();
  expect(tail.names).toEqual(["before", "after", "later"]);
  unheard.close();
});

test("an event that cannot be read is told once, and does not keep the others back", async () => {
  const tail = tailOf();
  await tail.poll();
  const pk = logPk(0);
  const feed = writer();
  await feed.append(event("good"));
  const [good] = (await store.query(pk, { limit: 1 })).items;
  await store.put({ pk, sk: `${good!.sk.slice(0, -1)}~`, data: { from: "the future" } }, "absent");
  await tail.poll();
  await feed.append(event("next"));
  await tail.poll();
  expect(tail.names).toEqual(["good", "next"]);
  expect(tail.errors).toEqual([expect.objectContaining({ kind: "invalid" })]);
});

test("events of all shards arrive, in the order of their ids, beyond one page", async () => {
  const shards = 3;
  const tail = tailOf({}, store, shards);
  await tail.poll();
  const feed = writer(store, 0, shards);
  const expected: string[] = [];
  for (let i = 0; i < 700; i++) {
    clock.pass(1);
    expected.push(`e${i}`);
    const of = `tn_${String(i % 40).padStart(16, "0")}` as const;
    await feed.append({ ...event(`e${i}`), tenant: of });
  }
  await tail.poll();
  expect(tail.names).toEqual(expected);
  const used = await Promise.all([0, 1, 2].map((shard) => store.query(logPk(shard), { limit: 1 })));
  expect(used.every((page) => page.items.length === 1)).toBe(true);
});

test("events end after an hour", async () => {
  await writer().append(event("orders"));
  const [item] = (await store.query(logPk(0), { limit: 1 })).items;
  expect(item?.expiresAt).toBe(Math.floor(clock.nowMs() / 1000) + 3600);
});

test.each(["before", "after"] as const)(
  "an append whose answer is lost %s it was done fails, and the feed goes on",
  async (when) => {
    let lost: When | undefined = when;
    const feed = writer(lossy(store, () => lost));
    const tail = tailOf();
    await expect(feed.append(event("lost"))).rejects.toMatchObject({ kind: "unavailable" });
    lost = undefined;
    await feed.append(event("next"));
    await tail.poll();
    expect(tail.names).toEqual(when === "after" ? ["lost", "next"] : ["next"]);
  },
);

test("stop waits for the batch in hand, and nothing comes after it", async () => {
  const gate = Promise.withResolvers<void>();
  const began = Promise.withResolvers<void>();
  const names: string[] = [];
  const tail = tailOf({
    onEvents: async (events) => {
      began.resolve();
      await gate.promise;
      names.push(...events.map(({ parts }) => parts[0]!));
    },
  });
  const feed = writer();
  await feed.append(event("in hand"));
  await began.promise;
  let isStopped = false;
  const stopped = tail.stop().then(() => {
    isStopped = true;
  });
  await feed.append(event("too late"));
  await new Promise((resolve) => setImmediate(resolve));
  expect(isStopped).toBe(false);
  gate.resolve();
  await stopped;
  await tail.poll();
  expect(names).toEqual(["in hand"]);
});
