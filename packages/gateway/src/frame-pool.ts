// Memory for large frames, used again. A frame that spans many reads is gathered in one buffer; fresh memory for each
// costs more in page faults and collection than the copy itself.

const smallestBytes = 64 * 1024;
/** Frames above are rare and get memory of their own. */
const largestBytes = 16 * 1024 * 1024;
const classes = Math.log2(largestBytes / smallestBytes) + 1;

export interface FramePool {
  /** At least `size` bytes, whatever they hold. */
  take(size: number): Buffer;
  /** Gives a buffer of `take` back; the caller has no more use for it. */
  give(slab: Buffer): void;
  /** Drops what lay unused since the last call. */
  trim(): void;
}

export function framePool(idleBytesMax = 64 * 1024 * 1024): FramePool {
  const idle: Buffer[][] = Array.from({ length: classes }, () => []);
  const unused = new Array<number>(classes).fill(0);
  let idleBytes = 0;
  return {
    take(size) {
      const at = classOf(size);
      const slab = idle[at]?.pop();
      if (!slab) return Buffer.allocUnsafeSlow(slabBytes(size));
      idleBytes -= slab.length;
      unused[at] = Math.min(unused[at]!, idle[at]!.length);
      return slab;
    },
    give(slab) {
      const at = classOf(slab.length);
      if (at >= classes || slab.length !== smallestBytes << at) return;
      if (idleBytes + slab.length > idleBytesMax) return;
      idle[at]!.push(slab);
      idleBytes += slab.length;
    },
    trim() {
      for (let at = 0; at < classes; at++) {
        const dropped = idle[at]!.splice(0, unused[at]);
        idleBytes -= dropped.length * (smallestBytes << at);
        unused[at] = idle[at]!.length;
      }
    },
  };
}

/** What `take` gives for `size` bytes. */
export function slabBytes(size: number): number {
  const at = classOf(size);
  return at >= classes ? size : smallestBytes << at;
}

const classOf = (size: number): number =>
  size <= smallestBytes ? 0 : 32 - Math.clz32(Math.ceil(size / smallestBytes) - 1);
