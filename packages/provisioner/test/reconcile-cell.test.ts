// What is written of a cell, over a driver that answers what the test says: every answer a driver may give.
import { toolsOf } from "@headgate/control/commit";
import { AppError } from "@headgate/core/errors";
import type { CellId } from "@headgate/core/ids";
import { cells } from "@headgate/store/cells";
import { StoreError } from "@headgate/store/errors";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ProvisionerDeps } from "../src/deps.ts";
import type { CellDriver, ObservedCell, Progress } from "../src/drivers/driver.ts";
import { cellOf, reconcileCell } from "../src/reconcile-cell.ts";
import { freshDeps } from "./one-life.ts";
import { type SharedCell, sharedCell } from "./shared-cell.ts";

let shared: SharedCell;
let driver: CellDriver;
let deps: ProvisionerDeps;
let renewed: CellId[];
let observed: ObservedCell;
let progress: Progress | Error;

const on = (port: number): ObservedCell => ({
  state: "present",
  power: "on",
  brokers: [{ id: 1, host: "127.0.0.1", port }],
});
const changing: ObservedCell = { state: "present", power: "changing", brokers: [] };

beforeEach(() => {
  shared = sharedCell();
  renewed = [];
  observed = on(9001);
  progress = { state: "done" };
  driver = {
    ...shared.driver,
    observe: async () => observed,
    ensure: async () => {
      if (progress instanceof Error) throw progress;
      return progress;
    },
  };
  const base = freshDeps(shared);
  const admins = { ...base.admins, renew: (cell: CellId) => void renewed.push(cell) };
  deps = { ...base, drivers: [driver], admins };
});

afterEach(() => shared.close());

const read = async (cell: CellId) => (await cells(shared.control.store).get(cell))?.value;

test("a driver's cell is named once: after a crash before it was made, the same name goes on", async () => {
  const first = await cellOf(deps, driver);
  expect(await read(first)).toMatchObject({ phase: "Pending", brokers: {}, driver: "embedded" });
  expect(await cellOf(deps, driver)).toBe(first);
});

test("addresses are written when it is on, stay while it is not, and a move renews connections", async () => {
  const cell = await cellOf(deps, driver);
  expect(await reconcileCell(deps, cell)).toEqual({ do: "done", generation: 0 });
  expect(await read(cell)).toMatchObject({ phase: "Ready", brokers: { "1": "127.0.0.1:9001" } });
  renewed = [];
  observed = changing;
  progress = { state: "working", doing: "restarting", changed: Promise.resolve() };
  expect(await reconcileCell(deps, cell)).toMatchObject({ do: "again" });
  expect(await read(cell)).toMatchObject({ phase: "Pending", brokers: { "1": "127.0.0.1:9001" } });
  observed = on(9001);
  progress = { state: "done" };
  await reconcileCell(deps, cell);
  expect(renewed).toEqual([]);
  observed = on(9002);
  await reconcileCell(deps, cell);
  expect(await read(cell)).toMatchObject({ phase: "Ready", brokers: { "1": "127.0.0.1:9002" } });
  expect(renewed).toEqual([cell]);
});

test("a place that does not answer changes nothing", async () => {
  const cell = await cellOf(deps, driver);
  await reconcileCell(deps, cell);
  const before = await read(cell);
  observed = { state: "unknown" };
  await reconcileCell(deps, cell);
  expect(await read(cell)).toEqual(before);
});

test("stuck is Failed and final; an error that may pass is tried again, and the cell no longer called Ready", async () => {
  const cell = await cellOf(deps, driver);
  await reconcileCell(deps, cell);
  observed = { state: "present", power: "off", brokers: [] };
  progress = new AppError("kafka.start_failed");
  expect(await reconcileCell(deps, cell)).toEqual({ do: "retry", error: progress });
  expect(await read(cell)).toMatchObject({ phase: "Pending" });
  progress = new AppError("env.java_missing");
  expect(await reconcileCell(deps, cell)).toMatchObject({
    do: "stuck",
    reason: "env.java_missing",
  });
  expect(await read(cell)).toMatchObject({ phase: "Failed" });
  progress = { state: "stuck", reason: "An embedded cell has one broker, not 3." };
  expect(await reconcileCell(deps, cell)).toMatchObject({ do: "stuck", message: progress.reason });
  expect(await read(cell)).toMatchObject({ phase: "Failed" });
});

test("gateways are told of each change, and of nothing else", async () => {
  const cell = await cellOf(deps, driver);
  const told: string[][] = [];
  const tail = toolsOf(shared.control).feed.tail({
    onEvents: (events) => void told.push(...events.map(({ kind, parts }) => [kind, ...parts])),
  });
  for (let i = 0; i < 3; i++) await reconcileCell(deps, cell);
  observed = on(9003);
  await reconcileCell(deps, cell);
  await tail.poll();
  await tail.stop();
  expect(told).toEqual([
    ["cell", cell],
    ["cell", cell],
  ]);
});

test("a process that lost its lease writes nothing of a cell", async () => {
  const cell = await cellOf(deps, driver);
  const before = await read(cell);
  const lost = () => {
    throw new StoreError("conflict", "the lease was lost");
  };
  const late = reconcileCell({ ...deps, assertHeld: lost }, cell);
  await expect(late).rejects.toThrow(/lease/);
  expect(await read(cell)).toEqual(before);
});
