// The provisioner as one object: starts the cell, then works the queue under a lease until closed.
import { priceBookOf } from "@headgate/control/clusters";
import { toolsOf } from "@headgate/control/commit";
import type { Control } from "@headgate/control/control";
import type { TokenSigner } from "@headgate/control/tokens";
import { AppError } from "@headgate/core/errors";
import { base32, type CellId, type ClusterId, type TenantId } from "@headgate/core/ids";
import type { KafkaAdmin } from "@headgate/kafka/admin";
import { keepLease, leases } from "@headgate/store/leases";
import type { WorkKey } from "@headgate/store/work-queue";
import { cachedAdmins } from "./admins.ts";
import type { ProvisionerDeps } from "./deps.ts";
import type { CellDriver, DriverContext } from "./drivers/driver.ts";
import { done, type Outcome } from "./outcome.ts";
import { cellOf, reconcileCell, recordCell } from "./reconcile-cell.ts";
import { reconcileCluster } from "./reconcile-cluster.ts";
import { reconcileTopic } from "./reconcile-topic.ts";
import { sweepUnfinished } from "./sweep.ts";
import { startWorker } from "./worker.ts";

export interface ProvisionerOptions extends DriverContext {
  readonly control: Control;
  /** The caller's to close, after the provisioner. The first one's cell takes new clusters. */
  readonly drivers: readonly [CellDriver, ...CellDriver[]];
  /** Where tenants' clients connect. */
  readonly advertised: { readonly host: string; readonly port: number };
  readonly tokenSigner: Pick<TokenSigner, "mint">;
  /**
   * The store can be open in one process only (SQLite's lock), so no other provisioner can be there and none has to be
   * waited for after a crash. Without it, work is done under a lease.
   */
  readonly alone?: boolean | undefined;
  readonly sweepMs?: number | undefined;
  readonly concurrency?: number | undefined;
  readonly leaseMs?: number | undefined;
}

export interface Provisioner {
  readonly cell: CellId;
  /** The shared admin connection of a cell. Throws `cell.unavailable`. */
  readonly admins: (cell: CellId) => Promise<KafkaAdmin>;
  /** Finishes the reconciles in hand; nothing is provisioned after that. */
  close(): Promise<void>;
}

/** Resolves when the cell is up. Throws what its driver throws: `env.*`, `kafka.start_failed`. */
export async function startProvisioner(options: ProvisionerOptions): Promise<Provisioner> {
  const { control, drivers } = options;
  const [driver] = drivers;
  const admins = cachedAdmins((cell) => adminOf(options, cell));
  const deps: Omit<ProvisionerDeps, "assertHeld"> = {
    control,
    admins,
    drivers,
    mint: (principal) => options.tokenSigner.mint(principal),
    advertised: options.advertised,
    priceBook: (tenant) => priceBookOf(control, { tenant }),
  };
  const unfenced = { ...deps, assertHeld: () => undefined };
  const cell = await cellOf(unfenced, driver);
  await bringUp(unfenced, driver, cell, options);
  const work = (assertHeld: () => void) =>
    startWork(options, { ...deps, assertHeld }, driver, cell);
  const running = options.alone ? { stop: work(() => undefined) } : underLease(options, work);
  return {
    cell,
    admins: admins.of,
    async close() {
      await running.stop();
      admins.close();
    },
  };
}

async function adminOf({ drivers }: ProvisionerOptions, cell: CellId): Promise<KafkaAdmin> {
  for (const driver of drivers) {
    if ((await driver.observe(cell)).state === "present") return driver.admin(cell);
  }
  throw new AppError("cell.unavailable", { detail: `There is no cell ${cell}.` });
}

/** Waits for the cell once, at start, so that whoever starts us hears what is wrong in one clear error. */
async function bringUp(
  deps: ProvisionerDeps,
  driver: CellDriver,
  cell: CellId,
  context: DriverContext,
): Promise<void> {
  for (;;) {
    context.signal?.throwIfAborted();
    const progress = await driver.ensure(cell, { power: "on", brokers: 1 }, context);
    if (progress.state === "stuck") {
      throw new AppError("kafka.start_failed", { detail: progress.reason });
    }
    if (progress.state === "done") break;
    await progress.changed;
  }
  await recordCell(deps, cell, await driver.observe(cell), false);
}

/** Works until the returned function is called. */
function startWork(
  options: ProvisionerOptions,
  deps: ProvisionerDeps,
  driver: CellDriver,
  cell: CellId,
): () => Promise<void> {
  const { control, sweepMs = 60_000 } = options;
  const abort = new AbortController();
  const context: DriverContext = { signal: abort.signal, onProgress: options.onProgress };
  const worker = startWorker({
    queue: toolsOf(control).queue,
    reconcile: (key) => reconcile(deps, key, context, (other) => worker.touch(other)),
    random: control.random,
    log: control.log,
    concurrency: options.concurrency,
  });
  const sweep = () =>
    void sweepUnfinished(control.store, worker.touch, abort.signal).catch((error: unknown) =>
      control.log?.("sweep failed", { message: String(error) }),
    );
  const timer = setInterval(sweep, sweepMs);
  const unwatch = driver.watch(cell, () => worker.touch(["cell", cell]));
  sweep();
  return async () => {
    clearInterval(timer);
    unwatch();
    abort.abort();
    await worker.stop();
  };
}

async function reconcile(
  deps: ProvisionerDeps,
  [kind, ...parts]: WorkKey,
  context: DriverContext,
  touch: (key: WorkKey) => void,
): Promise<Outcome> {
  const [first, second, third] = parts;
  if (kind === "topic" && first && second && third) {
    const key = { tenant: first as TenantId, cluster: second as ClusterId, name: third };
    return reconcileTopic(deps, key);
  }
  if (kind === "cluster" && first && second) {
    return reconcileCluster(deps, { tenant: first as TenantId, name: second }, touch);
  }
  if (kind === "cell" && first) return reconcileCell(deps, first as CellId, context);
  deps.control.log?.("work of an unknown kind", { kind, parts });
  return done(Number.MAX_SAFE_INTEGER);
}

/** Works while it holds the lease; every write asks whether it still does. */
function underLease(
  { control, leaseMs }: ProvisionerOptions,
  work: (assertHeld: () => void) => () => Promise<void>,
): { stop(): Promise<void> } {
  const owner = base32(control.random, 16);
  const from = leases({ store: control.store, owner, ttlMs: leaseMs });
  let ended: Promise<unknown> = Promise.resolve();
  const kept = keepLease(from, "provisioner", {
    onHeld(lease, signal) {
      const stop = work(() => lease.assertHeld());
      signal.addEventListener("abort", () => {
        ended = Promise.all([ended, stop()]);
      });
    },
    onError: (error) => control.log?.("provisioner lease", { message: String(error) }),
  });
  return {
    async stop() {
      await kept.stop();
      await ended;
    },
  };
}
