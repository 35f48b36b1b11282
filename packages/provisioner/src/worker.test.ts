import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { processSignal, type Signal } from "@headgate/store/signal";
import { openSqlite } from "@headgate/store/sqlite";
import type { Store } from "@headgate/store/store";
import { type WorkKey, type WorkQueue, workQueue } from "@headgate/store/work-queue";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { again, done, type Outcome } from "./outcome.ts";
import { startWorker, type Worker, type WorkerOptions } from "./worker.ts";

let dir: string;
let store: Store;
let signal: Signal;
let nowMs: number;
let queue: WorkQueue;
let worker: Worker | undefined;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
  dir = mkdtempSync(join(tmpdir(), "headgate-worker-"));
  store = openSqlite({ path: join(dir, "store.sqlite") });
  signal = processSignal(dir);
  nowMs = 1_000_000;
  queue = workQueue({ store, signal, clock: { nowMs: () => nowMs }, shards: 2 });
});

afterEach(async () => {
  await worker?.stop();
  worker = undefined;
  signal.close();
  await store.close();
  rmSync(dir, { recursive: true, force: true });
  vi.useRealTimers();
});

/** A wait of `attempt` is 75, 125, 225, … ms. */
const middlingDice = { bytes: (size: number) => new Uint8Array(size).fill(128) };

function start(reconcile: WorkerOptions["reconcile"], more: Partial<WorkerOptions> = {}): Worker {
  worker = startWorker({ queue, reconcile, random: middlingDice, ...more });
  return worker;
}

/** Until all that can happen without time passing has happened: the store answers within a turn of the event loop. */
async function idle(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await new Promise((resolve) => setImmediate(resolve));
}

async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
  await idle();
}

async function announce(name: string, generation = 1): Promise<void> {
  await queue.announce(["thing", name], generation);
  queue.wake();
}

async function queued(): Promise<string[]> {
  const pages = await Promise.all([queue.list(0, 1000), queue.list(1, 1000)]);
  return pages.flatMap((page) => page.items.map((entry) => entry.key.join("#"))).sort();
}

/** Reconciles that end when the test says so. */
function held() {
  const running: { name: string; end: (outcome: Outcome) => void }[] = [];
  const begun: string[] = [];
  let together = 0;
  const reconcile = async ([, name]: WorkKey): Promise<Outcome> => {
    expect(running.map((each) => each.name)).not.toContain(name);
    begun.push(name!);
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    running.push({ name: name!, end: resolve });
    together = Math.max(together, running.length);
    return promise;
  };
  return {
    reconcile,
    begun,
    get together() {
      return together;
    },
    end(outcome: Outcome = done(1)) {
      running.shift()?.end(outcome);
    },
    get running() {
      return running.length;
    },
  };
}

test("announced work is reconciled at once and leaves the queue when its generation was reached", async () => {
  const seen: WorkKey[] = [];
  start(async (key) => {
    seen.push(key);
    return done(3);
  });
  await announce("a", 3);
  await idle();
  expect(seen).toEqual([["thing", "a"]]);
  expect(await queued()).toEqual([]);
});

test("what a crash left in the queue is found without a signal", async () => {
  await queue.announce(["thing", "left"], 1);
  const work = held();
  start(work.reconcile);
  await idle();
  expect(work.begun).toEqual(["left"]);
  work.end();
});

test("one key is never reconciled twice at once, however it is asked for, and no asking is lost", async () => {
  const work = held();
  const { touch } = start(work.reconcile);
  await announce("a");
  await idle();
  for (let i = 0; i < 5; i++) {
    touch(["thing", "a"]);
    await announce("a", 2);
    await pass(1000);
  }
  expect(work.begun).toEqual(["a"]);
  work.end(done(1));
  await idle();
  expect(work.begun).toEqual(["a", "a"]);
  expect(await queued()).toEqual(["thing#a"]);
  work.end(done(2));
  await idle();
  work.end(done(2));
  await idle();
  expect(work.running).toBe(0);
  expect(await queued()).toEqual([]);
});

test("no more than `concurrency` keys are in hand; the next begins when one ends, over all pages and shards", async () => {
  const names = Array.from({ length: 250 }, (_, i) => `k${i}`);
  await Promise.all(names.map((name) => queue.announce(["thing", name], 1)));
  const work = held();
  start(work.reconcile, { concurrency: 3 });
  await idle();
  expect(work.running).toBe(3);
  work.end();
  await idle();
  expect(work.begun).toHaveLength(4);
  while (work.running > 0) {
    work.end();
    await idle();
  }
  expect(work.begun.toSorted()).toEqual(names.toSorted());
  expect(work.together).toBe(3);
  expect(await queued()).toEqual([]);
});

