// A byte stream cut into frames. A frame that came in one piece is a slice of that piece; a larger one is gathered in
// memory of the lease, which its owner gives back once the frame was written on. At most one incomplete frame is held.
//
//   size int32, size bytes
import { FrameSizeError } from "@headgate/kafka/frame";
import type { MemoryLease } from "./frame-memory.ts";

export interface FrameReaderOptions {
  readonly memory: Pick<MemoryLease, "take">;
  /** Largest size field allowed; asked per frame. */
  readonly frameBytesMax: () => number;
  /** A whole frame, its size included. `slab` is the memory to give back, undefined when there is none. */
  readonly onFrame: (frame: Buffer, slab: Buffer | undefined) => void;
}

/** Frames from here on are worth memory of the lease; smaller ones are within what a read may bring anyway. */
const pooledBytesMin = 32 * 1024;

/**
 * Takes the next bytes of the stream. Throws FrameSizeError, FrameMemoryError, and what `onFrame` throws; unusable
 * then.
 */
export type FrameReader = (chunk: Buffer) => void;

export function frameReader(options: FrameReaderOptions): FrameReader {
  const { memory, frameBytesMax, onFrame } = options;
  const head = Buffer.alloc(4);
  let held = 0;
  let frame: Buffer | undefined;
  let slab: Buffer | undefined;

  const sizeOf = (bytes: Buffer, at: number): number => {
    const size = bytes.readInt32BE(at);
    const max = frameBytesMax();
    if (size < 0 || size > max) throw new FrameSizeError(size, max);
    return size + 4;
  };

  const begin = (frameBytes: number): Buffer => {
    slab = frameBytes >= pooledBytesMin ? memory.take(frameBytes) : undefined;
    frame = slab ? slab.subarray(0, frameBytes) : Buffer.allocUnsafe(frameBytes);
    head.copy(frame, 0, 0, held);
    return frame;
  };

  /** Adds bytes of `chunk` from `at` to the incomplete frame; answers how far it read. */
  const gather = (chunk: Buffer, at: number): number => {
    let pos = at;
    let target = frame;
    if (!target) {
      const taken = Math.min(4 - held, chunk.length - pos);
      chunk.copy(head, held, pos, pos + taken);
      held += taken;
      pos += taken;
      if (held < 4) return pos;
      target = begin(sizeOf(head, 0));
    }
    const taken = Math.min(target.length - held, chunk.length - pos);
    chunk.copy(target, held, pos, pos + taken);
    held += taken;
    if (held === target.length) {
      const whole = slab;
      frame = undefined;
      slab = undefined;
      held = 0;
      onFrame(target, whole);
    }
    return pos + taken;
  };

  return (chunk) => {
    let pos = 0;
    while (pos < chunk.length) {
      const left = chunk.length - pos;
      const frameBytes = held === 0 && left >= 4 ? sizeOf(chunk, pos) : -1;
      if (frameBytes < 0 || frameBytes > left) pos = gather(chunk, pos);
      else {
        onFrame(chunk.subarray(pos, pos + frameBytes), undefined);
        pos += frameBytes;
      }
    }
  };
}
