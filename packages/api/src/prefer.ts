// `Prefer: wait=N` (RFC 7240 §4.3): hold the answer until the provisioner is done, at most N seconds. A preference is
// never an error: out of time, the resource is answered as it is then.
import { getCluster } from "@headgate/control/cluster-reads";
import type { Control } from "@headgate/control/control";
import { waitGone, waitReady } from "@headgate/control/wait";
import type { Actor } from "@headgate/core/audit";
import type { Cluster } from "@headgate/core/cluster";
import { AppError } from "@headgate/core/errors";
import type { Phase } from "@headgate/core/resource";
import type { ApiContext } from "./env.ts";

export const waitSecondsMax = 60;

/** Seconds the caller is ready to wait; 0 without the preference, at most 60. */
export function waitSeconds(header: string | undefined): number {
  for (const preference of (header ?? "").split(",")) {
    const [, seconds] = /^\s*wait\s*=\s*"?(\d{1,9})"?\s*(;|$)/i.exec(preference) ?? [];
    if (seconds !== undefined) return Math.min(Number(seconds), waitSecondsMax);
  }
  return 0;
}

interface Waitable {
  readonly generation: number;
  readonly status: { readonly phase: Phase; readonly observedGeneration: number };
}

/** The resource once it is Ready or Failed, or as it is when time is out. `signal` is what the provisioner tells. */
export async function whenReady<R extends Waitable>(
  control: Control,
  c: ApiContext,
  written: R,
  read: () => Promise<R | undefined>,
  signal: string,
): Promise<R> {
  const seconds = apply(c);
  if (seconds === 0) return written;
  try {
    return await waitReady(control, read, written.generation, seconds * 1000, signal);
  } catch (error) {
    if (!isTimeOut(error)) throw error;
    return (await read()) ?? written;
  }
}

/** The same for a cluster, which some other things are made with. */
export function whenClusterReady(
  control: Control,
  c: ApiContext,
  actor: Pick<Actor, "tenant">,
  written: Cluster,
): Promise<Cluster> {
  const read = () => findCluster(control, actor, written.name);
  return whenReady(control, c, written, read, `cluster:${written.id}`);
}

export async function findCluster(
  control: Control,
  actor: Pick<Actor, "tenant">,
  name: string,
): Promise<Cluster | undefined> {
  try {
    return await getCluster(control, actor, name);
  } catch (error) {
    if (error instanceof AppError && error.code === "resource.not_found") return undefined;
    throw error;
  }
}

/** Whether it was gone before time was out. Without the preference it is not waited for. */
export async function whenGone(
  control: Control,
  c: ApiContext,
  read: () => Promise<unknown>,
  signal: string,
): Promise<boolean> {
  const seconds = apply(c);
  if (seconds === 0) return false;
  try {
    await waitGone(control, read, seconds * 1000, signal);
    return true;
  } catch (error) {
    // What it lay in went too.
    if (error instanceof AppError && error.code === "resource.not_found") return true;
    if (!isTimeOut(error)) throw error;
    return false;
  }
}

function apply(c: ApiContext): number {
  const seconds = waitSeconds(c.req.header("prefer"));
  if (seconds > 0) c.header("Preference-Applied", `wait=${seconds}`);
  return seconds;
}

function isTimeOut(error: unknown): boolean {
  return error instanceof AppError && error.code === "wait.timeout";
}
