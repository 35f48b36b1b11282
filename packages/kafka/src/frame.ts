// Frames: `size int32, header, body` (KIP-482 decides which header). The splitter turns a byte stream into frames
// without ever holding more than one incomplete frame, and shows a frame's size and API before its body is stored, so
// that an owner can refuse it early.
//
//   request header v1  apiKey int16, apiVersion int16, correlationId int32, clientId nullable string
//   request header v2  the same (client id not compact), tags
//   response header v0 correlationId int32      v1 the same, tags; ApiVersions answers always with v0

import { isFlexible } from "./api-schemas.ts";
import { Reader } from "./reader.ts";
import { WireError } from "./wire.ts";
import { Writer } from "./writer.ts";

/** A frame's size is negative or larger than allowed; the stream cannot be read on. */
export class FrameSizeError extends WireError {
  readonly frameBytes: number;

  constructor(frameBytes: number, frameBytesMax: number) {
    super(`frame of ${frameBytes} bytes (at most ${frameBytesMax} allowed)`, 0);
    this.name = "FrameSizeError";
    this.frameBytes = frameBytes;
  }
}

export interface FrameSplitter {
  /** Takes the next bytes of the stream. Throws FrameSizeError, and whatever a handler throws; unusable after that. */
  push(chunk: Buffer): void;
  /** Bytes of the incomplete frame held at the moment. */
  readonly heldBytes: number;
}

export interface FrameHandlers {
  /** A whole frame, its 4-byte size included. A slice of the chunk when it came in one piece. */
  onFrame(frame: Buffer): void;
  /** The size of a frame is known (4 bytes included) and its first 12 bytes are there, before the rest is stored. */
  onStart?(frameBytes: number, first: Buffer): void;
  /** Largest size field allowed; asked per frame, so it may change (small before authentication). */
  frameBytesMax(): number;
}

/** Enough to see size, API key, version and correlation id (of a response: size and correlation id). */
const FIRST_BYTES = 12;

export function frameSplitter(handlers: FrameHandlers): FrameSplitter {
  // An incomplete frame: its first bytes until the size is known, then the whole frame in one allocation.
  const first = Buffer.alloc(FIRST_BYTES);
  let held = 0;
  let frame: Buffer | undefined;

  const check = (head: Buffer, at: number): number => {
    const size = head.readInt32BE(at);
    const max = handlers.frameBytesMax();
    if (size < 0 || size > max) throw new FrameSizeError(size, max);
    return size + 4;
  };

  /** Holds bytes of `chunk` from `at` until `wanted` are held; answers how far it read. */
  const hold = (target: Buffer, wanted: number, chunk: Buffer, at: number): number => {
    const taken = Math.min(wanted - held, chunk.length - at);
    chunk.copy(target, held, at, at + taken);
    held += taken;
    return at + taken;
  };

  const resume = (chunk: Buffer, at: number): number => {
    let pos = at;
    if (!frame) {
      if (held < 4) pos = hold(first, 4, chunk, pos);
      if (held < 4) return pos;
      const frameBytes = check(first, 0);
      const wanted = Math.min(FIRST_BYTES, frameBytes);
      pos = hold(first, wanted, chunk, pos);
      if (held < wanted) return pos;
      handlers.onStart?.(frameBytes, first.subarray(0, wanted));
      frame = Buffer.allocUnsafe(frameBytes);
      first.copy(frame, 0, 0, wanted);
    }
    pos = hold(frame, frame.length, chunk, pos);
    if (held === frame.length) {
      const whole = frame;
      frame = undefined;
      held = 0;
      handlers.onFrame(whole);
    }
    return pos;
  };

  return {
    get heldBytes() {
      return held;
    },
    push(chunk) {
      let pos = 0;
      while (pos < chunk.length) {
        const left = chunk.length - pos;
        const frameBytes = held === 0 && left >= 4 ? check(chunk, pos) : -1;
        if (frameBytes < 0 || frameBytes > left) {
          pos = resume(chunk, pos);
          continue;
        }
        const whole = chunk.subarray(pos, pos + frameBytes);
        pos += frameBytes;
        handlers.onStart?.(frameBytes, whole.subarray(0, FIRST_BYTES));
        handlers.onFrame(whole);
      }
    },
  };
}

export interface RequestHeader {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly correlationId: number;
  readonly clientId: string | null;
  /** Where the body starts in the frame. */
  readonly bodyAt: number;
}

/** The header of a request frame (4-byte size included). Throws WireError. */
export function readRequestHeader(frame: Buffer): RequestHeader {
  const reader = new Reader(frame, 4, frame.length);
  const apiKey = reader.int16();
  const apiVersion = reader.int16();
  const correlationId = reader.int32();
  const clientId = reader.string(false, true);
  if (isFlexible(apiKey, apiVersion)) skipTags(reader);
  return { apiKey, apiVersion, correlationId, clientId, bodyAt: reader.at };
}

/** A whole request frame around an encoded body. */
export function requestFrame(
  apiKey: number,
  apiVersion: number,
  correlationId: number,
  clientId: string | null,
  body: Buffer,
): Buffer {
  const writer = new Writer();
  writer.int32(0);
  writer.int16(apiKey);
  writer.int16(apiVersion);
  writer.int32(correlationId);
  writer.string(clientId, false);
  if (isFlexible(apiKey, apiVersion)) writer.varint(0);
  return sized(writer, body);
}

/** Where the body of a response frame starts (4-byte size included). Throws WireError. */
export function responseBodyAt(apiKey: number, apiVersion: number, frame: Buffer): number {
  const reader = new Reader(frame, 4, frame.length);
  reader.int32();
  if (hasResponseTags(apiKey, apiVersion)) skipTags(reader);
  return reader.at;
}

/** The correlation id of a response frame (4-byte size included). Throws WireError. */
export function responseCorrelationId(frame: Buffer): number {
  return new Reader(frame, 4, frame.length).int32();
}

/** A whole response frame around an encoded body. */
export function responseFrame(
  apiKey: number,
  apiVersion: number,
  correlationId: number,
  body: Buffer,
): Buffer {
  const writer = new Writer();
  writer.int32(0);
  writer.int32(correlationId);
  if (hasResponseTags(apiKey, apiVersion)) writer.varint(0);
  return sized(writer, body);
}

const API_VERSIONS = 18;

// A client that asks in a version the server does not know must be able to read the answer.
const hasResponseTags = (apiKey: number, apiVersion: number) =>
  apiKey !== API_VERSIONS && isFlexible(apiKey, apiVersion);

function sized(writer: Writer, body: Buffer): Buffer {
  writer.raw(body);
  const frame = writer.finish();
  frame.writeInt32BE(frame.length - 4, 0);
  return frame;
}

function skipTags(reader: Reader): void {
  for (let count = reader.varint(); count > 0; count--) {
    reader.varint();
    reader.widen(reader.narrow(reader.varint()), false);
  }
}
