// Where a cell's brokers are, read from a real store and kept for a moment.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CellId } from "@headgate/core/ids";
import { cells } from "@headgate/store/cells";
import { openSqlite } from "@headgate/store/sqlite";
import type { Store } from "@headgate/store/store";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { cellBrokers } from "./cell-brokers.ts";

const cell: CellId = "ce_0000000000000000";
let dir: string;
let store: Store;
let reads: number;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
  dir = mkdtempSync(join(tmpdir(), "headgate-cells-"));
  const real = openSqlite({ path: join(dir, "store.sqlite") });
  reads = 0;
  store = {
    ...real,
    get(key) {
      reads++;
      return real.get(key);
    },
  };
});

afterEach(async () => {
  vi.useRealTimers();
  await store.close();
  rmSync(dir, { recursive: true, force: true });
});

const write = (brokers: Record<string, string>) =>
  cells(store).update(cell, () => ({
    id: cell,
    driver: "embedded",
    brokers,
    brokerCount: 1,
    phase: "Ready",
    updatedAt: "2026-01-01T00:00:00.000Z",
  }));

test("addresses are read once a second, for however many ask", async () => {
  await write({ 1: "a:1", 2: "b:2" });
  reads = 0;
  const brokers = cellBrokers(store);
  const asked = await Promise.all([brokers(cell), brokers(cell)]);
  expect(asked.map((each) => [...each])).toEqual(
    Array(2).fill([
      [1, "a:1"],
      [2, "b:2"],
    ]),
  );
  expect(reads).toBe(1);
  await write({ 1: "a:9" });
  expect((await brokers(cell)).get(1)).toBe("a:1");
  vi.advanceTimersByTime(1000);
  expect([...(await brokers(cell))]).toEqual([[1, "a:9"]]);
});

test("a cell that is not there has none, and a read that failed is tried again by the next", async () => {
  const brokers = cellBrokers(store);
  expect((await brokers("ce_1111111111111111")).size).toBe(0);
  await write({ 1: "a:1" });
  const { get } = store;
  store = { ...store, get: () => Promise.reject(new Error("store")) };
  const failing = cellBrokers({ ...store, get: (key) => store.get(key) });
  await expect(failing(cell)).rejects.toThrow("store");
  store = { ...store, get };
  expect((await failing(cell)).get(1)).toBe("a:1");
});
