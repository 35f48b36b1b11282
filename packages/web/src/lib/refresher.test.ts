import { expect, test } from "vitest";
import { createRefresher } from "./refresher.ts";

/** A refresh whose runs end when they are told to. */
function held() {
  const runs: { names: string[]; end: () => void }[] = [];
  let began = Promise.withResolvers<void>();
  return {
    runs,
    refresh: (names: ReadonlySet<string>) =>
      new Promise<void>((end) => {
        runs.push({ names: [...names].sort(), end });
        began.resolve();
      }),
    async next() {
      await began.promise;
      began = Promise.withResolvers();
    },
  };
}

test("a flood of hints becomes one refresh after the one that runs, and none is lost", async () => {
  const { runs, refresh, next } = held();
  const mark = createRefresher(refresh, 0);
  mark(["usage"]);
  await next();
  for (let i = 0; i < 1000; i++) mark([i % 2 === 0 ? "topics" : "usage"]);
  expect(runs.map((run) => run.names)).toEqual([["usage"]]);
  runs[0]!.end();
  await next();
  expect(runs.map((run) => run.names)).toEqual([["usage"], ["topics", "usage"]]);
});

test("a refresh that fails does not end the following ones", async () => {
  const seen: string[] = [];
  const done = Promise.withResolvers<void>();
  const mark = createRefresher(async (names) => {
    seen.push(...names);
    if (seen.length === 1) throw new Error("the network is gone");
    done.resolve();
  }, 0);
  mark(["usage"]);
  mark(["topics"]);
  await done.promise;
  expect(seen).toEqual(["usage", "topics"]);
});

test("a hint about nothing refreshes nothing", () => {
  const seen: string[] = [];
  createRefresher(async (names) => seen.push(...names), 0)([]);
  expect(seen).toEqual([]);
});
