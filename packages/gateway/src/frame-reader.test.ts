// Frames out of a byte stream, however it is cut, and however it lies about its lengths.
import { FrameSizeError } from "@headgate/kafka/frame";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FrameMemoryError, frameMemory } from "./frame-memory.ts";
import { frameReader } from "./frame-reader.ts";

const framed = (body: Uint8Array): Buffer => {
  const frame = Buffer.alloc(4 + body.length);
  frame.writeInt32BE(body.length);
  frame.set(body, 4);
  return frame;
};

function reading(frameBytesMax = 1024 * 1024, bytesMax = 2 ** 30) {
  const memory = frameMemory({ bytesMax });
  const lease = memory.lease(() => undefined);
  const frames: Buffer[] = [];
  const slabs: (Buffer | undefined)[] = [];
  const read = frameReader({
    memory: lease,
    frameBytesMax: () => frameBytesMax,
    onFrame(frame, slab) {
      frames.push(Buffer.from(frame));
      slabs.push(slab);
    },
  });
  return { memory, lease, frames, slabs, read };
}

test("the same frames are found however the stream is cut, small and large ones", () => {
  const body = fc.oneof(
    { weight: 4, arbitrary: fc.uint8Array({ maxLength: 40 }) },
    { weight: 1, arbitrary: fc.nat(255).map((byte) => new Uint8Array(70_000).fill(byte)) },
  );
  const cuts = fc.array(
    fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 50_000 })),
    { minLength: 1, maxLength: 20 },
  );
  fc.assert(
    fc.property(fc.array(body, { maxLength: 6 }), cuts, (bodies, sizes) => {
      const { frames, slabs, lease, memory, read } = reading();
      const expected = bodies.map(framed);
      const stream = Buffer.concat(expected);
      for (let at = 0, i = 0; at < stream.length; i++) {
        const size = sizes[i % sizes.length]!;
        read(stream.subarray(at, at + size));
        at += size;
      }
      expect(frames).toEqual(expected);
      // What was gathered in the lease's memory is handed over with the frame, and nothing is kept.
      for (const slab of slabs) if (slab) lease.give(slab);
      expect(memory.heldBytes).toBe(0);
    }),
    { seed: 1, numRuns: 60 },
  );
});

test("a frame that came in one piece is that piece", () => {
  const chunk = Buffer.concat([framed(Buffer.alloc(100, 1)), framed(Buffer.alloc(50_000, 2))]);
  const seen: Buffer[] = [];
  const memory = frameMemory({ bytesMax: 1 }).lease(() => undefined);
  frameReader({
    memory,
    frameBytesMax: () => 2 ** 20,
    onFrame: (frame, slab) => {
      seen.push(frame);
      expect(slab).toBeUndefined();
    },
  })(chunk);
  expect(seen.map((frame) => frame.buffer === chunk.buffer)).toEqual([true, true]);
});

describe("a length that is a lie", () => {
  test.each([-1, -(2 ** 31), 1_000_001, 2 ** 31 - 1])(
    "%i is refused before memory is taken for it, whole or in pieces",
    (size) => {
      const head = Buffer.alloc(4);
      head.writeInt32BE(size);
      for (const chunks of [[head], [head.subarray(0, 1), head.subarray(1)]]) {
        const { read, memory } = reading(1_000_000);
        expect(() => chunks.forEach(read)).toThrow(FrameSizeError);
        expect(memory.heldBytes).toBe(0);
      }
    },
  );

  test("costs what it announces once, and never more than the budget", () => {
    const head = Buffer.alloc(4);
    head.writeInt32BE(1_000_000);
    const { read, memory, lease } = reading(2_000_000, 1_500_000);
    read(head);
    expect(memory.heldBytes).toBe(1024 * 1024);
    const other = frameReader({
      memory: memory.lease(() => undefined),
      frameBytesMax: () => 2_000_000,
      onFrame: () => undefined,
    });
    expect(() => other(head)).toThrow(FrameMemoryError);
    lease.release();
    expect(memory.heldBytes).toBe(0);
    other(head);
  });

  test("the limit is asked for each frame: small before a login, large after", () => {
    let max = 10;
    const frames: number[] = [];
    const read = frameReader({
      memory: frameMemory({ bytesMax: 1000 }).lease(() => undefined),
      frameBytesMax: () => max,
      onFrame(frame) {
        frames.push(frame.length);
        max = 100;
      },
    });
    read(Buffer.concat([framed(Buffer.alloc(10)), framed(Buffer.alloc(100))]));
    expect(frames).toEqual([14, 104]);
    expect(() => read(framed(Buffer.alloc(101)))).toThrow(FrameSizeError);
  });
});
