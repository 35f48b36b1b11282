// One budget for all connections: who is stuck pays first.
import { beforeEach, describe, expect, test } from "vitest";
import {
  type FrameMemory,
  FrameMemoryError,
  frameMemory,
  type MemoryLease,
} from "./frame-memory.ts";

const mib = 1024 * 1024;
let nowMs: number;
let memory: FrameMemory;
let closed: string[];

beforeEach(() => {
  nowMs = 0;
  closed = [];
  memory = frameMemory({ bytesMax: 4 * mib, nowMs: () => nowMs });
});

function connection(name: string): MemoryLease {
  const lease: MemoryLease = memory.lease(() => {
    closed.push(name);
    lease.release();
  });
  return lease;
}

test("what is taken counts until it is given back or its connection ends", () => {
  const [a, b] = [connection("a"), connection("b")];
  const slab = a.take(mib);
  b.take(mib);
  b.take(mib);
  expect(memory.heldBytes).toBe(3 * mib);
  expect(memory.usedShare).toBe(0.75);
  a.give(slab);
  b.release();
  b.release();
  expect(memory.heldBytes).toBe(0);
});

test("a write that ends after its connection did is not counted twice", () => {
  const a = connection("a");
  const slab = a.take(mib);
  a.release();
  a.give(slab);
  expect(memory.heldBytes).toBe(0);
});

describe("when the budget is used up", () => {
  test("connections that moved nothing are closed, the longest stuck first, no more than needed", () => {
    const stuck = ["a", "b", "c", "d"].map((name) => {
      const lease = connection(name);
      lease.take(mib);
      nowMs += 1;
      return lease;
    });
    nowMs += 10_000;
    connection("e").take(mib);
    expect(closed).toEqual(["a"]);
    stuck[1]!.give(stuck[1]!.take(64 * 1024));
    expect(closed).toEqual(["a", "c"]);
    // b moved meanwhile.
    connection("f").take(2 * mib);
    expect(closed).toEqual(["a", "c", "d"]);
  });

  test("and everybody moves, nobody is closed and who asks is refused", () => {
    const a = connection("a");
    a.take(4 * mib);
    nowMs += 500;
    expect(() => connection("b").take(mib)).toThrow(FrameMemoryError);
    expect(closed).toEqual([]);
    expect(memory.heldBytes).toBe(4 * mib);
  });

  test("who asks is not closed for it, even when it is the one that is stuck", () => {
    const a = connection("a");
    a.take(4 * mib);
    nowMs += 10_000;
    expect(() => a.take(mib)).toThrow(FrameMemoryError);
    expect(closed).toEqual([]);
  });
});
