// Waiting for the provisioner: by signal, with a slow poll behind it because a signal may be lost.
import { AppError } from "@headgate/core/errors";
import type { Phase } from "@headgate/core/resource";
import type { Control } from "./control.ts";

interface Observable {
  readonly generation: number;
  readonly status: { readonly phase: Phase; readonly observedGeneration: number };
}

const pollMs = 500;

/** Whether the provisioner has come to an end with this generation: Ready, or Failed for good. */
export function isSettled(resource: Observable, generation: number): boolean {
  const { phase, observedGeneration } = resource.status;
  return observedGeneration >= generation && (phase === "Ready" || phase === "Failed");
}

/**
 * The resource once it is settled at `generation`. Throws `wait.timeout` when time is out and `resource.not_found` when
 * it disappeared; the work goes on in both cases. `signalTopic` (`topic:<cluster id>:<name>`) makes it immediate.
 */
export function waitReady<R extends Observable>(
  control: Control,
  read: () => Promise<R | undefined>,
  generation: number,
  timeoutMs: number,
  signalTopic?: string,
): Promise<R> {
  return waitFor(control, signalTopic, timeoutMs, async () => {
    const resource = await read();
    if (resource === undefined) throw new AppError("resource.not_found");
    return isSettled(resource, generation) ? resource : undefined;
  });
}

/** Returns once `read` finds nothing more. Throws `wait.timeout`. */
export async function waitGone(
  control: Control,
  read: () => Promise<unknown>,
  timeoutMs: number,
  signalTopic?: string,
): Promise<void> {
  await waitFor(control, signalTopic, timeoutMs, async () =>
    (await read()) === undefined ? true : undefined,
  );
}

async function waitFor<T>(
  control: Control,
  signalTopic: string | undefined,
  timeoutMs: number,
  check: () => Promise<T | undefined>,
): Promise<T> {
  const deadlineMs = performance.now() + timeoutMs;
  let wake = (): void => {};
  let signalled = false;
  const listener = () => {
    signalled = true;
    wake();
  };
  // Listening begins before the first read, so that nothing between the two is missed.
  const stop = signalTopic === undefined ? () => {} : control.signal.on(signalTopic, listener);
  try {
    for (;;) {
      signalled = false;
      const found = await check();
      if (found !== undefined) return found;
      const leftMs = deadlineMs - performance.now();
      if (leftMs <= 0) throw new AppError("wait.timeout");
      if (signalled) continue;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(pollMs, leftMs));
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  } finally {
    stop();
  }
}
