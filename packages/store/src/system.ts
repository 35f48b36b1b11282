// The real clock and the real randomness, for composition roots; everything else takes them as arguments.
import { randomBytes } from "node:crypto";
import type { Clock, RandomSource } from "@headgate/core/clock";

export const systemClock: Clock = { nowMs: () => Date.now() };
export const systemRandom: RandomSource = { bytes: (size) => randomBytes(size) };
