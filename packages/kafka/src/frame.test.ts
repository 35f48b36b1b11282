import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  FrameSizeError,
  frameSplitter,
  readRequestHeader,
  requestFrame,
  responseBodyAt,
  responseFrame,
} from "./frame.ts";
import { Api } from "./generated/types.ts";
import { WireError } from "./wire.ts";

const framed = (body: Uint8Array) => {
  const frame = Buffer.alloc(4 + body.length);
  frame.writeInt32BE(body.length);
  frame.set(body, 4);
  return frame;
};

function split(chunks: Buffer[], { frameBytesMax = 1000, take = noMemory } = {}) {
  const frames: Buffer[] = [];
  const memories: (Buffer | undefined)[] = [];
  const splitter = frameSplitter({
    frameBytesMax: () => frameBytesMax,
    take,
    onFrame(frame, memory) {
      frames.push(Buffer.from(frame));
      memories.push(memory);
    },
  });
  for (const chunk of chunks) splitter.push(chunk);
  return { frames, memories, splitter };
}

const noMemory = (_frameBytes: number): Buffer | undefined => undefined;

describe("the frame splitter", () => {
  const bodies = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 });
  const cuts = fc.array(fc.integer({ min: 1, max: 17 }), { minLength: 1, maxLength: 20 });
  const cutUp = (stream: Buffer, sizes: number[]): Buffer[] => {
    const chunks: Buffer[] = [];
    for (let at = 0, i = 0; at < stream.length; i++) {
      const size = sizes[i % sizes.length] ?? 1;
      chunks.push(stream.subarray(at, at + size));
      at += size;
    }
    return chunks;
  };

  it("finds the same frames however the stream is cut", () => {
    fc.assert(
      fc.property(bodies, cuts, (contents, sizes) => {
        const expected = contents.map(framed);
        const { frames, splitter } = split(cutUp(Buffer.concat(expected), sizes));
        expect(frames).toEqual(expected);
        expect(splitter.heldBytes).toBe(0);
      }),
      { seed: 1 },
    );
  });

  it("gathers what comes in pieces in the memory it is given, and hands that over with the frame", () => {
    fc.assert(
      fc.property(bodies, cuts, (contents, sizes) => {
        const expected = contents.map(framed);
        const taken: Buffer[] = [];
        const take = (frameBytes: number) => {
          if (frameBytes < 20) return undefined;
          const memory = Buffer.alloc(frameBytes + 100, 0xff);
          taken.push(memory);
          return memory;
        };
        const { frames, memories } = split(cutUp(Buffer.concat(expected), sizes), { take });
        expect(frames).toEqual(expected);
        expect(memories.filter((memory) => memory !== undefined)).toEqual(taken);
      }),
      { seed: 1 },
    );
  });

  it("hands a frame that came in one piece on as the same memory", () => {
    const chunk = Buffer.concat([framed(Buffer.alloc(100, 1)), framed(Buffer.alloc(50, 2))]);
    const frames: Buffer[] = [];
    const onFrame = (frame: Buffer) => void frames.push(frame);
    frameSplitter({ frameBytesMax: () => 1000, onFrame }).push(chunk);
    expect(frames.map((frame) => frame.buffer === chunk.buffer)).toEqual([true, true]);
  });

  it.each([-1, -(2 ** 31), 1001, 2 ** 31 - 1])(
    "refuses a size of %i before it takes memory, whole or in pieces",
    (size) => {
      const head = Buffer.alloc(4);
      head.writeInt32BE(size);
      const take = () => {
        throw new Error("took memory");
      };
      expect(() => split([head], { take })).toThrow(FrameSizeError);
      expect(() => split([head.subarray(0, 2), head.subarray(2)], { take })).toThrow(
        FrameSizeError,
      );
    },
  );
});

describe("headers", () => {
  it("of flexible requests have tags, of older ones not", () => {
    const body = Buffer.from("body");
    for (const [version, bodyAt] of [
      [8, 16],
      [9, 17],
    ] as const) {
      const frame = requestFrame(Api.Produce, version, 7, "me", body);
      expect(readRequestHeader(frame)).toEqual({
        apiKey: 0,
        apiVersion: version,
        correlationId: 7,
        clientId: "me",
        bodyAt,
      });
      expect(frame.subarray(bodyAt)).toEqual(body);
    }
  });

  it("of ApiVersions responses never have tags", () => {
    expect(responseBodyAt(18, 4, responseFrame(18, 4, 1, Buffer.alloc(0)))).toBe(8);
    expect(responseBodyAt(3, 12, responseFrame(3, 12, 1, Buffer.alloc(0)))).toBe(9);
  });

  it("that are cut off or random raise WireError", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 40 }), (bytes) => {
        try {
          readRequestHeader(Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }),
      { seed: 1 },
    );
  });
});
