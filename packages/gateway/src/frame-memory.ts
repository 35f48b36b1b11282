// Who holds how much of the memory large frames are gathered in. All connections share one budget: when it is used up,
// those that have moved nothing for a while (a client that does not read, a frame that never ends) are closed, the
// longest stuck first, so that a tenant who stalls takes memory from nobody who does not.
import { type FramePool, framePool, slabBytes } from "./frame-pool.ts";

/** One connection's part. Everything it took and did not give back counts until `release`. */
export interface MemoryLease {
  /** At least `size` bytes. Throws FrameMemoryError when there is no room. */
  take(size: number): Buffer;
  give(slab: Buffer): void;
  /** The connection is gone: what it holds is free for others. */
  release(): void;
}

export interface FrameMemory {
  /** `close` is called when the budget needs what a stuck connection holds. */
  lease(close: () => void): MemoryLease;
  readonly heldBytes: number;
  /** Share of the budget in use, 0 to 1. */
  readonly usedShare: number;
  /** Gives memory that lay unused back to the system; called from time to time. */
  trim(): void;
}

export class FrameMemoryError extends Error {
  constructor(bytes: number) {
    super(`no memory for a frame of ${bytes} bytes`);
    this.name = "FrameMemoryError";
  }
}

export interface FrameMemoryOptions {
  readonly bytesMax: number;
  readonly nowMs?: () => number;
  readonly pool?: FramePool;
}

/** A connection that gave nothing back for as long is stuck. */
const stuckMs = 2000;

interface Holder {
  heldBytes: number;
  movedAtMs: number;
  readonly close: () => void;
}

export function frameMemory(options: FrameMemoryOptions): FrameMemory {
  const { bytesMax, nowMs = () => performance.now(), pool = framePool() } = options;
  // In the order of the last movement, the longest stuck first.
  const holders = new Set<Holder>();
  let heldBytes = 0;

  const makeRoom = (bytes: number, asking: Holder): void => {
    for (const holder of holders) {
      if (heldBytes + bytes <= bytesMax || nowMs() - holder.movedAtMs < stuckMs) return;
      if (holder !== asking) holder.close();
    }
  };
  const moved = (holder: Holder): void => {
    holder.movedAtMs = nowMs();
    holders.delete(holder);
    if (holder.heldBytes > 0) holders.add(holder);
  };

  return {
    lease(close) {
      const holder: Holder = { heldBytes: 0, movedAtMs: 0, close };
      let released = false;
      const hold = (bytes: number): void => {
        if (released) return;
        holder.heldBytes += bytes;
        heldBytes += bytes;
      };
      return {
        take(size) {
          const bytes = slabBytes(size);
          if (heldBytes + bytes > bytesMax) makeRoom(bytes, holder);
          if (heldBytes + bytes > bytesMax) throw new FrameMemoryError(size);
          const slab = pool.take(size);
          const isFirst = holder.heldBytes === 0;
          hold(slab.length);
          if (isFirst) moved(holder);
          return slab;
        },
        give(slab) {
          pool.give(slab);
          hold(-slab.length);
          moved(holder);
        },
        release() {
          hold(-holder.heldBytes);
          released = true;
          holders.delete(holder);
        },
      };
    },
    get heldBytes() {
      return heldBytes;
    },
    get usedShare() {
      return heldBytes / bytesMax;
    },
    trim: () => pool.trim(),
  };
}
