// Two provisioners on one store: whoever holds the lease acts, alone, and is followed by the other.
import { getCluster } from "@headgate/control/cluster-reads";
import { putCluster } from "@headgate/control/clusters";
import type { Control } from "@headgate/control/control";
import { waitReady } from "@headgate/control/wait";
import { leaseKey } from "@headgate/store/keys";
import type { NewItem, Store } from "@headgate/store/store";
import { afterEach, beforeEach, expect, inject, test, vi } from "vitest";
import { type Provisioner, startProvisioner } from "../src/provisioner.ts";
import { minter } from "./mint.ts";
import { type SharedCell, sharedCell } from "./shared-cell.ts";

let shared: SharedCell;
const running: Provisioner[] = [];

beforeEach(() => {
  shared = sharedCell();
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.close()));
  await shared.close();
});

/**
 * A process of its own: what it writes but its lease is noted, and how often it looked at the queue; its lease can be
 * kept from being renewed.
 */
function otherProcess(leaseMs = 3000) {
  const { store } = shared.control;
  const wrote: NewItem[] = [];
  const stopping = new AbortController();
  let isCutOff = false;
  let looks = 0;
  const watched: Store = {
    ...store,
    async query(pk, options) {
      if (pk.startsWith("WORK#")) looks += 1;
      return store.query(pk, options);
    },
    async put(item, expected) {
      const isLease = item.pk === leaseKey("provisioner").pk;
      if (isLease && isCutOff) throw new Error("the store cannot be reached");
      if (!isLease) wrote.push(item);
      return store.put(item, expected);
    },
  };
  const control: Control = { ...shared.control, store: watched };
  const started = startProvisioner({
    control,
    drivers: [shared.driver],
    advertised: { host: "kafka.example", port: 9092 },
    tokenSigner: { mint: minter(inject("kafka")) },
    leaseMs,
    signal: stopping.signal,
  }).then((provisioner) => {
    running.push(provisioner);
    return provisioner;
  });
  started.catch(() => undefined);
  return {
    wrote,
    started,
    get looks() {
      return looks;
    },
    giveUp: () => stopping.abort(new Error("not wanted any more")),
    cutOff: () => {
      isCutOff = true;
    },
  };
}

async function readyCluster(name: string): Promise<void> {
  const { control, actor } = shared;
  const { id } = await putCluster(control, actor, name, {});
  const read = () => getCluster(control, actor, name);
  await waitReady(control, read, 1, 10_000, `cluster:${id}`);
}

test("a standby waits and does nothing; it follows when the holder closes, at once and on the same cell", async () => {
  const one = otherProcess();
  const first = await one.started;
  const two = otherProcess();
  await readyCluster("a");
  expect(one.wrote.length).toBeGreaterThan(0);
  expect(two.wrote).toEqual([]);
  running.splice(0);
  await first.close();
  const second = await two.started;
  expect(second.cell).toBe(first.cell);
  const before = [one.wrote.length, one.looks];
  await readyCluster("b");
  expect([one.wrote.length, one.looks]).toEqual(before);
  expect(two.wrote.length).toBeGreaterThan(0);
});

test("a holder that cannot renew stops acting before the other begins, and takes nothing up again", async () => {
  const leaseMs = 600;
  const one = otherProcess(leaseMs);
  await one.started;
  await readyCluster("a");
  const two = otherProcess(leaseMs);
  one.cutOff();
  await two.started;
  const before = [one.wrote.length, one.looks];
  await readyCluster("b");
  expect([one.wrote.length, one.looks]).toEqual(before);
  expect(two.wrote.length).toBeGreaterThan(0);
});

test("a standby can be told to wait no longer", async () => {
  await otherProcess().started;
  const two = otherProcess();
  two.giveUp();
  await expect(two.started).rejects.toThrow("not wanted any more");
  expect(two.wrote).toEqual([]);
});

test("what was in hand when its process closed is finished before the lease is let go of", async () => {
  const one = otherProcess();
  const first = await one.started;
  running.splice(0);
  const { control, actor } = shared;
  await putCluster(control, actor, "a", {});
  // Placed, so its reconcile is under way.
  await vi.waitFor(() => expect(one.wrote.some(({ pk }) => pk.startsWith("PREFIX#"))).toBe(true));
  await first.close();
  expect(await getCluster(control, actor, "a")).toMatchObject({ status: { phase: "Ready" } });
});
