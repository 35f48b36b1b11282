// Back-pressure: a side is read only while nothing stands against it.
import type { Socket } from "node:net";
import type { Delivery } from "./filters/50-count.ts";
import type { MemoryLease } from "./frame-memory.ts";

/** Why reading from a side is paused; it resumes when no reason is left. */
export const Pause = { blocked: 1, otherSideFull: 2, inFlight: 4 } as const;

export interface Valve {
  set(reason: number, on: boolean): void;
}

export function valve(socket: Socket): Valve {
  let reasons = 0;
  return {
    set(reason, on) {
      const before = reasons;
      reasons = on ? before | reason : before & ~reason;
      if (before === 0 && reasons !== 0) socket.pause();
      else if (before !== 0 && reasons === 0) socket.resume();
    },
  };
}

export interface Outgoing {
  /**
   * Writes slices in order; false when the socket wants no more for now. `slab` is given back, and `delivery` is
   * counted, when the last slice has left the process.
   */
  send(slices: readonly Buffer[], slab: Buffer | undefined, delivery?: Delivery): boolean;
}

interface Sent {
  readonly slab: Buffer | undefined;
  readonly delivery: Delivery | undefined;
}

/** `count` is called for what reached the kernel's buffer of the socket, and not for what was lost with it. */
export function outgoing(
  socket: Socket,
  memory: Pick<MemoryLease, "give">,
  count: (delivery: Delivery) => void = () => {},
): Outgoing {
  // Write callbacks come in the order of the writes.
  const sent: Sent[] = [];
  const onWritten = (error?: Error | null): void => {
    const { slab, delivery } = sent.shift() ?? {};
    if (slab) memory.give(slab);
    if (delivery && !error) count(delivery);
  };
  return {
    send(slices, slab, delivery) {
      const last = slices.length - 1;
      for (let i = 0; i < last; i++) socket.write(slices[i]!);
      if (!slab && !delivery) return socket.write(slices[last]!);
      sent.push({ slab, delivery });
      return socket.write(slices[last]!, onWritten);
    },
  };
}
