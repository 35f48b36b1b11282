// Asks a broker the one question that matters at start: do you answer a logged-in admin, and does the controller count
// you as live? Four small requests written by hand, so that a start does not wait for anything larger to load.
import { connect, type Socket } from "node:net";

export interface ProbeTarget {
  host: string;
  port: number;
  username: string;
  password: string;
  nodeId: number;
}

const METADATA = 3;
const SASL_HANDSHAKE = 17;
const SASL_AUTHENTICATE = 36;
const UPDATE_FEATURES = 57;

/** True when the broker names itself in Metadata; false for every refusal, silence or half answer. */
export async function brokerIsLive(target: ProbeTarget, timeoutMs: number): Promise<boolean> {
  return withBroker(target, timeoutMs, async (call) => {
    // v1, no topics. Response: brokers [node_id host port rack] …
    const body = await call(METADATA, 1, int32(0));
    const count = body.readInt32BE(0);
    let at = 4;
    for (let i = 0; i < count; i++) {
      if (body.readInt32BE(at) === target.nodeId) return true;
      at += 4;
      at += 2 + body.readInt16BE(at) + 4;
      at += 2 + Math.max(0, body.readInt16BE(at));
    }
    return false;
  }).catch(() => false);
}

/**
 * Raises features to the levels that `kafka-storage format` gives a new 4.3 cluster (KIP-584 UpdateFeatures v1): a
 * directory formatted by meta.properties alone starts without them, and KIP-848 groups would not work.
 */
export async function raiseFeatures(
  target: ProbeTarget,
  levels: Record<string, number>,
  timeoutMs: number,
): Promise<void> {
  const updates = Object.entries(levels).map(([name, level]) =>
    // feature, maxVersionLevel, upgradeType 1 = upgrade only, no tags
    Buffer.concat([compactString(name), int16(level), Buffer.from([1, 0])]),
  );
  const request = Buffer.concat([
    Buffer.from([0]), // header v2 tags
    int32(timeoutMs),
    Buffer.from([updates.length + 1]),
    ...updates,
    Buffer.from([0, 0]), // validateOnly, tags
  ]);
  await withBroker(target, timeoutMs, async (call) => {
    const answer = await call(UPDATE_FEATURES, 1, request);
    // header v1 tags, throttle_time_ms, error_code
    const error = answer.readInt16BE(5);
    if (error !== 0) throw new Error(`UpdateFeatures answered error ${error}`);
  });
}

type Call = (key: number, version: number, body: Buffer) => Promise<Buffer>;

async function withBroker<T>(
  target: ProbeTarget,
  timeoutMs: number,
  use: (call: Call) => Promise<T>,
): Promise<T> {
  const socket = connect({ host: target.host, port: target.port, noDelay: true });
  socket.setTimeout(timeoutMs, () => socket.destroy(new Error("the broker does not answer")));
  try {
    const call = caller(socket);
    await logIn(call, target);
    return await use(call);
  } finally {
    socket.destroy();
  }
}

async function logIn(call: Call, target: ProbeTarget): Promise<void> {
  const handshake = await call(SASL_HANDSHAKE, 1, string("PLAIN"));
  if (handshake.readInt16BE(0) !== 0) throw new Error("no PLAIN");
  const secret = Buffer.from(`\0${target.username}\0${target.password}`);
  const answer = await call(SASL_AUTHENTICATE, 0, Buffer.concat([int32(secret.length), secret]));
  if (answer.readInt16BE(0) !== 0) throw new Error("login refused");
}

/** One request at a time; resolves to the response body after the correlation id. */
function caller(socket: Socket): Call {
  let received: Buffer = Buffer.alloc(0);
  let waiting: { resolve(body: Buffer): void; reject(error: Error): void } | undefined;
  let failed: Error | undefined;
  const fail = (error: Error) => {
    failed ??= error;
    waiting?.reject(error);
  };
  socket.on("error", fail);
  socket.on("close", () => fail(new Error("connection closed")));
  socket.on("data", (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    if (received.length < 4) return;
    const length = received.readInt32BE(0);
    if (received.length < 4 + length) return;
    const body = received.subarray(8, 4 + length);
    received = received.subarray(4 + length);
    waiting?.resolve(body);
  });
  return (key, version, body) => {
    if (failed !== undefined) return Promise.reject(failed);
    // request header: api_key api_version correlation_id client_id
    const header = Buffer.concat([int16(key), int16(version), int32(0), string("headgate-probe")]);
    socket.write(Buffer.concat([int32(header.length + body.length), header, body]));
    return new Promise((resolve, reject) => {
      waiting = { resolve, reject };
    });
  };
}

function int16(value: number): Buffer {
  const buffer = Buffer.alloc(2);
  buffer.writeInt16BE(value);
  return buffer;
}

function int32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(value);
  return buffer;
}

function string(text: string): Buffer {
  return Buffer.concat([int16(Buffer.byteLength(text)), Buffer.from(text)]);
}

/** Short strings only: the length plus one as one varint byte. */
function compactString(text: string): Buffer {
  return Buffer.concat([Buffer.from([text.length + 1]), Buffer.from(text)]);
}
