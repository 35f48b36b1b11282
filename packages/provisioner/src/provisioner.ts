// The provisioner as one object: starts the cell, then works the queue under a lease until closed.
import { priceBookOf } from "@headgate/control/clusters";
import { toolsOf } from "@headgate/control/commit";
import type { Control } from "@headgate/control/control";
import type { TokenSigner } from "@headgate/control/tokens";
import { AppError } from "@headgate/core/errors";
import { base32, type CellId, type ClusterId, type TenantId } from "@headgate/core/ids";
import type { KafkaAdmin } from "@headgate/kafka/admin";
import { leases } from "@headgate/store/leases";
import type { WorkKey } from "@headgate/store/work-queue";
import { cachedAdmins } from "./admins.ts";
import type { ProvisionerDeps } from "./deps.ts";
import { type CellDriver, type DriverContext, settle } from "./drivers/driver.ts";
import { done, type Outcome } from "./outcome.ts";
import { cellOf, reconcileCell, recordCell } from "./reconcile-cell.ts";
import { reconcileCluster } from "./reconcile-cluster.ts";
import { reconcileTopic } from "./reconcile-topic.ts";
import { sweepUnfinished } from "./sweep.ts";
import { type LeasedWork, workAlone, workUnderLease } from "./work-under-lease.ts";
import { startWorker } from "./worker.ts";

export interface ProvisionerOptions extends DriverContext {
  readonly control: Control;
  /** The caller's to close, after the provisioner. The first one's cell takes new clusters. */
  readonly drivers: readonly [CellDriver, ...CellDriver[]];
  /** Where tenants' clients connect. */
  readonly advertised: ProvisionerDeps["advertised"];
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

/**
 * Resolves when the cell is up and, unless `alone`, this process holds the lease: a standby waits until `signal`
 * aborts. Throws what its driver throws: `env.*`, `kafka.start_failed`.
 */
export async function startProvisioner(options: ProvisionerOptions): Promise<Provisioner> {
  const { control, drivers, signal } = options;
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
  const work: LeasedWork<CellId> = {
    async prepare(assertHeld) {
      const cell = await cellOf({ ...deps, assertHeld }, driver);
      await bringUp({ ...deps, assertHeld }, driver, cell, options);
      return cell;
    },
    start: (assertHeld, cell) => startWork(options, { ...deps, assertHeld }, driver, cell),
  };
  const running = options.alone
    ? await workAlone(work)
    : await workUnderLease(work, leasesOf(options), { signal, onError: leaseFailed(control) });
  return {
    cell: running.prepared,
    admins: admins.of,
    async close() {
      await running.stop();
      admins.close();
    },
  };
}

const leasesOf = ({ control: { store, random }, leaseMs }: ProvisionerOptions) =>
  leases({ store, owner: base32(random, 16), ttlMs: leaseMs });

const leaseFailed = (control: Control) => (error: unknown) =>
  control.log?.("provisioner lease", { message: String(error) });

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
  const progress = await settle(() => {
    context.signal?.throwIfAborted();
    return driver.ensure(cell, { power: "on", brokers: 1 }, context);
  });
  if (progress.state === "stuck") {
    throw new AppError("kafka.start_failed", { detail: progress.reason });
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
  let sweeping: Promise<void> | undefined;
  const sweep = (): void => {
    sweeping ??= sweepUnfinished(control.store, worker.touch, abort.signal)
      .catch((error: unknown) => control.log?.("sweep failed", { message: String(error) }))
      .finally(() => {
        sweeping = undefined;
      });
  };
  const timer = setInterval(sweep, sweepMs);
  const lookAtCell = () => worker.touch(["cell", cell]);
  const unwatch = driver.watch(cell, lookAtCell);
  lookAtCell();
  sweep();
  return async () => {
    clearInterval(timer);
    unwatch();
    abort.abort();
    await Promise.all([worker.stop(), sweeping]);
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
