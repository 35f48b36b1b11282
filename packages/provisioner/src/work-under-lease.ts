// Who acts: this process for certain, or whichever of several holds the lease. Work that lost its lease is stopped
// before this process works again, and work that ends by itself is stopped before the lease is let go of.
import { keepLease, type leases } from "@headgate/store/leases";

export interface LeasedWork<T> {
  /** Once, before the first work of this process. */
  prepare(assertHeld: () => void): Promise<T>;
  /** Works until the function it answers is called; that resolves when nothing runs any more. */
  start(assertHeld: () => void, prepared: T): () => Promise<void>;
}

export interface RunningWork<T> {
  readonly prepared: T;
  stop(): Promise<void>;
}

/** For a process that knows of no other. Throws what `prepare` throws. */
export async function workAlone<T>(work: LeasedWork<T>): Promise<RunningWork<T>> {
  const free = (): void => undefined;
  const prepared = await work.prepare(free);
  return { prepared, stop: work.start(free, prepared) };
}

export interface LeaseOptions {
  /** Ends the wait of a standby, which then throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  readonly onError: (error: unknown) => void;
}

/** Resolves when the lease is held for the first time and `prepare` is through; throws what that throws. */
export async function workUnderLease<T>(
  work: LeasedWork<T>,
  from: ReturnType<typeof leases>,
  { signal, onError }: LeaseOptions,
): Promise<RunningWork<T>> {
  const first = Promise.withResolvers<T>();
  let prepared: { readonly value: T } | undefined;
  let stopWork = async (): Promise<void> => undefined;
  /** Beginnings and ends of work, one after the other. */
  let turns: Promise<void> = Promise.resolve();
  let closed = false;
  const end = (): Promise<void> => {
    turns = turns.then(() => stopWork());
    return turns;
  };
  const kept = keepLease(from, "provisioner", {
    onHeld(lease, lost) {
      const assertHeld = () => lease.assertHeld();
      const begin = async (): Promise<void> => {
        if (closed || lost.aborted) return;
        prepared ??= { value: await work.prepare(assertHeld) };
        if (closed || lost.aborted) return;
        stopWork = work.start(assertHeld, prepared.value);
        first.resolve(prepared.value);
      };
      turns = turns.then(begin).catch((error: unknown) => {
        if (lost.aborted) onError(error);
        else first.reject(error);
      });
      lost.addEventListener("abort", () => void end());
    },
    onError,
  });
  const stop = async (): Promise<void> => {
    closed = true;
    await end();
    await kept.stop();
  };
  const giveUp = (): void => first.reject(signal?.reason);
  signal?.addEventListener("abort", giveUp);
  if (signal?.aborted) giveUp();
  try {
    return { prepared: await first.promise, stop };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    signal?.removeEventListener("abort", giveUp);
  }
}
