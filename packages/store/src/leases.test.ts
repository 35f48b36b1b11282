// Leases: one holder at a time, told apart by epochs, judged by nobody's wall clock.
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lossy, type When } from "../test/faults.ts";
import { type LeaseOwner, leaseOwner } from "../test/lease-owner.ts";
import { type TempStore, tempSqlite } from "../test/temp-sqlite.ts";
import { fence, type Lease } from "./leases.ts";
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

async function won(from: LeaseOwner, name: string): Promise<Lease> {
  const lease = await from.acquire(name);
  if (!lease) throw new Error(`${name} was not won`);
  return lease;
}

describe("who holds a lease", () => {
  test("of two contenders one wins, and the other waits", async () => {
    const name = freshName();
    const [a, b] = [ownerOf("a"), ownerOf("b")];
    const [first, second] = await Promise.all([a.acquire(name), b.acquire(name)]);
    expect([first, second].filter((lease) => lease !== undefined)).toHaveLength(1);
    expect(await a.acquire(name)).toBeUndefined();
    expect(await b.acquire(name)).toBeUndefined();
  });

  test("a contender takes over when it saw the counter stand still on its own clock, not before", async () => {
    const name = freshName();
    const [a, b] = [ownerOf("a"), ownerOf("b")];
    await won(a, name);
    // However long ago it was written: what counts is how long it was watched.
    b.wait(1e9);
    expect(await b.acquire(name)).toBeUndefined();
    b.wait(1249);
    expect(await b.acquire(name)).toBeUndefined();
    b.wait(1);
    expect((await won(b, name)).epoch).toBe(2);
  });

  test("a renewal sets every contender's watch back", async () => {
    const name = freshName();
    const [a, b] = [ownerOf("a"), ownerOf("b")];
    const lease = await won(a, name);
    for (let i = 0; i < 3; i++) {
      expect(await b.acquire(name)).toBeUndefined();
      a.wait(999);
      b.wait(1249);
      expect(await lease.renew()).toBe(true);
    }
    expect(await b.acquire(name)).toBeUndefined();
    expect(lease.held()).toBe(true);
  });

  test("a holder stops believing in its lease before anybody else can", async () => {
    const name = freshName();
    const a = ownerOf("a");
    const lease = await won(a, name);
    a.wait(999);
    expect(lease.held()).toBe(true);
    a.wait(1);
    expect(lease.held()).toBe(false);
    expect(() => lease.assertHeld()).toThrow(expect.objectContaining({ kind: "conflict" }));
  });

  test("its time runs from the start of the renewal, not from its answer", async () => {
    const name = freshName();
    const slow: Store = {
      ...store,
      put: async (item, expect) => {
        const version = await store.put(item, expect);
        a.wait(600);
        return version;
      },
    };
    const a = ownerOf("a", slow);
    const lease = await won(a, name);
    a.wait(399);
    expect(lease.held()).toBe(true);
    a.wait(1);
    expect(lease.held()).toBe(false);
    expect(await lease.renew()).toBe(true);
    a.wait(399);
    expect(lease.held()).toBe(true);
    a.wait(1);
    expect(lease.held()).toBe(false);
  });

  test("late but undisturbed, it may be renewed; after a takeover it is lost for good", async () => {
    const name = freshName();
    const [a, b] = [ownerOf("a"), ownerOf("b")];
    const lease = await won(a, name);
    a.wait(5000);
    expect(await lease.renew()).toBe(true);
    expect(lease.held()).toBe(true);
    expect(await b.acquire(name)).toBeUndefined();
    b.wait(1250);
    const taken = await won(b, name);
    expect(await lease.renew()).toBe(false);
    expect(lease.held()).toBe(false);
    // Not even its release touches what is the other's now.
    await lease.release();
    expect(taken.held()).toBe(true);
    expect(await taken.renew()).toBe(true);
  });

  test("a released lease is taken at once, with the next epoch", async () => {
    const name = freshName();
    const lease = await won(ownerOf("a"), name);
    await lease.release();
    expect(lease.held()).toBe(false);
    expect(await lease.renew()).toBe(false);
    expect((await won(ownerOf("b"), name)).epoch).toBe(lease.epoch + 1);
  });

  test("who releases does not act any more, though the answer is still on its way", async () => {
    const name = freshName();
    let heldWhenTaken: boolean | undefined;
    const slow: Store = {
      ...store,
      put: async (item, expect) => {
        const version = await store.put(item, expect);
        if ((item.data as { released: boolean }).released) {
          await won(ownerOf("b"), name);
          heldWhenTaken = lease.held();
        }
        return version;
      },
    };
    const lease = await won(ownerOf("a", slow), name);
    await lease.release();
    expect(heldWhenTaken).toBe(false);
  });

  test.each(["before", "after"] as const)(
    "a renewal whose answer is lost %s it was done does not lose the lease",
    async (when) => {
      const name = freshName();
      let lost: When | undefined;
      const a = ownerOf(
        "a",
        lossy(store, () => lost),
      );
      const lease = await won(a, name);
      lost = when;
      await expect(lease.renew()).rejects.toMatchObject({ kind: "unavailable" });
      lost = undefined;
      a.wait(900);
      expect(await lease.renew()).toBe(true);
      a.wait(900);
      expect(lease.held()).toBe(true);
    },
  );

  test("renewals at the same time keep it", async () => {
    const lease = await won(ownerOf("a"), freshName());
    expect(await Promise.all([lease.renew(), lease.renew(), lease.renew()])).toEqual([
      true,
      true,
      true,
    ]);
  });
});

