// The one error for bytes that are not what the protocol says, and the integers both codec and walker read.
// Whatever a peer sends may raise WireError and nothing else: every read is checked against the end it was given.

/** Malformed bytes: what is wrong, and at which position of the buffer that was read. */
export class WireError extends Error {
  readonly position: number;

  constructor(message: string, position: number) {
    super(`${message} at byte ${position}`);
    this.name = "WireError";
    this.position = position;
  }
}

/** Bytes an unsigned varint of `value` (0 … 2^32-1) takes. */
export function varintBytes(value: number): number {
  let v = value >>> 0;
  let bytes = 1;
  while (v >= 0x80) {
    v >>>= 7;
    bytes++;
  }
  return bytes;
}

/** Writes an unsigned varint; answers the position after it. */
export function writeVarint(target: Buffer, at: number, value: number): number {
  let v = value >>> 0;
  let pos = at;
  while (v >= 0x80) {
    target[pos++] = (v & 0x7f) | 0x80;
    v >>>= 7;
  }
  target[pos++] = v;
  return pos;
}
