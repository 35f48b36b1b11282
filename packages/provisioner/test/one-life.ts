// The provisioner's reconcilers over a queue, without the worker's timers: one process that takes what is queued, key
// by key, until nothing is left or its life ends. What it leaves then is what the next one finds.
import { priceBookOf } from "@headgate/control/clusters";
import { toolsOf } from "@headgate/control/commit";
import type { Control } from "@headgate/control/control";
import type { CellId, ClusterId, TenantId } from "@headgate/core/ids";
import type { KafkaAdmin } from "@headgate/kafka/admin";
import type { WorkKey } from "@headgate/store/work-queue";
import { inject } from "vitest";
import { type Life, life, mortalStore } from "../../store/test/mortal.ts";
import { cachedAdmins } from "../src/admins.ts";
import type { ProvisionerDeps } from "../src/deps.ts";
import type { Outcome } from "../src/outcome.ts";
import { cellOf, reconcileCell } from "../src/reconcile-cell.ts";
import { reconcileCluster } from "../src/reconcile-cluster.ts";
import { reconcileTopic } from "../src/reconcile-topic.ts";
import { sweepUnfinished } from "../src/sweep.ts";
import { minter } from "./mint.ts";
import type { SharedCell } from "./shared-cell.ts";

const looksMax = 500;

/** Everything a provisioner needs, made anew as a new process would. */
export function freshDeps(shared: SharedCell, of: Life = life()): ProvisionerDeps {
  const control: Control = { ...shared.control, store: mortalStore(shared.control.store, of) };
  return {
    control,
    admins: cachedAdmins(async (cell) => mortalAdmin(await shared.driver.admin(cell), of)),
    drivers: [shared.driver],
    mint: minter(inject("kafka")),
    advertised: { host: "kafka.example", port: 9092 },
    priceBook: (tenant) => priceBookOf(control, { tenant }),
    assertHeld: () => undefined,
  };
}

/** Makes the shared broker a cell of this store. */
export async function withCell(shared: SharedCell): Promise<CellId> {
  const deps = freshDeps(shared);
  const cell = await cellOf(deps, shared.driver);
  await reconcileCell(deps, cell);
  deps.admins.close();
  return cell;
}

/** Reconciles until there is nothing more to do. Answers false when the life ended before that. */
export async function provision(shared: SharedCell, of: Life = life()): Promise<boolean> {
  const deps = freshDeps(shared, of);
  try {
    const touched = new Map<string, WorkKey>();
    const touch = (key: WorkKey) => void touched.set(key.join("#"), key);
    const { queue } = toolsOf(deps.control);
    // As at every start: what the queue may have missed.
    await sweepUnfinished(deps.control.store, touch, new AbortController().signal);
    for (let look = 0; look < looksMax; look++) {
      const entries = (await queue.list(0, 1000)).items;
      const keys = new Map([
        ...touched,
        ...entries.map(({ key }) => [key.join("#"), key] as const),
      ]);
      let left = 0;
      for (const [name, key] of keys) {
        touched.delete(name);
        const outcome = await reconcile(deps, key, touch);
        if (of.isOver) return false;
        if (outcome.do === "retry") throw outcome.error;
        const entry = entries.find((each) => each.key.join("#") === name);
        if (outcome.do === "again") touch(key);
        else if (entry && !(await queue.done(entry, outcome.generation))) left += 1;
      }
      // What is left was announced, and its spec is not there: removed already, as far as anybody can tell.
      if (touched.size === 0 && left === entries.length) return true;
    }
    throw new Error(`not settled after ${looksMax} looks`);
  } catch (error) {
    if (of.isOver) return false;
    throw error;
  } finally {
    deps.admins.close();
  }
}

function reconcile(
  deps: ProvisionerDeps,
  [kind, first, second, third]: WorkKey,
  touch: (key: WorkKey) => void,
): Promise<Outcome> {
  const tenant = first as TenantId;
  if (kind === "cluster") return reconcileCluster(deps, { tenant, name: second! }, touch);
  return reconcileTopic(deps, { tenant, cluster: second as ClusterId, name: third! });
}

const writes = new Set([
  "createTopics",
  "deleteTopics",
  "createPartitions",
  "incrementalAlterConfigs",
  "createAcls",
  "deleteAcls",
  "deleteGroups",
  "ask",
]);

/** The admin as a mortal process reaches it: each request that may change something is a step. */
function mortalAdmin(admin: KafkaAdmin, { step, look }: Life): KafkaAdmin {
  const wrapped = Object.entries(admin).map(([name, method]) => {
    if (name === "close") return [name, method];
    const call = method as (...args: unknown[]) => Promise<unknown>;
    const run = writes.has(name) ? step : look;
    return [name, (...args: unknown[]) => run(() => call(...args))];
  });
  return Object.fromEntries(wrapped) as KafkaAdmin;
}
