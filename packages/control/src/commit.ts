// The one order in which a command writes, and what a crash after each step leaves:
//  1. the key is announced in the work queue, and the audit event written, put-once → a reconciler finds nothing new
//     and forgets the key; the log tells of a change that did not happen (said too much, never too little)
//  2. one conditional write of the spec → the change stands; the queue leads the reconciler to it
//  3. change feed and signals → who polls is late by their interval; a gateway keeps what it knows of a key until the
//     next change of that tenant is said. A failure here is answered as one, though the change stands.
// A refused write (2) takes the audit event back; its announcement is forgotten by the reconciler.
import { type Actor, type AuditEvent, managerOf } from "@headgate/core/audit";
import { toTimestamp } from "@headgate/core/clock";
import { AppError, type ErrorCode } from "@headgate/core/errors";
import type { TenantId } from "@headgate/core/ids";
import { withManager } from "@headgate/core/resource";
import { audit } from "@headgate/store/audit";
import { type ChangeEvent, type ChangeFeed, changeFeed } from "@headgate/store/change-feed";
import { isConflict } from "@headgate/store/errors";
import { auditOf } from "@headgate/store/keys";
import { type UlidSource, ulids } from "@headgate/store/ulid";
import { type WorkKey, type WorkQueue, workQueue } from "@headgate/store/work-queue";
import type { Control, WriteOptions } from "./control.ts";

export interface Commit {
  readonly tenant: TenantId;
  readonly event: Pick<AuditEvent, "action" | "kind" | "resource" | "before" | "after">;
  /** What the provisioner is to look at; left out where nothing needs provisioning. */
  readonly work?: { readonly key: WorkKey; readonly generation: number } | undefined;
  readonly change: Omit<ChangeEvent, "tenant">;
  /** Signal topics beside the feed's. */
  readonly signals?: readonly string[];
}

/** Runs `write`, the one conditional write of a command, in the order above. */
export async function commit<T>(
  control: Control,
  actor: Actor,
  { tenant, event, work, change, signals = [] }: Commit,
  write: () => Promise<T>,
): Promise<T> {
  const { queue, feed, nextEventId } = toolsOf(control);
  const at = toTimestamp(control.clock.nowMs());
  const entry: AuditEvent = { id: nextEventId(), at, actor, ...event };
  await Promise.all([
    work && queue.announce(work.key, work.generation),
    audit(control.store).append(tenant, entry),
  ]);
  const result = await orTakeBack(control, tenant, entry, write);
  await feed.append({ tenant, ...change });
  if (work) queue.wake();
  for (const signal of signals) control.signal.notify(signal);
  return result;
}

async function orTakeBack<T>(
  control: Control,
  tenant: TenantId,
  entry: AuditEvent,
  write: () => Promise<T>,
): Promise<T> {
  try {
    return await write();
  } catch (error) {
    // Only a clear refusal: after an unknown outcome the change may stand, and so must its event.
    if (isConflict(error)) await control.store.delete(auditOf(tenant).key(entry.id), "any");
    throw error;
  }
}

/** Throws when what is there does not fit what the caller said of it. */
export function checkCurrent(
  current: { readonly generation: number; readonly deletedAt?: string | undefined } | undefined,
  options: WriteOptions,
  unknown: ErrorCode,
  what: string,
): void {
  if (!current) {
    if (options.updateOnly || options.expect !== undefined) {
      throw new AppError(unknown, { detail: `There is no ${what}.` });
    }
    return;
  }
  if (current.deletedAt !== undefined) {
    throw new AppError("resource.deleting", {
      detail: `The ${what} is being deleted.`,
      retryAfterSeconds: 1,
    });
  }
  if (options.createOnly) {
    throw new AppError("resource.exists", { detail: `The ${what} exists already.` });
  }
  if (options.expect !== undefined && options.expect !== current.generation) {
    throw new AppError("request.precondition_failed", {
      detail: `The ${what} is at generation ${current.generation}, not ${options.expect}.`,
    });
  }
}

interface SpecHalf<S> {
  readonly spec: S;
  readonly generation: number;
  readonly managedBy: Record<string, string>;
  readonly updatedAt: string;
}

/** A resource's spec half when its spec becomes `spec`: who manages what, and when it changed. */
export function nextSpec<S>(
  control: Control,
  actor: Actor,
  current: SpecHalf<S> | undefined,
  spec: S,
): SpecHalf<S> {
  return {
    spec,
    generation: (current?.generation ?? 0) + 1,
    managedBy: withManager(current?.managedBy ?? {}, current?.spec, spec, managerOf(actor)),
    updatedAt: toTimestamp(control.clock.nowMs()),
  };
}

/** A resource's spec half when it is to go. */
export function deletedSpec<S>(control: Control, current: SpecHalf<S>) {
  const now = toTimestamp(control.clock.nowMs());
  const { spec, managedBy } = current;
  return { spec, managedBy, generation: current.generation + 1, updatedAt: now, deletedAt: now };
}

interface Tools {
  readonly queue: WorkQueue;
  readonly feed: ChangeFeed;
  readonly nextEventId: UlidSource;
}

// One source of ULIDs per control, so that they rise: the feed and the audit log are in the order of writing.
const tools = new WeakMap<Control, Tools>();

/** The work queue and change feed this control writes to. */
export function toolsOf(control: Control): Tools {
  let found = tools.get(control);
  if (!found) {
    found = {
      queue: workQueue(control),
      feed: changeFeed(control),
      nextEventId: ulids(control.clock, control.random),
    };
    tools.set(control, found);
  }
  return found;
}
