// One cluster: its place on a cell, its principal with the second wall, and the proof that both work. What a crash
// leaves at each step is harmless: a reserved prefix nobody uses, ACLs of a principal nobody has told anybody about.
// The placement is written before anything is made on the cell, so everything there can be found again and removed.
import { toolsOf } from "@headgate/control/commit";
import type { Cell } from "@headgate/core/cell";
import { type Placement, replication } from "@headgate/core/cluster";
import { AppError } from "@headgate/core/errors";
import { newPrefix, type TenantId } from "@headgate/core/ids";
import { formatUsd } from "@headgate/core/money";
import { costPerHourMax } from "@headgate/core/price-book";
import { cells } from "@headgate/store/cells";
import { type ClusterRecord, clusters } from "@headgate/store/clusters";
import { quotaKey } from "@headgate/store/keys";
import type { Stored } from "@headgate/store/resources";
import { topics } from "@headgate/store/topics";
import type { WorkKey } from "@headgate/store/work-queue";
import { aclsOf, aclsToRemove } from "./cell-acls.ts";
import { failedStatus, readyStatus } from "./conditions.ts";
import type { ProvisionerDeps } from "./deps.ts";
import { again, done, type Outcome, outcomeOf } from "./outcome.ts";
import { probePrincipal } from "./probe-principal.ts";
import { removeGroups } from "./remove-groups.ts";
import { poll } from "./topic-broker.ts";

export interface ClusterKey {
  readonly tenant: TenantId;
  readonly name: string;
}

const noCellMs = 250;
const topicsLeftMs = 50;
const leftOnCellMs = 200;
const notProbedMs = 100;
const probeWaitMs = 5000;
const topicsPerLook = 500;

/** Brings one cluster to what its spec asks. `touch` has a topic looked at that nobody announced. */
export async function reconcileCluster(
  deps: ProvisionerDeps,
  key: ClusterKey,
  touch: (key: WorkKey) => void,
): Promise<Outcome> {
  const stored = await clusters(deps.control.store).get(key.tenant, key.name);
  if (!stored) return done(0);
  const cluster = stored.value;
  try {
    if (cluster.deletedAt) return await remove(deps, key, stored, touch);
    const placement = cluster.placement ?? (await place(deps, key, cluster));
    if (!placement) return again(noCellMs);
    return await connect(deps, key, cluster, placement);
  } catch (error) {
    const outcome = outcomeOf(error, cluster.generation);
    if (outcome.do === "stuck") {
      const { clock } = deps.control;
      await writeStatus(deps, key, cluster, (status) => failedStatus(status, outcome, clock));
    }
    return outcome;
  }
}

/** Chooses cell and prefix, once; undefined while no cell can take it, or when somebody else wrote first. */
async function place(
  deps: ProvisionerDeps,
  { tenant, name }: ClusterKey,
  cluster: ClusterRecord,
): Promise<Placement | undefined> {
  const { store, random } = deps.control;
  const cell = chooseCell(
    (await cells(store).list()).map((each) => each.value),
    cluster,
  );
  if (!cell) return undefined;
  deps.assertHeld();
  // 45 random bits: another one holds it so rarely that trying again is all there is to do.
  const prefix = newPrefix(random);
  if (!(await clusters(store).reservePrefix(tenant, cluster.id, prefix))) return undefined;
  const chosen: Placement = { cell: cell.id, prefix, principal: cluster.id };
  const written = await clusters(store).updateStatus(tenant, name, (now) => {
    deps.assertHeld();
    if (now.id !== cluster.id || now.placement) return undefined;
    return { status: now.status, placement: chosen };
  });
  return written?.value.id === cluster.id ? written.value.placement : undefined;
}

/** Ready cells first by how many of the tier's copies they can hold. With several, the first is as good as any. */
export function chooseCell(all: readonly Cell[], { spec }: Pick<ClusterRecord, "spec">) {
  const wanted = replication[spec.tier].factor;
  const live = all.filter((cell) => cell.phase === "Ready");
  return live.find((cell) => cell.brokerCount >= wanted) ?? live[0];
}

/** Principal, ACLs, probe, status. */
async function connect(
  deps: ProvisionerDeps,
  key: ClusterKey,
  cluster: ClusterRecord,
  placement: Placement,
): Promise<Outcome> {
  const admin = await deps.admins.of(placement.cell);
  deps.assertHeld();
  for (const { error } of await admin.createAcls(aclsOf(placement))) if (error) throw error;
  if (!(await isProbed(deps, placement))) return again(notProbedMs);
  const { control } = deps;
  const advertised = await deps.advertised;
  const book = await deps.priceBook(key.tenant);
  const { tier, streamingUnits } = cluster.spec;
  await writeStatus(deps, key, cluster, (status) => ({
    ...readyStatus(status, cluster.generation, control.clock),
    bootstrap: `${advertised.host}:${advertised.port}`,
    costPerHourMax: formatUsd(costPerHourMax(book, tier, streamingUnits.max)),
  }));
  return done(cluster.generation);
}

