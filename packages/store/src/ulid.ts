// ULIDs (github.com/ulid/spec): 48 bits of milliseconds, 80 random bits, Crockford base32; they sort by time.
// One source never repeats and never goes back, not even when its clock does.
import type { Clock, RandomSource } from "@headgate/core/clock";

const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const randomMax = (1n << 80n) - 1n;

export type UlidSource = () => string;

/** A source of strictly rising ULIDs: within one millisecond (or a clock that went back) the random part counts up. */
export function ulids(clock: Clock, random: RandomSource): UlidSource {
  let lastMs = -1;
  let tail = 0n;
  return () => {
    const nowMs = clock.nowMs();
    if (nowMs > lastMs) {
      lastMs = nowMs;
      tail = bigintOf(random.bytes(10));
    } else if (tail === randomMax) {
      lastMs += 1;
      tail = 0n;
    } else {
      tail += 1n;
    }
    return encode((BigInt(lastMs) << 80n) | tail);
  };
}

/** The smallest ULID of a millisecond: where a scan from that moment on begins. */
export function ulidFloor(ms: number): string {
  return encode(BigInt(Math.max(0, Math.floor(ms))) << 80n);
}

/** Milliseconds since the epoch at which a ULID was made, by its maker's clock. */
export function ulidMs(ulid: string): number {
  let ms = 0;
  for (const char of ulid.slice(0, 10)) ms = ms * 32 + alphabet.indexOf(char);
  return ms;
}

function encode(value: bigint): string {
  let text = "";
  for (let shift = 125n; shift >= 0n; shift -= 5n) text += alphabet[Number((value >> shift) & 31n)];
  return text;
}

function bigintOf(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}
