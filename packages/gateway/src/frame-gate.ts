// Frames wait here, in order, while something must be finished before the next request may be looked at: a login step,
// a dial, the replacement of the broker's link. What was read by then stays; nothing more is read.
import { Pause, type Valve } from "./flow.ts";

export interface FrameGate {
  readonly isShut: boolean;
  /** Hands the frame on, or keeps it while the gate is shut. */
  pass(frame: Buffer, slab: Buffer | undefined): void;
  /** Shuts the gate before the frame in hand, which comes first when it opens. */
  shutBefore(frame: Buffer, slab: Buffer | undefined): void;
  shut(): void;
  /** Hands on what waited, until something shuts the gate again. Throws what `handle` throws. */
  open(): void;
  /** Forgets what waits. */
  clear(): void;
}

export function frameGate(
  reading: Valve,
  handle: (frame: Buffer, slab: Buffer | undefined) => void,
): FrameGate {
  const waiting: { readonly frame: Buffer; readonly slab: Buffer | undefined }[] = [];
  let isShut = false;
  const shut = (): void => {
    isShut = true;
    reading.set(Pause.blocked, true);
  };
  return {
    get isShut() {
      return isShut;
    },
    pass(frame, slab) {
      if (isShut) waiting.push({ frame, slab });
      else handle(frame, slab);
    },
    shutBefore(frame, slab) {
      waiting.unshift({ frame, slab });
      shut();
    },
    shut,
    open() {
      isShut = false;
      for (let next = waiting.shift(); next; next = isShut ? undefined : waiting.shift())
        handle(next.frame, next.slab);
      if (!isShut) reading.set(Pause.blocked, false);
    },
    clear() {
      waiting.length = 0;
    },
  };
}
