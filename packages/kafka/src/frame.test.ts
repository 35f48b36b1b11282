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

function split(chunks: Buffer[], frameBytesMax = 1000) {
  const frames: Buffer[] = [];
  const starts: number[] = [];
  const splitter = frameSplitter({
    frameBytesMax: () => frameBytesMax,
    onFrame: (frame) => frames.push(frame),
    onStart: (bytes) => starts.push(bytes),
  });
  for (const chunk of chunks) splitter.push(chunk);
  return { frames, starts, splitter };
}

describe("the frame splitter", () => {
  it("finds the same frames however the stream is cut", () => {
    const bodies = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 });
    const cuts = fc.array(fc.integer({ min: 1, max: 17 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(bodies, cuts, (contents, sizes) => {
        const expected = contents.map(framed);
        const stream = Buffer.concat(expected);
        const chunks: Buffer[] = [];
        for (let at = 0, i = 0; at < stream.length; i++) {
          const size = sizes[i % sizes.length] ?? 1;
          chunks.push(stream.subarray(at, at + size));
          at += size;
        }
        const { frames, starts, splitter } = split(chunks);
        expect(frames).toEqual(expected);
        expect(starts).toEqual(expected.map((frame) => frame.length));
        expect(splitter.heldBytes).toBe(0);
      }),
      { seed: 1 },
    );
  });

  it("hands a frame that came in one piece on as the same memory", () => {
    const chunk = Buffer.concat([framed(Buffer.alloc(100, 1)), framed(Buffer.alloc(50, 2))]);
    const { frames } = split([chunk]);
    expect(frames.every((frame) => frame.buffer === chunk.buffer)).toBe(true);
  });

  it.each([-1, -(2 ** 31), 1001, 2 ** 31 - 1])(
    "refuses a size of %i, whole or in pieces",
    (size) => {
      const head = Buffer.alloc(4);
      head.writeInt32BE(size);
      expect(() => split([head])).toThrow(FrameSizeError);
      expect(() => split([head.subarray(0, 2), head.subarray(2)])).toThrow(FrameSizeError);
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
