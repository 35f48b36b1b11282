// Request headers without an object per frame.
//
//   size int32, apiKey int16, apiVersion int16, correlationId int32, clientId nullable string, flexible: tags
import { readRequestHeader, responseBodyAt } from "@headgate/kafka/frame";
import { WireError } from "@headgate/kafka/wire";
import type { Route } from "./allow-list.ts";

export const apiKeyOf = (frame: Buffer): number => frame.readInt16BE(4);
export const apiVersionOf = (frame: Buffer): number => frame.readInt16BE(6);
export const correlationIdOf = (frame: Buffer): number => frame.readInt32BE(8);

/** Shortest request: size, key, version, correlation id and the length of a client id. */
const headerBytesMin = 14;

/** Throws WireError when even the header cannot be there. */
export function checkHeader(frame: Buffer): void {
  if (frame.length < headerBytesMin) throw new WireError("no request header", frame.length);
}

/** Bytes of the client id, 0 for none. Throws WireError. */
function clientIdBytes(frame: Buffer): number {
  const size = frame.readInt16BE(12);
  if (size < -1 || headerBytesMin + size > frame.length)
    throw new WireError(`client id of ${size} bytes`, 12);
  return Math.max(size, 0);
}

/** Where the body of a request starts. Throws WireError. */
export function requestBodyAt(route: Route, frame: Buffer): number {
  const at = headerBytesMin + clientIdBytes(frame);
  if (!route.requestFlexible) return at;
  // Tags in a header are legal and never seen.
  return frame[at] === 0 ? at + 1 : readRequestHeader(frame).bodyAt;
}

/** Where the body of an answer starts. Throws WireError. */
export function answerBodyAt(route: Route, frame: Buffer): number {
  if (!route.responseFlexible) return 8;
  return frame[8] === 0 ? 9 : responseBodyAt(route.apiKey, route.version, frame);
}

export interface ClientIds {
  /** The client id of a request when it is another than the last one's; ids change seldom, so bytes are compared. */
  changed(frame: Buffer): string | undefined;
}

export function clientIds(): ClientIds {
  let known = Buffer.alloc(0);
  return {
    changed(frame) {
      const end = headerBytesMin + clientIdBytes(frame);
      const size = end - headerBytesMin;
      if (size === known.length && frame.compare(known, 0, size, headerBytesMin, end) === 0)
        return undefined;
      known = Buffer.from(frame.subarray(headerBytesMin, end));
      return known.toString("utf8");
    },
  };
}
