// Leases: at most one holder acts under a name. An item holds owner, epoch and a counter. A contender judges expiry by
// watching the counter stand still on its own monotonic clock, a holder judges its own by the start of its last
// renewal: no two clocks are compared. A takeover raises the epoch, and what is written under a lease carries it
// (`fence`), because a holder may sleep between looking at its lease and writing.
import { z } from "zod";
import { isConflict, StoreError } from "./errors.ts";
import { leaseKey } from "./keys.ts";
import { getParsed } from "./resources.ts";
import type { Store, Version } from "./store.ts";

const LeaseRecord = z.object({
  owner: z.string(),
  epoch: z.int().min(1),
  counter: z.int().min(0),
  released: z.boolean(),
});
type LeaseRecord = z.infer<typeof LeaseRecord>;

export interface Lease {
  readonly name: string;
  readonly owner: string;
  /** Raised by each takeover: the fencing token. */
  readonly epoch: number;
  /** Whether it may still act. Turns false before anybody else can take over. */
  held(): boolean;
  /** Throws `conflict` when it may not act any more. */
  assertHeld(): void;
  /** Prolongs it; false when it was lost. */
  renew(): Promise<boolean>;
  /** Lets others take over at once. */
  release(): Promise<void>;
}

export interface LeaseOptions {
  readonly store: Store;
  /** Random per process: two starts of one program are two owners. */
  readonly owner: string;
  readonly ttlMs?: number | undefined;
  /** Milliseconds that never go back (`performance.now`). */
  readonly monotonicMs?: (() => number) | undefined;
}

/** What a contender waits beyond the holder's own limit, for clocks that run at slightly different rates. */
const patience = 1.25;

/** One process' view of leases. `acquire` is called again and again: waiting is what lets it see expiry. */
export function leases({ store, owner, ttlMs = 10_000, monotonicMs = monotonic }: LeaseOptions) {
  const watched = new Map<string, { mark: string; sinceMs: number }>();

  const hasExpired = (name: string, record: LeaseRecord): boolean => {
    if (record.released) return true;
    const mark = `${record.epoch}/${record.counter}`;
    const seen = watched.get(name);
    if (seen?.mark === mark) return monotonicMs() - seen.sinceMs >= ttlMs * patience;
    watched.set(name, { mark, sinceMs: monotonicMs() });
    return false;
  };

  return {
    ttlMs,
    /** The lease, or undefined while somebody else holds it. */
    async acquire(name: string): Promise<Lease | undefined> {
      const there = await getParsed(store, LeaseRecord, leaseKey(name));
      if (there && !hasExpired(name, there.value)) return undefined;
      const startMs = monotonicMs();
      const epoch = (there?.value.epoch ?? 0) + 1;
      const record = { owner, epoch, counter: 0, released: false };
      try {
        const version = await store.put(
          { ...leaseKey(name), data: record },
          there?.version ?? "absent",
        );
        watched.delete(name);
        return heldLease({ store, name, ttlMs, monotonicMs }, record, version, startMs);
      } catch (error) {
        if (isConflict(error)) return undefined;
        throw error;
      }
    },
  };
}

interface Held {
  readonly store: Store;
  readonly name: string;
  readonly ttlMs: number;
  readonly monotonicMs: () => number;
}

function heldLease(
  { store, name, ttlMs, monotonicMs }: Held,
  first: LeaseRecord,
  firstVersion: Version,
  firstStartMs: number,
): Lease {
  let record = first;
  let version = firstVersion;
  // From the start of the write: whoever sees the counter sees it later than this.
  let validFromMs = firstStartMs;
  let lost = false;
  let isEnding = false;
  const held = (): boolean => !lost && !isEnding && monotonicMs() - validFromMs < ttlMs;
  /** Whether what is there was written by us: a write of ours may have been done without our hearing of it. */
  const isOurs = async (): Promise<boolean> => {
    const there = await getParsed(store, LeaseRecord, leaseKey(name));
    if (there?.value.owner !== first.owner || there.value.epoch !== first.epoch) return false;
    record = there.value;
    version = there.version;
    return !record.released;
  };
  const write = async (change: (now: LeaseRecord) => LeaseRecord): Promise<boolean> => {
    while (!lost) {
      const startMs = monotonicMs();
      const next = change(record);
      try {
        version = await store.put({ ...leaseKey(name), data: next }, version);
        record = next;
        validFromMs = startMs;
        return true;
      } catch (error) {
        if (!isConflict(error)) throw error;
        lost = !(await isOurs());
      }
    }
    return false;
  };
  return {
    name,
    owner: first.owner,
    epoch: first.epoch,
    held,
    assertHeld() {
      if (!held()) throw new StoreError("conflict", `the lease ${name} was lost`);
    },
    // Late but undisturbed is fine: nobody took over, or the write would have met another version.
    renew: async () => !isEnding && (await write((now) => ({ ...now, counter: now.counter + 1 }))),
    async release() {
      // Before the write: others may act the moment it is done, which is before we hear of it.
      isEnding = true;
      await write((now) => ({ ...now, released: true }));
      lost = true;
    },
  };
}

/**
 * For each write made under a lease: throws `conflict` when the lease is lost, or when the item already carries a later
 * epoch. The write itself must be conditional on the version that `epochThere` was read with.
 */
export function fence(lease: Lease, epochThere: number | undefined): number {
  lease.assertHeld();
  if (epochThere !== undefined && epochThere > lease.epoch) {
    throw new StoreError(
      "conflict",
      `${lease.name}: epoch ${lease.epoch} was followed by ${epochThere}`,
    );
  }
  return lease.epoch;
}

export interface KeepOptions {
  /**
   * Called with each lease won; its work ends when `signal` aborts, which is before anybody else can begin. When it
   * throws, the lease is released.
   */
  readonly onHeld: (lease: Lease, signal: AbortSignal) => void;
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** Contends for a lease and renews it, three times per `ttlMs`, until stopped. `stop` releases it, as far as it can. */
export function keepLease(
  from: ReturnType<typeof leases>,
  name: string,
  { onHeld, onError }: KeepOptions,
): { stop(): Promise<void> } {
  let lease: Lease | undefined;
  let abort = new AbortController();
  let running: Promise<void> | undefined;
  const drop = (): void => {
    lease = undefined;
    abort.abort();
  };
  const begin = async (won: Lease): Promise<void> => {
    lease = won;
    abort = new AbortController();
    try {
      onHeld(won, abort.signal);
    } catch (error) {
      drop();
      await won.release();
      throw error;
    }
  };
  const turn = async (): Promise<void> => {
    try {
      if (lease && !(await lease.renew())) drop();
      if (lease) return;
      const won = await from.acquire(name);
      if (won) await begin(won);
    } catch (error) {
      onError?.(error);
    }
  };
  // Apart from renewing: a renewal that hangs must not keep the end from being noticed.
  const watch = setInterval(() => {
    if (lease && !lease.held()) drop();
  }, from.ttlMs / 10).unref();
  const tick = (): void => {
    running ??= turn().finally(() => {
      running = undefined;
    });
  };
  const timer = setInterval(tick, from.ttlMs / 3).unref();
  tick();
  return {
    async stop() {
      clearInterval(timer);
      clearInterval(watch);
      await running;
      const last = lease;
      drop();
      await last?.release().catch((error: unknown) => onError?.(error));
    },
  };
}

const monotonic = (): number => performance.now();
