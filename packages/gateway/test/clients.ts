// Clients for the tests: kafkajs, and raw frames over a socket for what no client sends.
import { connect as connectTcp, type Socket } from "node:net";
import { type ApiKey, decodeResponse, encodeRequest, type Input } from "@headgate/kafka/codec";
import { type Connection, connect } from "@headgate/kafka/connection";
import { frameSplitter, requestFrame, responseBodyAt } from "@headgate/kafka/frame";
import type { Requests, Responses } from "@headgate/kafka/generated/types";
import { plainMessage } from "@headgate/kafka/sasl";
import { Kafka, logLevel } from "kafkajs";
import type { Key } from "./world.ts";

export const kafkaJs = (port: number, key: Key, clientId = "test"): Kafka =>
  new Kafka({
    clientId,
    brokers: [`127.0.0.1:${port}`],
    sasl: { mechanism: "plain", username: key.id, password: key.secret },
    logLevel: logLevel.NOTHING,
    retry: { retries: 5, initialRetryTime: 100 },
  });

/** Our own client: any version of any API, answers decoded. */
export const wire = (
  port: number,
  key: Key,
  mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512" = "PLAIN",
): Promise<Connection> =>
  connect({
    host: "127.0.0.1",
    port,
    clientId: "wire",
    sasl: { mechanism, username: key.id, password: key.secret },
  });

export interface Raw {
  readonly socket: Socket;
  send(bytes: Buffer): void;
  /** The next whole frame; undefined when the connection ended first. */
  frame(): Promise<Buffer | undefined>;
  /** Settles when the other side closed. */
  readonly closed: Promise<void>;
  /** One request, its answer decoded. Throws when the connection ends. */
  ask<K extends ApiKey>(
    apiKey: K,
    version: number,
    value: Input<Requests[K]>,
  ): Promise<Responses[K]>;
  logIn(key: Key): Promise<void>;
}

/** A socket that speaks frames; every byte received is kept in `received`. */
export async function raw(port: number): Promise<Raw & { readonly received: Buffer[] }> {
  const socket = connectTcp({ host: "127.0.0.1", port });
  await new Promise((resolve) => socket.once("connect", resolve));
  const received: Buffer[] = [];
  const frames: Buffer[] = [];
  const waiting: ((frame: Buffer | undefined) => void)[] = [];
  const splitter = frameSplitter({
    frameBytesMax: () => 2 ** 30,
    onFrame(frame) {
      const next = waiting.shift();
      if (next) next(frame);
      else frames.push(frame);
    },
  });
  socket.on("data", (chunk: Buffer) => {
    received.push(chunk);
    splitter.push(chunk);
  });
  socket.on("error", () => socket.destroy());
  let ended = false;
  const closed = new Promise<void>((resolve) => {
    socket.once("close", () => {
      ended = true;
      for (const next of waiting) next(undefined);
      resolve();
    });
  });
  const frame = () =>
    new Promise<Buffer | undefined>((resolve) => {
      const there = frames.shift();
      if (there || ended) resolve(there);
      else waiting.push(resolve);
    });
  let id = 0;
  const ask: Raw["ask"] = async (apiKey, version, value) => {
    const body = encodeRequest(apiKey, version, value);
    socket.write(requestFrame(apiKey, version, ++id, "raw", body));
    const answer = await frame();
    if (!answer) throw new Error("the connection ended");
    return decodeResponse(
      apiKey,
      version,
      answer.subarray(responseBodyAt(apiKey, version, answer)),
    );
  };
  return {
    socket,
    received,
    closed,
    send: (bytes) => void socket.write(bytes),
    frame,
    ask,
    async logIn(key) {
      await ask(17, 1, { mechanism: "PLAIN" });
      const done = await ask(36, 2, { authBytes: plainMessage(key.id, key.secret) });
      if (done.errorCode !== 0) throw new Error(done.errorMessage ?? "login failed");
    },
  };
}
