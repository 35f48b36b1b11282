// Waiting for the provisioner: by signal where there is one, by looking again where it got lost, and never too long.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { openWorld, type World } from "../test/world.ts";
import { isSettled, waitGone, waitReady } from "./wait.ts";

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => {
  vi.useRealTimers();
  world.close();
});

type Phase = "Pending" | "Ready" | "Failed" | "Deleting";
const resource = (phase: Phase, observedGeneration: number, generation = observedGeneration) => ({
  generation,
  status: { phase, observedGeneration },
});

test.each<[Phase, number, boolean]>([
  ["Ready", 2, true],
  ["Ready", 3, true],
  ["Ready", 1, false],
  ["Failed", 2, true],
  ["Failed", 1, false],
  ["Pending", 2, false],
  ["Deleting", 2, false],
])("%s having seen generation %i: an end of generation 2 is %s", (phase, observed, settled) => {
  expect(isSettled(resource(phase, observed), 2)).toBe(settled);
});

/** Reads that answer what is next, then the last for ever; `reads` counts them. */
function script<T>(...answers: T[]) {
  const state = { reads: 0 };
  const read = async (): Promise<T> => answers[Math.min(state.reads++, answers.length - 1)] as T;
  return { read, state };
}

describe("until it is ready", () => {
  test("what is so already is answered by the first read", async () => {
    const { read, state } = script(resource("Ready", 2));
    expect(await waitReady(world.control, read, 2, 0)).toEqual(resource("Ready", 2));
    expect(state.reads).toBe(1);
  });

  test("a signal is all it takes: no timer runs", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { read, state } = script(resource("Pending", 1), resource("Ready", 2));
    const ready = waitReady(world.control, read, 2, 10_000, "topic:cl:orders");
    await vi.waitFor(() => expect(state.reads).toBe(1));
    world.control.signal.notify("topic:cl:orders");
    expect(await ready).toEqual(resource("Ready", 2));
    expect(vi.getTimerCount()).toBe(0);
  });

  test("a signal that comes during a read is not missed", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    let reads = 0;
    const read = async () => {
      reads += 1;
      if (reads > 1) return resource("Ready", 2);
      const heard = new Promise<void>((resolve) => world.control.signal.on("t", resolve));
      world.control.signal.notify("t");
      await heard;
      return resource("Pending", 1);
    };
    expect(await waitReady(world.control, read, 2, 10_000, "t")).toEqual(resource("Ready", 2));
  });

  test("a signal that got lost costs half a second, not the answer", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { read, state } = script(resource("Pending", 1), resource("Ready", 2));
    const ready = waitReady(world.control, read, 2, 10_000, "topic:cl:orders");
    await vi.waitFor(() => expect(vi.getTimerCount()).toBe(1));
    expect(state.reads).toBe(1);
    await vi.advanceTimersByTimeAsync(500);
    expect(await ready).toEqual(resource("Ready", 2));
  });

  test("time that is out is said, after a last look, and the work goes on", async () => {
    const { read, state } = script(resource("Pending", 1));
    await expect(waitReady(world.control, read, 2, 0)).rejects.toMatchObject({
      code: "wait.timeout",
      kafkaCode: 7,
    });
    expect(state.reads).toBe(1);
    const started = performance.now();
    const waited = waitReady(world.control, read, 2, 30, "topic:cl:orders");
    await expect(waited).rejects.toMatchObject({ code: "wait.timeout" });
    expect(performance.now() - started).toBeGreaterThan(25);
  });

  test("what disappears while it is waited for is not found", async () => {
    const { read } = script(resource("Pending", 1), undefined);
    const ready = waitReady(world.control, read, 2, 10_000, "t");
    world.control.signal.notify("t");
    await expect(ready).rejects.toMatchObject({ code: "resource.not_found" });
  });

  test("a read that fails ends the wait with its error", async () => {
    const read = async () => {
      throw new Error("no store");
    };
    await expect(waitReady(world.control, read, 2, 10_000)).rejects.toThrow("no store");
  });
});

describe("until it is gone", () => {
  test("it is answered once nothing is found any more", async () => {
    const { read, state } = script<unknown>("there", undefined);
    const gone = waitGone(world.control, read, 10_000, "t");
    await vi.waitFor(() => expect(state.reads).toBe(1));
    world.control.signal.notify("t");
    await gone;
    expect(state.reads).toBe(2);
  });

  test("time that is out is said", async () => {
    const gone = waitGone(world.control, async () => "there", 0);
    await expect(gone).rejects.toMatchObject({ code: "wait.timeout" });
  });
});
