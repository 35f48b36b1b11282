// Produce throughput through the gateway against a bare Node pipe in its place: the same raw client, the same broker,
// the same topic settings; rounds alternate and the ratio is taken within a round.
import { type ChildProcess, fork } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { encodeRequest } from "@headgate/kafka/codec";
import { connect } from "@headgate/kafka/connection";
import { requestFrame } from "@headgate/kafka/frame";
import { encodeBatch } from "@headgate/kafka/records";
import { type Service, startService, temporaryDir } from "../support/service.ts";
import type { Figure } from "./main.ts";
import { median, spread } from "./stats.ts";

const PRODUCE = 0;
const PRODUCE_VERSION = 9;
const rounds = 7;
const inFlightMax = 5;
const measureMs = 2_000;

export async function produceBench(): Promise<Figure[]> {
  const dir = temporaryDir();
  const service = await startService(dir.path);
  const pipe = fork(join(import.meta.dirname, "pipe.ts"), { stdio: "inherit" });
  try {
    await service.rest("PUT", "/v1/topics/bench", {
      body: { spec: { partitions: 6, config: { "retention.bytes": "268435456" } } },
      headers: { prefer: "wait=10" },
    });
    const broker = brokerOf(dir.path);
    const pipePort = await pipeTo(pipe, broker.port);
    const physical = await physicalName(broker, "bench");
    const figures: Figure[] = [];
    for (const batchBytes of [16_384, 65_536]) {
      const ratios: number[] = [];
      const gateway: number[] = [];
      for (let round = -1; round < rounds; round += 1) {
        const through = () => throughGateway(service, batchBytes);
        const bare = () => throughPipe(pipePort, broker, physical, batchBytes);
        const [gatewayRate, pipeRate] =
          round % 2 === 0
            ? [await through(), await bare()]
            : await bare().then(async (rate) => [await through(), rate]);
        if (round < 0) continue; // the first round warms up both
        ratios.push((100 * gatewayRate!) / pipeRate!);
        gateway.push(gatewayRate!);
      }
      figures.push({
        what: `produce, 1 KB records, ${batchBytes / 1024} KB batches, 5 in flight, against a bare Node pipe`,
        bar: "≥ 85 %",
        measured: `${spread(ratios, "%")}; gateway ${spread(gateway, "MB/s")}`,
        reached: median(ratios) >= 85,
      });
    }
    return figures;
  } finally {
    pipe.kill();
    await service.stop();
    dir.remove();
  }
}

interface Broker {
  readonly port: number;
  readonly username: string;
  readonly password: string;
}

async function throughGateway(service: Service, batchBytes: number): Promise<number> {
  const [host, port] = service.ready.bootstrap.split(":");
  const { id: username, secret: password } = service.ready.key;
  return produceRate(await login(host!, Number(port), username, password), "bench", batchBytes);
}

async function throughPipe(
  port: number,
  broker: Broker,
  topic: string,
  batchBytes: number,
): Promise<number> {
  return produceRate(
    await login("127.0.0.1", port, broker.username, broker.password),
    topic,
    batchBytes,
  );
}

async function login(
  host: string,
  port: number,
  username: string,
  password: string,
): Promise<Socket> {
  const connection = await connect({
    host,
    port,
    sasl: { mechanism: "PLAIN", username, password },
  });
  return connection.detach();
}

/** MB (10^6 bytes) of record values acknowledged per second, `inFlightMax` requests in flight on one connection. */
function produceRate(socket: Socket, topic: string, batchBytes: number): Promise<number> {
  const frames = Array.from({ length: 6 }, (_, partition) =>
    frameFor(topic, partition, batchBytes),
  );
  let next = 0;
  let acknowledged = 0;
  let buffered: Buffer = Buffer.alloc(0);
  const startMs = performance.now();
  const send = () => socket.write(frames[next++ % frames.length]!);
  return new Promise((resolve, reject) => {
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("connection closed")));
    socket.on("data", (chunk: Buffer) => {
      buffered = buffered.length === 0 ? chunk : Buffer.concat([buffered, chunk]);
      while (buffered.length >= 4 && buffered.length >= 4 + buffered.readInt32BE(0)) {
        buffered = buffered.subarray(4 + buffered.readInt32BE(0));
        acknowledged += 1;
        const elapsedMs = performance.now() - startMs;
        if (elapsedMs >= measureMs) {
          socket.removeAllListeners("close");
          socket.destroy();
          resolve((acknowledged * valueBytes(batchBytes)) / 1e6 / (elapsedMs / 1000));
          return;
        }
        send();
      }
    });
    socket.resume();
    for (let i = 0; i < inFlightMax; i += 1) send();
  });
}

const recordBytes = 1_024;
const valueBytes = (batchBytes: number) => batchBytes;

function frameFor(topic: string, partition: number, batchBytes: number): Buffer {
  const value = Buffer.alloc(recordBytes, 120);
  const records = encodeBatch(
    Array.from({ length: batchBytes / recordBytes }, () => ({ value, timestampMs: Date.now() })),
  );
  const body = encodeRequest(PRODUCE, PRODUCE_VERSION, {
    transactionalId: null,
    acks: -1,
    timeoutMs: 10_000,
    topicData: [{ name: topic, partitionData: [{ index: partition, records }] }],
  });
  return requestFrame(PRODUCE, PRODUCE_VERSION, 1, "bench", body);
}

/** The embedded broker behind the service: its port and the admin's password stand in its directory. */
function brokerOf(dataDir: string): Broker {
  const text = readFileSync(join(dataDir, "kafka", "server.properties"), "utf8");
  const port = Number(/listeners=BROKER:\/\/[^:]+:(\d+)/.exec(text)?.[1]);
  const password = /user_admin="([^"]+)"/.exec(text)?.[1];
  if (!port || !password) throw new Error("cannot read the embedded broker's properties");
  return { port, username: "admin", password };
}

async function physicalName(broker: Broker, topic: string): Promise<string> {
  const connection = await connect({
    host: "127.0.0.1",
    port: broker.port,
    sasl: { mechanism: "PLAIN", username: broker.username, password: broker.password },
  });
  const { topics } = await connection.request(3, {
    topics: null,
    allowAutoTopicCreation: false,
    includeClusterAuthorizedOperations: false,
    includeTopicAuthorizedOperations: false,
  });
  connection.close();
  const found = topics.find(({ name }) => name?.endsWith(`.${topic}`))?.name;
  if (!found) throw new Error(`the broker has no topic ending in .${topic}`);
  return found;
}

function pipeTo(pipe: ChildProcess, port: number): Promise<number> {
  return new Promise((resolve) => {
    pipe.once("message", (message) => resolve(message as number));
    pipe.send(port);
  });
}
