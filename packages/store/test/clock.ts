// A clock and a randomness the test decides.
import type { Clock, RandomSource } from "@headgate/core/clock";

export interface HandClock extends Clock {
  /** Forwards, or back when negative. */
  pass(ms: number): void;
}

export function handClock(startMs = Date.UTC(2026, 10, 24, 4, 5, 6)): HandClock {
  let nowMs = startMs;
  return {
    nowMs: () => nowMs,
    pass: (ms) => {
      nowMs += ms;
    },
  };
}

/** Bytes that are all different from call to call, and the same in every run (a linear congruential generator). */
export function seededRandom(seed = 1): RandomSource {
  let state = seed >>> 0;
  return {
    bytes: (size) =>
      Uint8Array.from({ length: size }, () => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        return state >>> 24;
      }),
  };
}