test("a failed key waits longer each time, by the dice, and its success ends that", async () => {
  let fails = 3;
  let tries = 0;
  start(async () => {
    tries += 1;
    if (fails-- > 0) throw new Error("not yet");
    return done(1);
  });
  await announce("a");
  await idle();
  const waitsMs = [75, 125, 225];
  for (const [i, waitMs] of waitsMs.entries()) {
    await pass(waitMs - 1);
    expect(tries).toBe(i + 1);
    await pass(1);
    expect(tries).toBe(i + 2);
  }
  expect(await queued()).toEqual([]);
  fails = 1;
  await announce("a");
  await idle();
  await pass(75);
  expect(tries).toBe(6);
});

test("news of a failing key is tried at once; a touch is no news", async () => {
  let tries = 0;
  const { touch } = start(async () => {
    tries += 1;
    return { do: "retry", error: new Error("no") };
  });
  await announce("a");
  await idle();
  for (let i = 0; i < 20; i++) touch(["thing", "a"]);
  await idle();
  expect(tries).toBe(1);
  await announce("a", 2);
  await idle();
  expect(tries).toBe(2);
  touch(["thing", "b"]);
  await idle();
  for (let i = 0; i < 20; i++) touch(["thing", "b"]);
  await idle();
  expect(tries).toBe(3);
});

test("`again` comes back after the time it asked for, for entries and touched keys alike, though no poll is due", async () => {
  const tries: string[] = [];
  const { touch } = start(
    async ([, name]) => {
      tries.push(name!);
      return tries.length < 4 ? again(40) : done(1);
    },
    { pollMs: 1_000_000 },
  );
  await announce("a");
  touch(["thing", "b"]);
  await idle();
  expect(tries.toSorted()).toEqual(["a", "b"]);
  await pass(39);
  expect(tries).toHaveLength(2);
  await pass(1);
  expect(tries.toSorted()).toEqual(["a", "a", "b", "b"]);
});

test("an announcement whose spec has not come stays, is looked at on a signal and by polling, and is dropped after a minute", async () => {
  let tries = 0;
  start(
    async () => {
      tries += 1;
      return done(0);
    },
    { pollMs: 1000 },
  );
  await announce("a", 1);
  await idle();
  expect(tries).toBe(1);
  await idle();
  expect(tries).toBe(1);
  queue.wake();
  await idle();
  expect(tries).toBe(2);
  await pass(1000);
  expect(tries).toBe(3);
  expect(await queued()).toEqual(["thing#a"]);
  nowMs += 60_001;
  await pass(1000);
  expect(await queued()).toEqual([]);
});

test("a stuck key leaves the queue like a finished one, and is told to the operator", async () => {
  const told: unknown[] = [];
  start(async () => ({ do: "stuck", generation: 1, reason: "INVALID_CONFIG", message: "no" }), {
    log: (message, fields) => told.push({ message, ...fields }),
  });
  await announce("a");
  await idle();
  expect(await queued()).toEqual([]);
  expect(told).toEqual([{ message: "stuck", key: ["thing", "a"], reason: "no" }]);
});

test("stopping waits for what is in hand and begins nothing more; no timer is left", async () => {
  const work = held();
  const { touch, stop } = start(work.reconcile, { concurrency: 1 });
  await announce("a");
  await announce("b");
  await idle();
  touch(["thing", "c"]);
  let stopped = false;
  const stopping = stop().then(() => {
    stopped = true;
  });
  await pass(5000);
  expect(stopped).toBe(false);
  work.end({ do: "retry", error: new Error("late") });
  await stopping;
  await announce("d");
  await pass(5000);
  expect(work.begun).toEqual(["a"]);
  // The store's own sweep.
  expect(vi.getTimerCount()).toBe(1);
});

test("a queue that cannot be read is told and read again", async () => {
  const told: string[] = [];
  let readable = false;
  const flaky: WorkQueue = {
    ...queue,
    list: (...args) => (readable ? queue.list(...args) : Promise.reject(new Error("disk"))),
  };
  const work = held();
  start(work.reconcile, { queue: flaky, log: (message) => told.push(message), pollMs: 1000 });
  await announce("a");
  await idle();
  expect(told).toContain("work queue cannot be read");
  readable = true;
  await pass(1000);
  expect(work.begun).toEqual(["a"]);
  work.end();
});
