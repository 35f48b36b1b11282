// An owner of leases with a monotonic clock of its own, which nobody else's agrees with.
import { leases } from "../src/leases.ts";
import type { Store } from "../src/store.ts";

export const ttlMs = 1000;

export type LeaseOwner = ReturnType<typeof leaseOwner>;

export function leaseOwner(owner: string, store: Store) {
  let nowMs = owner.charCodeAt(0) * 1e6;
  const own = leases({ store, owner, ttlMs, monotonicMs: () => nowMs });
  return {
    ...own,
    wait: (ms: number): void => {
      nowMs += ms;
    },
  };
}