type Step =
  | { do: "wait"; ms: number }
  | { do: "acquire" | "renew" | "release"; who: number; lost: When | undefined };

test("whatever happens, at most one owner believes to hold it, and epochs only rise", async () => {
  const who = fc.nat({ max: 2 });
  const lost = fc.constantFrom<When | undefined>(
    undefined,
    undefined,
    undefined,
    "before",
    "after",
  );
  const acting = <const T extends string>(name: T) =>
    fc.record({ do: fc.constant(name), who, lost });
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant("wait" as const),
        ms: fc.constantFrom(300, 950, 1300),
      }),
    },
    { weight: 4, arbitrary: acting("acquire") },
    { weight: 2, arbitrary: acting("renew") },
    { weight: 1, arbitrary: acting("release") },
  );
  let takeovers = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { size: "max", maxLength: 40 }), async (steps) => {
      const name = freshName();
      let faultNow: When | undefined;
      // Clocks that run at different speeds, within what one machine may be off from another.
      const owners = [0.95, 1, 1.05].map((speed, i) => {
        const owner = ownerOf(
          `${i}`,
          lossy(store, () => faultNow),
        );
        return { ...owner, speed, lease: undefined as Lease | undefined };
      });
      let newest = 0;
      for (const each of steps) {
        if (each.do === "wait") {
          for (const owner of owners) owner.wait(each.ms * owner.speed);
        } else {
          const owner = owners[each.who]!;
          faultNow = each.lost;
          if (each.do === "acquire") {
            const lease = await owner.acquire(name).catch(() => undefined);
            if (lease) {
              expect(lease.epoch).toBeGreaterThan(newest);
              newest = lease.epoch;
              takeovers += 1;
              owner.lease = lease;
            }
          } else if (each.do === "renew") await owner.lease?.renew().catch(() => undefined);
          else await owner.lease?.release().catch(() => undefined);
          faultNow = undefined;
        }
        expect(owners.filter((owner) => owner.lease?.held()).length).toBeLessThanOrEqual(1);
      }
    }),
    { numRuns: 100, interruptAfterTimeLimit: 5000 },
  );
  expect(takeovers).toBeGreaterThan(0);
});

describe("writes under a lease", () => {
  const item = (name: string) => ({ pk: "fenced", sk: name });
  const epochOf = (data: unknown) => (data as { epoch: number } | undefined)?.epoch;

  test("a holder that was paused between its look and its write cannot write over its successor", async () => {
    const name = freshName();
    const [a, b] = [ownerOf("a"), ownerOf("b")];
    const old = await won(a, name);
    const before = await store.get(item(name));
    const epoch = fence(old, epochOf(before?.data));
    // Here it sleeps. Its clock too, so that it believes in its lease when it wakes.
    await b.acquire(name);
    b.wait(1250);
    const next = await won(b, name);
    await store.put({ ...item(name), data: { epoch: fence(next, undefined) } }, "absent");
    expect(old.held()).toBe(true);
    const late = store.put({ ...item(name), data: { epoch } }, before?.version ?? "absent");
    await expect(late).rejects.toMatchObject({ kind: "conflict" });
    expect(epochOf((await store.get(item(name)))?.data)).toBe(2);
  });

  test("nor when it reads again before it writes: the item carries the later epoch", async () => {
    const name = freshName();
    const [a, b] = [ownerOf("a"), ownerOf("b")];
    const old = await won(a, name);
    await b.acquire(name);
    b.wait(1250);
    const next = await won(b, name);
    await store.put({ ...item(name), data: { epoch: fence(next, undefined) } }, "absent");
    const there = await store.get(item(name));
    expect(() => fence(old, epochOf(there?.data))).toThrow(
      expect.objectContaining({ kind: "conflict" }),
    );
    expect(fence(next, epochOf(there?.data))).toBe(2);
  });

  test("nor when it knows that its time is over", async () => {
    const a = ownerOf("a");
    const lease = await won(a, freshName());
    a.wait(1000);
    expect(() => fence(lease, undefined)).toThrow(expect.objectContaining({ kind: "conflict" }));
  });
});
