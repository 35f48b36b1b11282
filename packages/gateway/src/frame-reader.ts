// Frames out of a socket's bytes, large ones in memory of the connection's lease, which whoever gets the frame gives
// back once it was written on.
import { frameSplitter } from "@headgate/kafka/frame";
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

/** Takes the next bytes. Throws FrameSizeError, FrameMemoryError, and what `onFrame` throws; unusable then. */
export type FrameReader = (chunk: Buffer) => void;

export function frameReader({ memory, frameBytesMax, onFrame }: FrameReaderOptions): FrameReader {
  const splitter = frameSplitter({
    frameBytesMax,
    onFrame,
    take: (frameBytes) => (frameBytes >= pooledBytesMin ? memory.take(frameBytes) : undefined),
  });
  return (chunk) => splitter.push(chunk);
}
