// Frames: `size int32, header, body` (KIP-482 decides which header). The splitter turns a byte stream into frames
// without ever holding more than one incomplete frame, in memory that its owner may provide.
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
  /** Largest size field allowed; asked per frame, so it may change (small before authentication). */
  frameBytesMax(): number;
  /**
   * A whole frame, its 4-byte size included: a slice of the chunk when it came in one piece, else of `memory`, what
   * `take` gave for it.
   */
  onFrame(frame: Buffer, memory: Buffer | undefined): void;
  /** At least `frameBytes` for a frame that comes in pieces; undefined or absent: it gets memory of its own. */
  take?(frameBytes: number): Buffer | undefined;
}

export function frameSplitter(handlers: FrameHandlers): FrameSplitter {
  // An incomplete frame: its size until that is known, then the whole frame in one piece of memory.
  const head = Buffer.alloc(4);
  let held = 0;
  let frame: Buffer | undefined;
  let memory: Buffer | undefined;

  const frameBytesAt = (bytes: Buffer, at: number): number => {
    const size = bytes.readInt32BE(at);
    const max = handlers.frameBytesMax();
    if (size < 0 || size > max) throw new FrameSizeError(size, max);
    return size + 4;
  };

  const begin = (frameBytes: number): Buffer => {
    memory = handlers.take?.(frameBytes);
    frame = memory ? memory.subarray(0, frameBytes) : Buffer.allocUnsafe(frameBytes);
    head.copy(frame);
    return frame;
  };

  /** Copies bytes of `chunk` from `at` into `target`; answers how far it read. */
  const hold = (target: Buffer, chunk: Buffer, at: number): number => {
    const taken = Math.min(target.length - held, chunk.length - at);
    chunk.copy(target, held, at, at + taken);
    held += taken;
    return at + taken;
  };

  const gather = (chunk: Buffer, at: number): number => {
    let pos = at;
    if (!frame) {
      pos = hold(head, chunk, pos);
      if (held < 4) return pos;
    }
    const target = frame ?? begin(frameBytesAt(head, 0));
    pos = hold(target, chunk, pos);
    if (held < target.length) return pos;
    const whole = memory;
    frame = undefined;
    memory = undefined;
    held = 0;
    handlers.onFrame(target, whole);
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
        const frameBytes = held === 0 && left >= 4 ? frameBytesAt(chunk, pos) : -1;
        if (frameBytes < 0 || frameBytes > left) pos = gather(chunk, pos);
        else {
          handlers.onFrame(chunk.subarray(pos, pos + frameBytes), undefined);
          pos += frameBytes;
        }
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
