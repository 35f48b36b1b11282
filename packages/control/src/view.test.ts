// Lists and retries: bounded work per answer, nothing left out, nothing twice.

import { StoreError } from "@headgate/store/errors";
import { expect, test } from "vitest";
import { openWorld } from "../test/world.ts";
import { retryConflicts } from "./retry.ts";
import { listView } from "./view.ts";

type Phase = "Pending" | "Ready";
const item = (n: number, phase: Phase) => ({ n, status: { phase } });

/** A store of items in order; cursors are positions. `reads` are the limits asked for. */
function pagesOf(items: readonly ReturnType<typeof item>[]) {
  const reads: number[] = [];
  const read = async ({ limit, cursor }: { limit: number; cursor?: string | undefined }) => {
    reads.push(limit);
    const from = Number(cursor ?? 0);
    const page = items.slice(from, from + limit).map((value) => ({ value, version: "v" }));
    const next = from + limit < items.length ? { cursor: String(from + limit) } : {};
    return { items: page, ...next };
  };
  return { read, reads };
}
const same = <T>(value: T): T => value;

test("a page is filled from as many store pages as it takes", async () => {
  const items = Array.from({ length: 40 }, (_, n) => item(n, n % 4 === 0 ? "Ready" : "Pending"));
  const { read } = pagesOf(items);
  const first = await listView(read, same, { limit: 5, phase: "Ready" });
  expect(first.items.map(({ n }) => n)).toEqual([0, 4, 8, 12, 16]);
  const second = await listView(read, same, { limit: 5, phase: "Ready", cursor: first.next });
  expect(second.items.map(({ n }) => n)).toEqual([20, 24, 28, 32, 36]);
  const last =
    second.next && (await listView(read, same, { limit: 5, phase: "Ready", cursor: second.next }));
  expect(last ? last.items : []).toEqual([]);
});

test("a filter that finds nothing stops after a bounded number of reads, and can be gone on with", async () => {
  const items = Array.from({ length: 1000 }, (_, n) => item(n, n === 999 ? "Ready" : "Pending"));
  const { read, reads } = pagesOf(items);
  const found: number[] = [];
  let cursor: string | undefined;
  let answers = 0;
  do {
    reads.length = 0;
    const page = await listView(read, same, { limit: 10, phase: "Ready", cursor });
    expect(reads.length).toBeLessThanOrEqual(20);
    found.push(...page.items.map(({ n }) => n));
    cursor = page.next;
    answers += 1;
  } while (cursor !== undefined);
  expect(found).toEqual([999]);
  expect(answers).toBe(5);
});

test("without a filter one read is one page, and the last has no cursor", async () => {
  const { read, reads } = pagesOf([item(0, "Ready"), item(1, "Ready")]);
  expect(await listView(read, same, { limit: 2 })).toEqual({
    items: [item(0, "Ready"), item(1, "Ready")],
  });
  expect(reads).toEqual([2]);
  expect(await listView(pagesOf([]).read, same, { limit: 2 })).toEqual({ items: [] });
});

test("a conflict is tried again, a bounded number of times; any other error is not", async () => {
  const { control, close } = await openWorld();
  // No randomness in the pauses: none.
  const still = { ...control, random: { bytes: (size: number) => new Uint8Array(size) } };
  let tries = 0;
  const fail = (until: number, error: Error) => async () => {
    tries += 1;
    if (tries < until) throw error;
    return tries;
  };
  const conflict = new StoreError("conflict", "moved");
  expect(await retryConflicts(still, fail(5, conflict))).toBe(5);
  tries = 0;
  await expect(retryConflicts(still, fail(1e9, conflict))).rejects.toMatchObject({
    code: "resource.conflict",
    cause: conflict,
    retryable: true,
  });
  expect(tries).toBe(60);
  tries = 0;
  const other = new StoreError("unavailable", "no answer");
  await expect(retryConflicts(still, fail(2, other))).rejects.toBe(other);
  expect(tries).toBe(1);
  close();
});
