// Keeping a lease: renewed while it is held, ended before the next one begins. The intervals are stepped by hand.
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { lossy, type When } from "../test/faults.ts";
import { type LeaseOwner, leaseOwner } from "../test/lease-owner.ts";
import { type TempStore, tempSqlite } from "../test/temp-sqlite.ts";
import { keepLease } from "./leases.ts";
import type { Store } from "./store.ts";

let temp: TempStore;
let store: Store;
beforeAll(() => {
  temp = tempSqlite();
  store = temp.store;
});
afterAll(() => temp.close());

let names = 0;
const freshName = () => `lease-${++names}`;
const ownerOf = (owner: string, through = store) => leaseOwner(owner, through);

afterEach(() => {
  vi.useRealTimers();
});
const useFakeIntervals = () => vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
/** Lets everything that is on its way arrive: a commit takes one turn of the event loop. */
const settle = async () => {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
};
/** Own clock and the world's intervals move together. */
const pass = async (ms: number, ...owners: LeaseOwner[]) => {
  for (let left = ms; left > 0; left -= 50) {
    for (const owner of owners) owner.wait(50);
    vi.advanceTimersByTime(50);
    await settle();
  }
};

test("it is renewed for as long as it is kept, and the other gets it when it is stopped", async () => {
  useFakeIntervals();
  const name = freshName();
  const [a, b] = [ownerOf("a"), ownerOf("b")];
  const held: string[] = [];
  const keep = (from: typeof a, who: string) =>
    keepLease(from, name, {
      onHeld: ({ epoch }, signal) => {
        held.push(`${who} ${epoch}`);
        signal.addEventListener("abort", () => held.push(`${who} ended`));
      },
    });
  const first = keep(a, "a");
  await settle();
  const second = keep(b, "b");
  await pass(5000, a, b);
  expect(held).toEqual(["a 1"]);
  await first.stop();
  await pass(350, a, b);
  expect(held).toEqual(["a 1", "a ended", "b 2"]);
  await second.stop();
  expect(held.at(-1)).toBe("b ended");
});

test("a holder whose store does not answer ends its work before the other begins", async () => {
  useFakeIntervals();
  const name = freshName();
  let isSilent = false;
  const silent: Store = {
    ...store,
    put: (item, expect) => (isSilent ? new Promise(() => undefined) : store.put(item, expect)),
  };
  const [a, b] = [ownerOf("a", silent), ownerOf("b")];
  const held: string[] = [];
  const keep = (from: typeof a, who: string) =>
    keepLease(from, name, {
      onHeld: (_, signal) => {
        held.push(who);
        signal.addEventListener("abort", () => held.push(`${who} ended`));
      },
    });
  keep(a, "a");
  await settle();
  const second = keep(b, "b");
  isSilent = true;
  await pass(2000, a, b);
  expect(held).toEqual(["a", "a ended", "b"]);
  await second.stop();
});

test("work that cannot begin gives the lease back, and is tried again", async () => {
  useFakeIntervals();
  const a = ownerOf("a");
  const epochs: number[] = [];
  const errors: unknown[] = [];
  const kept = keepLease(a, freshName(), {
    onHeld: ({ epoch }) => {
      epochs.push(epoch);
      if (epochs.length === 1) throw new Error("cannot begin");
    },
    onError: (error) => errors.push(error),
  });
  await settle();
  expect(errors).toEqual([new Error("cannot begin")]);
  await pass(350, a);
  expect(epochs).toEqual([1, 2]);
  await kept.stop();
});

test("a store that fails is reported, and the lease is kept as long as it lasts", async () => {
  useFakeIntervals();
  let lost: When | undefined;
  const a = ownerOf(
    "a",
    lossy(store, () => lost),
  );
  const errors: unknown[] = [];
  let ended = false;
  const kept = keepLease(a, freshName(), {
    onHeld: (_, signal) => signal.addEventListener("abort", () => (ended = true)),
    onError: (error) => errors.push(error),
  });
  await settle();
  lost = "before";
  await pass(400, a);
  expect(errors.length).toBeGreaterThan(0);
  lost = undefined;
  await pass(3000, a);
  expect(ended).toBe(false);
  lost = "before";
  await kept.stop();
  expect(ended).toBe(true);
  expect(errors.at(-1)).toMatchObject({ kind: "unavailable" });
});
