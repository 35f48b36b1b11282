// A recording tap between kafkajs and the gateway: every byte of every connection, read afterwards with kafkajs' own
// decoder, which shares no code with the gateway's counting.
import { createRequire } from "node:module";
import { connect, type Socket } from "node:net";
import { decodeRequest } from "@headgate/kafka/codec";
import type { ISocketFactory } from "kafkajs";

interface Recording {
  readonly sent: Buffer[];
  readonly received: Buffer[];
}

export interface Tap {
  readonly socketFactory: ISocketFactory;
  /** Records delivered to the client: none before the fetch offset, no control records. */
  recordsDelivered(): Promise<number>;
}

const FETCH = 1;
const require = createRequire(import.meta.url);

export function recordingTap(): Tap {
  const recordings: Recording[] = [];
  const socketFactory: ISocketFactory = ({ host, port, onConnect }) => {
    const socket = connect({ host, port }, onConnect);
    recordings.push(record(socket));
    return socket;
  };
  return {
    socketFactory,
    async recordsDelivered() {
      let records = 0;
      for (const recording of recordings) records += await fetchedRecords(recording);
      return records;
    },
  };
}

function record(socket: Socket): Recording {
  const recording: Recording = { sent: [], received: [] };
  socket.on("data", (chunk: Buffer) => recording.received.push(Buffer.from(chunk)));
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  socket.write = (chunk: string | Uint8Array, ...rest: unknown[]) => {
    recording.sent.push(Buffer.from(chunk as Uint8Array));
    return write(chunk, ...rest);
  };
  return recording;
}

interface Request {
  readonly apiKey: number;
  readonly version: number;
  readonly body: Buffer;
}

async function fetchedRecords(recording: Recording): Promise<number> {
  const requests = new Map<number, Request>();
  for (const frame of frames(recording.sent)) {
    const clientIdBytes = Math.max(0, frame.readInt16BE(8));
    requests.set(frame.readInt32BE(4), {
      apiKey: frame.readInt16BE(0),
      version: frame.readInt16BE(2),
      body: frame.subarray(10 + clientIdBytes),
    });
  }
  let records = 0;
  for (const frame of frames(recording.received)) {
    const request = requests.get(frame.readInt32BE(0));
    if (request?.apiKey === FETCH) records += await delivered(request, frame.subarray(4));
  }
  return records;
}

interface DecodedFetch {
  responses: {
    topicName: string;
    partitions: {
      partition: number;
      messages: { offset: string; isControlRecord?: boolean }[];
    }[];
  }[];
}

async function delivered(request: Request, response: Buffer): Promise<number> {
  const { topics } = decodeRequest(FETCH, request.version, request.body);
  const from = new Map<string, bigint>();
  for (const topic of topics) {
    for (const { partition, fetchOffset } of topic.partitions) {
      from.set(`${topic.topic}/${partition}`, fetchOffset);
    }
  }
  const decoder = require(`kafkajs/src/protocol/requests/fetch/v${request.version}/response.js`);
  const fetched: DecodedFetch = await decoder.decode(response);
  return fetched.responses.flatMap(({ topicName, partitions }) =>
    partitions.flatMap(({ partition, messages }) =>
      messages.filter(
        (message) =>
          BigInt(message.offset) >= (from.get(`${topicName}/${partition}`) ?? 0n) &&
          message.isControlRecord !== true,
      ),
    ),
  ).length;
}

/** Whole frames of one direction, without their length; the unfinished end is dropped. */
function* frames(chunks: readonly Buffer[]): Generator<Buffer> {
  const bytes = Buffer.concat(chunks);
  let at = 0;
  while (at + 4 <= bytes.length) {
    const end = at + 4 + bytes.readInt32BE(at);
    if (end > bytes.length) return;
    yield bytes.subarray(at + 4, end);
    at = end;
  }
}