/** Whether every broker of the cell lets the principal work. Throws when one does not isolate it. */
async function isProbed(deps: ProvisionerDeps, placement: Placement): Promise<boolean> {
  const cell = (await cells(deps.control.store).get(placement.cell))?.value;
  const brokers = Object.entries(cell?.brokers ?? {});
  if (brokers.length === 0) throw new AppError("cell.unavailable");
  for (const [id, address] of brokers) {
    const at = address.lastIndexOf(":");
    const broker = {
      id: Number(id),
      host: address.slice(0, at),
      port: Number(address.slice(at + 1)),
    };
    const allowed = await poll(probeWaitMs, async () => {
      const result = await probePrincipal(broker, placement, deps.mint);
      if (result === "not isolated") {
        const detail = "The cell lets a principal see topics that are not its own.";
        throw new AppError("cell.unavailable", { detail });
      }
      return result === "allowed" ? true : undefined;
    });
    if (!allowed) return false;
  }
  return true;
}

/**
 * Topics first, each by its own reconcile (final offsets, quota); then whatever else the cell has of it; then the
 * items, the cluster's own last: as long as it is there, this is repeated. The put-once lookups
 * of id and prefix stay: old bills and events name them, and neither may ever belong to another cluster.
 */
async function remove(
  deps: ProvisionerDeps,
  { tenant, name }: ClusterKey,
  stored: Stored<ClusterRecord>,
  touch: (key: WorkKey) => void,
): Promise<Outcome> {
  const { control } = deps;
  const { id, placement, generation } = stored.value;
  const left = await topics(control.store).list(tenant, id, { limit: topicsPerLook });
  for (const { value } of left.items) touch(["topic", tenant, id, value.name]);
  if (left.items.length > 0) return again(topicsLeftMs);
  deps.assertHeld();
  if (placement && !(await clearCell(deps, placement))) return again(leftOnCellMs);
  deps.assertHeld();
  await control.store.delete(quotaKey(tenant, id), "any");
  await clusters(control.store).remove(tenant, name, stored.version);
  control.signal.notify(`cluster:${id}`);
  const change = { kind: "cluster", parts: [id, name], action: "delete" as const };
  await toolsOf(control).feed.append({ tenant, ...change });
  return done(generation);
}

/**
 * Removes everything of a cluster from its cell; false while something is left. ACLs go first: from then on nothing can
 * be written and no group joined again, whatever a gateway still has open.
 */
async function clearCell(deps: ProvisionerDeps, placement: Placement): Promise<boolean> {
  const admin = await deps.admins.of(placement.cell);
  const isOwn = (name: string | null) => name?.startsWith(placement.prefix) ?? false;
  for (const { error } of await admin.deleteAcls([aclsToRemove(placement)])) if (error) throw error;
  // Only a create that a broker carried out long after it was given up on can have left one.
  const orphans = (await admin.metadata("all")).filter((topic) => isOwn(topic.name));
  if (orphans.length > 0) {
    const ids = orphans.map((topic) => topic.topicId);
    for (const { error } of await admin.deleteTopics({ ids })) {
      if (error && error.errorName !== "UNKNOWN_TOPIC_ID") throw error;
    }
  }
  const areGone = await removeGroups(admin, isOwn);
  return areGone && orphans.length === 0;
}

/** Writes the status of what was reconciled, unless the cluster was made anew or is further on by now. */
async function writeStatus(
  deps: ProvisionerDeps,
  { tenant, name }: ClusterKey,
  cluster: ClusterRecord,
  next: (status: ClusterRecord["status"]) => ClusterRecord["status"],
): Promise<void> {
  const { control } = deps;
  let changed = false;
  await clusters(control.store).updateStatus(tenant, name, (now) => {
    deps.assertHeld();
    const status = next(now.status);
    const isOurs = now.id === cluster.id && now.status.observedGeneration <= cluster.generation;
    changed = isOurs && JSON.stringify(status) !== JSON.stringify(now.status);
    return changed ? { ...now, status } : undefined;
  });
  if (!changed) return;
  control.signal.notify(`cluster:${cluster.id}`);
  const change = { kind: "cluster", parts: [cluster.id, name], action: "status" as const };
  await toolsOf(control).feed.append({ tenant, ...change });
}
