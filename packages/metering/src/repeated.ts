// A job that never runs twice at once: asked for while it runs, however often, it runs once more; the soonest wish
// counts.

export interface Repeated {
  /** Runs within `delayMs`, unless it would sooner anyway. */
  soon(delayMs: number): void;
  /** Runs now, after a run under way, once for all who ask meanwhile; rejects with what the job throws. */
  now(): Promise<void>;
  /** No further run; resolves when the one under way has ended. */
  close(): Promise<void>;
}

/** `failed` hears of runs nobody waits for, and answers after how many ms to try again. */
export function repeated(job: () => Promise<void>, failed: (error: unknown) => number): Repeated {
  let last: Promise<void> = Promise.resolve();
  let queued: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let dueMs = Number.POSITIVE_INFINITY;
  let closed = false;

  const run = (): Promise<void> => {
    if (queued) return queued;
    // After the one before, whatever came of it.
    queued = last.then(() => {
      queued = undefined;
      return closed ? undefined : job();
    });
    last = queued.catch(() => undefined);
    return queued;
  };

  const soon = (delayMs: number): void => {
    const atMs = performance.now() + delayMs;
    if (closed || atMs >= dueMs) return;
    clearTimeout(timer);
    dueMs = atMs;
    timer = setTimeout(() => {
      dueMs = Number.POSITIVE_INFINITY;
      run().catch((error: unknown) => soon(failed(error)));
    }, delayMs);
    timer.unref();
  };

  return {
    soon,
    now: run,
    async close() {
      closed = true;
      clearTimeout(timer);
      await last;
    },
  };
}
