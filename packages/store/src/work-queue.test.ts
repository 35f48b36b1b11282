// The work queue: a change that was announced is never forgotten, whoever crashed, came late or announced again.
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type HandClock, handClock } from "../test/clock.ts";
import { interleave } from "../test/interleave.ts";
import { modelStore } from "../test/model-store.ts";
import { processSignal, type Signal } from "./signal.ts";
import type { Store } from "./store.ts";
import { type WorkEntry, type WorkKey, workQueue } from "./work-queue.ts";

let clock: HandClock;
let store: Store;
let signal: Signal;
beforeAll(() => {
  signal = processSignal(`work-queue.test ${process.pid}`);
});
afterAll(() => signal.close());
beforeEach(() => {
  clock = handClock();
  store = modelStore();
});

const queueOf = (through: Store = store, shards = 1) =>
  workQueue({ store: through, clock, signal, shards });
const topic: WorkKey = ["topic", "tn_a", "cl_b", "orders"];

async function only(queue = queueOf()): Promise<WorkEntry> {
  const { items } = await queue.list(0, 10);
  expect(items).toHaveLength(1);
  return items[0]!;
}

describe("an announcement", () => {
  test("is there before its spec, with its key and generation", async () => {
    await queueOf().announce(topic, 3);
    expect(await only()).toEqual({
      key: topic,
      generation: 3,
      announcedAtMs: clock.nowMs(),
      version: expect.any(String),
    });
  });

  test("again keeps the higher generation, and is another version", async () => {
    const queue = queueOf();
    await queue.announce(topic, 3);
    const first = await only();
    clock.pass(5);
    await queue.announce(topic, 2);
    const second = await only();
    expect(second).toMatchObject({ generation: 3, announcedAtMs: clock.nowMs() });
    expect(second.version).not.toBe(first.version);
    await queue.announce(topic, 4);
    expect((await only()).generation).toBe(4);
  });

  test("at the same time as others is not lost among them", async () => {
    const queue = queueOf();
    await Promise.all(Array.from({ length: 15 }, (_, i) => queue.announce(topic, i + 1)));
    expect((await only()).generation).toBe(15);
  });

  test("of a key with the separator in a part is refused", async () => {
    await expect(queueOf().announce(["topic", "a#b"], 1)).rejects.toMatchObject({
      code: "internal",
    });
  });
});

describe("done", () => {
  test("forgets the key when its generation was reached", async () => {
    const queue = queueOf();
    await queue.announce(topic, 3);
    expect(await queue.done(await only(), 3)).toBe(true);
    expect((await queue.list(0, 10)).items).toEqual([]);
  });

  test("keeps a key whose spec has not come yet, for a minute", async () => {
    const queue = queueOf();
    await queue.announce(topic, 3);
    expect(await queue.done(await only(), 2)).toBe(false);
    clock.pass(60_000);
    expect(await queue.done(await only(), 2)).toBe(false);
    clock.pass(1);
    expect(await queue.done(await only(), 2)).toBe(true);
    expect((await queue.list(0, 10)).items).toEqual([]);
  });

  test("a minute counts from the newest announcement", async () => {
    const queue = queueOf();
    await queue.announce(topic, 3);
    clock.pass(60_001);
    await queue.announce(topic, 3);
    expect(await queue.done(await only(), 2)).toBe(false);
  });

  test("keeps what was announced again since it was read, also when it is reached or abandoned", async () => {
    const queue = queueOf();
    await queue.announce(topic, 3);
    const read = await only();
    await queue.announce(topic, 3);
    expect(await queue.done(read, 9)).toBe(false);
    clock.pass(60_001);
    const old = await only();
    await queue.announce(topic, 4);
    expect(await queue.done(old, 3)).toBe(false);
    expect((await only()).generation).toBe(4);
  });

  test("by two workers is done once, and no error", async () => {
    const queue = queueOf();
    await queue.announce(topic, 3);
    const entry = await only();
    const both = await Promise.all([queue.done(entry, 3), queue.done(entry, 3)]);
    expect(both.sort()).toEqual([false, true]);
  });
});

test("keys are spread over shards, each listed in one, page by page", async () => {
  const queue = queueOf(store, 4);
  const names = Array.from({ length: 200 }, (_, i) => `t${i}`);
  for (const name of names) await queue.announce(["topic", "tn_a", "cl_b", name], 1);
  const found: string[][] = [];
  for (let shard = 0; shard < queue.shards; shard++) {
    const listed: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await queue.list(shard, 7, cursor);
      listed.push(...page.items.map(({ key }) => key[3]!));
      cursor = page.cursor;
    } while (cursor !== undefined);
    found.push(listed);
  }
  expect(found.flat().sort()).toEqual([...names].sort());
  expect(found.every((shard) => shard.length > 20)).toBe(true);
});

test("waking reaches whoever waits for work, until they stop", async () => {
  const queue = queueOf();
  let calls = 0;
  const woken = Promise.withResolvers<void>();
  const stop = queue.onWork(() => {
    calls += 1;
    woken.resolve();
  });
  queue.wake();
  await woken.promise;
  stop();
  const again = Promise.withResolvers<void>();
  const stopAgain = queue.onWork(again.resolve);
  queue.wake();
  await again.promise;
  stopAgain();
  expect(calls).toBe(1);
});

test("in every order of commands and workers, a spec that nobody looked at is in the queue", async () => {
  const spec = { pk: "SPEC", sk: "orders" };
  const generationOf = async (through: Store) =>
    ((await through.get(spec))?.data as number | undefined) ?? 0;
  await fc.assert(
    fc.asyncProperty(fc.infiniteStream(fc.nat()), fc.nat({ max: 2 }), async (order, crashes) => {
      store = modelStore();
      let reconciled = 0;
      /** As control does: announce, then one conditional write; the first `crashes` of them die in between. */
      const command = async (through: Store, n: number): Promise<void> => {
        const now = await through.get(spec);
        const generation = ((now?.data as number | undefined) ?? 0) + 1;
        await queueOf(through).announce(topic, generation);
        if (n < crashes) return;
        await through.put({ ...spec, data: generation }, now?.version ?? "absent").catch(() => {});
      };
      /** As the provisioner does: read the entry, load the spec, do it, then mark it. */
      const worker = async (through: Store): Promise<void> => {
        for (let i = 0; i < 4; i++) {
          const queue = queueOf(through);
          for (const entry of (await queue.list(0, 10)).items) {
            const generation = await generationOf(through);
            reconciled = Math.max(reconciled, generation);
            await queue.done(entry, generation);
          }
        }
      };
      const commands = [0, 1, 2, 3].map((n) => (through: Store) => command(through, n));
      await interleave(store, [worker, worker, ...commands], () => order.next().value);
      const unseen = (await generationOf(store)) > reconciled;
      if (unseen) expect((await queueOf().list(0, 10)).items).toHaveLength(1);
    }),
    { numRuns: 300, interruptAfterTimeLimit: 4000 },
  );
});
