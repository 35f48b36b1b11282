import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { repeated } from "./repeated.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A job whose runs end when the test says so. */
function job() {
  const runs: PromiseWithResolvers<void>[] = [];
  return {
    run: () => {
      const run = Promise.withResolvers<void>();
      runs.push(run);
      return run.promise;
    },
    get begun() {
      return runs.length;
    },
    end: (error?: Error) => (error ? runs.at(-1)!.reject(error) : runs.at(-1)!.resolve()),
  };
}

const neverFails = (error: unknown): number => {
  throw error;
};
const turn = () => vi.advanceTimersByTimeAsync(0);

test("it never runs twice at once; asked for meanwhile, however often, it runs once more", async () => {
  const work = job();
  const it = repeated(work.run, neverFails);
  const first = it.now();
  await turn();
  const more = [it.now(), it.now(), it.now()];
  it.soon(0);
  await turn();
  expect(work.begun).toBe(1);
  work.end();
  await first;
  await turn();
  expect(work.begun).toBe(2);
  work.end();
  await Promise.all(more);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(work.begun).toBe(2);
});

test("the soonest wish counts, and a later one does not put it off", async () => {
  const work = job();
  const it = repeated(work.run, neverFails);
  it.soon(5000);
  it.soon(100);
  it.soon(3000);
  await vi.advanceTimersByTimeAsync(99);
  expect(work.begun).toBe(0);
  await vi.advanceTimersByTimeAsync(1);
  expect(work.begun).toBe(1);
});

test("a run that fails is told and comes again after the time the listener says; who waited hears of it", async () => {
  const work = job();
  const told: unknown[] = [];
  const it = repeated(work.run, (error) => {
    told.push(error);
    return 250;
  });
  it.soon(0);
  await turn();
  const error = new Error("no cell");
  work.end(error);
  await vi.advanceTimersByTimeAsync(249);
  expect(told).toEqual([error]);
  expect(work.begun).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(work.begun).toBe(2);
  work.end();
  const waited = it.now();
  await turn();
  work.end(error);
  await expect(waited).rejects.toBe(error);
  // A failure somebody waited for is theirs to repeat.
  await vi.advanceTimersByTimeAsync(60_000);
  expect(work.begun).toBe(3);
});

test("closing waits for the run in hand and lets no other begin, not even one that was asked for", async () => {
  const work = job();
  const it = repeated(work.run, neverFails);
  const first = it.now();
  await turn();
  const second = it.now();
  it.soon(10);
  let closed = false;
  const closing = it.close().then(() => {
    closed = true;
  });
  await vi.advanceTimersByTimeAsync(1000);
  expect(closed).toBe(false);
  work.end();
  await Promise.all([first, second, closing]);
  it.soon(0);
  await vi.advanceTimersByTimeAsync(1000);
  expect(work.begun).toBe(1);
  expect(vi.getTimerCount()).toBe(0);
});
