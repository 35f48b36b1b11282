// `Prefer: wait=N` (RFC 7240 §4.3): hold the answer until the provisioner is done, at most N seconds. A preference is
// never an error: out of time, the resource is answered as it is then.
import type { Control } from "@headgate/control/control";
import { waitGone, waitReady } from "@headgate/control/wait";
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
