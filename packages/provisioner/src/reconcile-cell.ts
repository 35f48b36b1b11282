// One cell: asks its driver for what is desired, and writes where its brokers are, which is what gateways dial. The
// item is written before the cell is made, so that a crash leaves a name to go on with and not a second cell.
import { toolsOf } from "@headgate/control/commit";
import type { Cell } from "@headgate/core/cell";
import { toTimestamp } from "@headgate/core/clock";
import { AppError } from "@headgate/core/errors";
import { type CellId, newId } from "@headgate/core/ids";
import { cells } from "@headgate/store/cells";
import type { ProvisionerDeps } from "./deps.ts";
import type { CellDriver, DesiredCell, DriverContext, ObservedCell } from "./drivers/driver.ts";
import { again, done, type Outcome, outcomeOf } from "./outcome.ts";

type CellDeps = Pick<ProvisionerDeps, "control" | "admins" | "drivers" | "assertHeld">;

const desired: DesiredCell = { power: "on", brokers: 1 };
const changingMs = 250;

/** The cell of a driver, named anew at the first start. */
export async function cellOf({ control }: CellDeps, driver: CellDriver): Promise<CellId> {
  const repo = cells(control.store);
  const known = (await repo.list()).find((cell) => cell.value.driver === driver.name);
  if (known) return known.value.id;
  const id = newId("ce", control.random);
  const updatedAt = toTimestamp(control.clock.nowMs());
  const cell: Cell = {
    id,
    driver: driver.name,
    brokers: {},
    brokerCount: desired.brokers,
    phase: "Pending",
    updatedAt,
  };
  await repo.update(id, (now) => (now ? undefined : cell));
  return id;
}

/** Brings one cell to what is desired of it, starting at most one change; come back when its driver says so. */
export async function reconcileCell(
  deps: CellDeps,
  id: CellId,
  context: DriverContext = {},
): Promise<Outcome> {
  const cell = await cells(deps.control.store).get(id);
  if (!cell) return done(0);
  const driver = deps.drivers.find((each) => each.name === cell.value.driver);
  if (!driver) {
    const error = new AppError("cell.unavailable", { detail: `No driver ${cell.value.driver}.` });
    return { do: "retry", error };
  }
  try {
    const progress = await driver.ensure(id, desired, context);
    await recordCell(deps, id, await driver.observe(id), progress.state === "stuck");
    if (progress.state === "working") return again(changingMs);
    if (progress.state === "done") return done(0);
    return { do: "stuck", generation: 0, reason: "CellStuck", message: progress.reason };
  } catch (error) {
    const outcome = outcomeOf(error, 0);
    await recordCell(deps, id, await driver.observe(id), outcome.do === "stuck");
    return outcome;
  }
}

/**
 * Writes what was observed of a cell, if that is news. Addresses stay while it is off: they are the last known ones.
 */
export async function recordCell(
  { control, admins, assertHeld }: CellDeps,
  id: CellId,
  observed: ObservedCell,
  failed: boolean,
): Promise<void> {
  if (observed.state === "unknown") return;
  const isOn = observed.state === "present" && observed.power === "on";
  const phase = failed ? "Failed" : isOn ? "Ready" : "Pending";
  const addresses = isOn ? observed.brokers : [];
  const brokers = Object.fromEntries(addresses.map((b) => [b.id, `${b.host}:${b.port}`]));
  let moved = false;
  let changed = false;
  await cells(control.store).update(id, (now) => {
    assertHeld();
    if (!now) return undefined;
    moved = isOn && JSON.stringify(brokers) !== JSON.stringify(now.brokers);
    changed = moved || phase !== now.phase;
    if (!changed) return undefined;
    const updatedAt = toTimestamp(control.clock.nowMs());
    if (!isOn) return { ...now, phase, updatedAt };
    return { ...now, phase, brokers, brokerCount: addresses.length, updatedAt };
  });
  if (moved) admins.renew(id);
  if (changed) await toldGateways(control, id);
}

/** The feed is by tenant; a cell is everybody's, so its event carries the operator's place-holder. */
async function toldGateways(control: CellDeps["control"], id: CellId): Promise<void> {
  const event = { kind: "cell", parts: [id], action: "status" as const };
  await toolsOf(control).feed.append({ tenant: operatorTenant, ...event });
}

/** An id no tenant has: ids are random, and this one is all zeroes. */
const operatorTenant = "tn_0000000000000000";
