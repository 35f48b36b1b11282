// Answers leave in the order of the requests, whoever gives them.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Api } from "@headgate/kafka/generated/types";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { routeFor } from "./allow-list.ts";
import { Slot, SlotQueue } from "./slots.ts";

const route = routeFor(Api.Metadata, 9)!;
const fetchRoute = routeFor(Api.Fetch, 12)!;
const none: readonly Buffer[] = [];

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

test("under any interleaving, answers leave in request order and the broker's are matched in theirs", () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant("ask" as const), forwarded: fc.boolean() }),
    fc.record({ do: fc.constant("broker" as const) }),
    fc.record({ do: fc.constant("local" as const), which: fc.nat(20) }),
  );
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 200 }), (steps) => {
      const queue = new SlotQueue();
      const local: Slot[] = [];
      const owed: number[] = [];
      const left: number[] = [];
      let asked = 0;
      const leave = () => {
        for (let next = queue.shiftReady(); next; next = queue.shiftReady())
          left.push(next.correlationId);
      };
      for (const next of steps) {
        if (next.do === "ask") {
          const slot = new Slot(route, asked++, next.forwarded);
          queue.push(slot);
          if (next.forwarded) owed.push(slot.correlationId);
          else local.push(slot);
        } else if (next.do === "broker") {
          const slot = queue.nextForwarded();
          expect(slot?.correlationId).toBe(owed.shift());
          if (slot) slot.answer = none;
        } else if (local.length > 0) {
          const [slot] = local.splice(next.which % local.length, 1);
          slot!.answer = none;
        }
        leave();
        expect(queue.size).toBe(asked - left.length);
      }
      expect(left).toEqual(left.map((_, i) => i));
    }),
    { seed: 1, numRuns: 300 },
  );
});

describe("a queue", () => {
  test("tells what the broker still owes", () => {
    const queue = new SlotQueue();
    const slot = new Slot(fetchRoute, 1, true);
    expect(queue.owes(Api.Fetch)).toBe(false);
    queue.push(slot);
    expect(queue.owes(Api.Fetch)).toBe(true);
    expect(queue.owes(Api.Metadata)).toBe(false);
    queue.nextForwarded();
    expect(queue.owes(Api.Fetch)).toBe(false);
    const refused = new Slot(fetchRoute, 2, true);
    refused.forwarded = false;
    queue.push(refused);
    expect(queue.owes(Api.Fetch)).toBe(false);
  });

  test("that is never empty keeps no answer that has left", async () => {
    const queue = new SlotQueue();
    let kept: WeakRef<Buffer[]> | undefined;
    for (let i = 0; i < 10; i++) {
      queue.push(new Slot(route, i, true));
      if (i === 0) continue;
      const slot = queue.nextForwarded()!;
      const answer = [Buffer.alloc(1)];
      slot.answer = answer;
      kept ??= new WeakRef(answer);
      queue.shiftReady();
    }
    expect(queue.size).toBe(1);
    // A reference just made is kept until the job ends.
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    expect(kept!.deref()).toBeUndefined();
  });
});
