// The laws of the partition counter, over every order of takes, gives, crashes and looks: never over the maximum, never
// below what topics hold, nothing lost for good, nothing given back twice.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  abandonedAfterMs,
  cancel,
  give,
  lower,
  maxOf,
  noPartitions,
  type PartitionQuota,
  settle,
  take,
} from "./quota.ts";

const max = 20;

interface Held {
  id: string;
  partitions: number;
  reservation: string | undefined;
}
type Step =
  /** A command: reserves for a topic that is made or grows, then writes it, is refused, or dies. */
  | { do: "grow"; name: string; partitions: number; end: "written" | "refused" | "died" }
  /** The provisioner: says that a topic goes, then removes it, or dies. */
  | { do: "remove"; name: string; dies: boolean }
  | { do: "wait"; ms: number };

const name = fc.constantFrom("a", "b", "c");
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("grow" as const),
      name,
      partitions: fc.integer({ min: 1, max: 8 }),
      end: fc.constantFrom("written", "written", "refused", "died"),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("remove" as const), name, dies: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("wait" as const),
      ms: fc.constantFrom(1000, abandonedAfterMs - 1, abandonedAfterMs),
    }),
  },
);

/** A counter and the topics it is about, changed step by step as control and the provisioner do. */
function world() {
  const topics = new Map<string, Held>();
  let quota: PartitionQuota = noPartitions;
  let nowMs = 0;
  let tokens = 0;
  const look = () => {
    const traces = new Map(
      [...topics].map(([each, { id, reservation }]) => [each, { id, name: each, reservation }]),
    );
    quota = settle(quota, traces, nowMs);
  };
  return {
    held: () => [...topics.values()].reduce((sum, { partitions }) => sum + partitions, 0),
    quota: () => quota,
    /** Looks a minute later: nobody is under way any more. */
    rest() {
      nowMs += abandonedAfterMs;
      look();
    },
    run(each: Step) {
      if (each.do === "wait") {
        nowMs += each.ms;
        return look();
      }
      look();
      const topic = topics.get(each.name);
      const token = `t${++tokens}`;
      if (each.do === "remove") {
        if (!topic) return;
        quota = give(quota, {
          topic: each.name,
          token: topic.id,
          partitions: topic.partitions,
          atMs: nowMs,
        });
        if (each.dies) return;
        topics.delete(each.name);
        return look();
      }
      const { partitions, end } = each;
      const next = take(quota, { topic: each.name, token, partitions, atMs: nowMs }, max);
      if (!next) {
        expect(quota.used + partitions).toBeGreaterThan(max);
        return;
      }
      quota = next;
      if (end === "refused") quota = cancel(quota, token);
      if (end !== "written") return;
      const held = (topic?.partitions ?? 0) + partitions;
      topics.set(each.name, { id: topic?.id ?? token, partitions: held, reservation: token });
    },
  };
}

test("whatever happens in whatever order, the counter keeps its laws", () => {
  fc.assert(
    fc.property(fc.array(step, { size: "max", maxLength: 40 }), (steps) => {
      const { run, quota, held, rest } = world();
      for (const each of steps) {
        run(each);
        expect(quota().used).toBeLessThanOrEqual(max);
        expect(quota().used).toBeGreaterThanOrEqual(held());
      }
      rest();
      expect(quota().used).toBe(held());
      expect(quota().pending.every(({ kind }) => kind === "give")).toBe(true);
    }),
    { numRuns: 1000 },
  );
});

describe("one entry", () => {
  const entry = { topic: "a", token: "t", partitions: 3, atMs: 0 };
  const topics = (trace?: { id?: string; reservation?: string }) =>
    new Map(trace ? [["a", { id: "id", name: "a", reservation: undefined, ...trace }]] : []);

  test("a take is kept for a minute, then void; carried by its topic, it is done at once", () => {
    const taken = take(noPartitions, entry, 3)!;
    expect(settle(taken, topics(), abandonedAfterMs - 1)).toEqual(taken);
    expect(settle(taken, topics(), abandonedAfterMs)).toEqual(noPartitions);
    expect(settle(taken, topics({ reservation: "t" }), 0)).toEqual({ used: 3, pending: [] });
    expect(settle(taken, topics({ reservation: "other" }), 0)).toEqual(taken);
  });

  test("a take that would pass the maximum is none, to the last partition", () => {
    expect(take(noPartitions, entry, 3)).toBeDefined();
    expect(take(noPartitions, entry, 2)).toBeUndefined();
  });

  test("a give counts once the topic is gone, or another one has its name", () => {
    const given = give({ used: 3, pending: [] }, { ...entry, token: "id" });
    expect(settle(given, topics({ id: "id" }), 1e9)).toEqual(given);
    expect(settle(given, topics({ id: "another" }), 0)).toEqual(noPartitions);
    expect(settle(given, topics(), 0)).toEqual(noPartitions);
  });

  test("a give said twice is one, with what the topic grew to in between", () => {
    const given = give({ used: 9, pending: [] }, { ...entry, token: "id" });
    const again = give(given, { ...entry, token: "id", partitions: 5 });
    expect(settle(again, topics(), 0)).toEqual({ used: 4, pending: [] });
    // By one that had read it before it grew.
    const late = give(again, { ...entry, token: "id", partitions: 3 });
    expect(settle(late, topics(), 0)).toEqual({ used: 4, pending: [] });
  });

  test("a cancel takes back its own take and no other, once", () => {
    const taken = take(take(noPartitions, entry, 9)!, { ...entry, token: "u" }, 9)!;
    const cancelled = cancel(taken, "t");
    expect(cancelled).toMatchObject({ used: 3, pending: [{ token: "u" }] });
    expect(cancel(cancelled, "t")).toEqual(cancelled);
    const given = give({ used: 3, pending: [] }, { ...entry, token: "t" });
    expect(cancel(given, "t")).toEqual(given);
  });
});

describe("a maximum that was lowered", () => {
  const entry = { topic: "a", token: "t", partitions: 3, atMs: 0 };

  test("is refused while more are in use or reserved", () => {
    const taken = take(noPartitions, entry, 9)!;
    expect(lower(taken, 2, 0)).toBeUndefined();
    expect(lower(taken, 3, 0)).toMatchObject({ used: 3 });
  });

  test("binds those who read the higher one, for a minute", () => {
    const lowered = lower(noPartitions, 5, 0)!;
    expect(take(lowered, { ...entry, partitions: 6 }, 100)).toBeUndefined();
    expect(maxOf(lowered, 100)).toBe(5);
    const later = settle(lowered, new Map(), abandonedAfterMs);
    expect(take(later, { ...entry, partitions: 6 }, 100)).toBeDefined();
    expect(settle(lowered, new Map(), abandonedAfterMs - 1)).toEqual(lowered);
  });

  test("stays the lowest of several, and outlives takes, gives and cancels", () => {
    const twice = lower(lower(noPartitions, 5, 0)!, 8, 1)!;
    expect(maxOf(twice, 100)).toBe(5);
    const taken = take(twice, entry, 100)!;
    expect(maxOf(cancel(give(taken, { ...entry, token: "g" }), "t"), 100)).toBe(5);
  });
});
