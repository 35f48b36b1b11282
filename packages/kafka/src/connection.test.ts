// One connection to a peer that may not be a broker, or one that goes away.
import { createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { encodeResponse } from "./codec.ts";
import { type Connection, ConnectionError, connect } from "./connection.ts";
import { KafkaError } from "./errors.ts";
import { frameSplitter, readRequestHeader, responseFrame } from "./frame.ts";
import { Api } from "./generated/types.ts";

let server: Server | undefined;
const sockets = new Set<Socket>();

afterEach(() => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  server?.close();
});

async function listen(onSocket: (socket: Socket) => void): Promise<number> {
  const listening = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    onSocket(socket);
  });
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  const address = listening.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

type Answer = (apiKey: number, version: number) => Buffer | "nothing" | "close";

/** A peer that speaks frames: `answer` makes the body. */
const speaking = (answer: Answer) =>
  listen((socket) => {
    const splitter = frameSplitter({
      frameBytesMax: () => 1_000_000,
      onFrame(frame) {
        const { apiKey, apiVersion, correlationId } = readRequestHeader(frame);
        const body = answer(apiKey, apiVersion);
        if (body === "close") socket.destroy();
        else if (body !== "nothing")
          socket.write(responseFrame(apiKey, apiVersion, correlationId, body));
      },
    });
    socket.on("data", (chunk: Buffer) => splitter.push(chunk));
  });

const offering = (version: number, apiKeys: [key: number, min: number, max: number][]) =>
  encodeResponse(Api.ApiVersions, version, {
    apiKeys: apiKeys.map(([apiKey, minVersion, maxVersion]) => ({
      apiKey,
      minVersion,
      maxVersion,
    })),
  });

const to = (port: number, more = {}): Promise<Connection> =>
  connect({ host: "127.0.0.1", port, connectTimeoutMs: 300, requestTimeoutMs: 300, ...more });

const broken = (reason: ConnectionError["reason"], text: RegExp) => (error: unknown) => {
  expect(error).toBeInstanceOf(ConnectionError);
  expect((error as ConnectionError).reason).toBe(reason);
  expect((error as ConnectionError).message).toMatch(text);
  return true;
};

describe("connecting fails with what is wrong", () => {
  it("when nobody listens", async () => {
    const port = await listen(() => undefined);
    await new Promise((resolve) => server!.close(resolve));
    await expect(to(port)).rejects.toSatisfy(broken("closed", /cannot reach .*ECONNREFUSED/));
  });

  it("when the peer says nothing", async () => {
    const port = await listen(() => undefined);
    await expect(to(port)).rejects.toSatisfy(broken("timeout", /within 300 ms/));
  });

  it("when the peer is no broker", async () => {
    const port = await listen((socket) => socket.write("HTTP/1.1 400 Bad Request\r\n\r\n"));
    await expect(to(port)).rejects.toSatisfy(broken("closed", /no Kafka answer/));
  });

  it("when the peer closes at once", async () => {
    const port = await listen((socket) => socket.end());
    await expect(to(port)).rejects.toSatisfy(broken("closed", /closed the connection/));
  });

  it("when the mechanism is not offered", async () => {
    const port = await speaking((apiKey, version) =>
      apiKey === Api.ApiVersions
        ? offering(version, [[Api.SaslHandshake, 0, 1]])
        : encodeResponse(Api.SaslHandshake, version, { errorCode: 33, mechanisms: ["GSSAPI"] }),
    );
    const sasl = { mechanism: "PLAIN", username: "u", password: "p" } as const;
    const failed = to(port, { sasl });
    await expect(failed).rejects.toBeInstanceOf(KafkaError);
    await expect(failed).rejects.toThrow(/PLAIN is not offered, only GSSAPI/);
  });
});

describe("a connection", () => {
  it("asks in version 0 again when the peer does not know its ApiVersions", async () => {
    const asked: number[] = [];
    const port = await speaking((_apiKey, version) => {
      asked.push(version);
      return version > 0
        ? encodeResponse(Api.ApiVersions, 0, { errorCode: 35 })
        : offering(0, [[Api.Metadata, 1, 5]]);
    });
    const connection = await to(port);
    expect(asked).toEqual([3, 0]);
    expect(connection.version(Api.Metadata)).toBe(5);
    expect(connection.version(Api.Metadata, 4)).toBe(4);
    expect(connection.version(Api.Metadata, 0)).toBeUndefined();
    expect(connection.version(Api.Produce)).toBeUndefined();
    await expect(connection.request(Api.Produce, {})).rejects.toSatisfy(
      broken("unsupported", /no version of Produce/),
    );
  });

  it("fails every request that is due when it ends, and each one after", async () => {
    const port = await speaking((apiKey, version) => {
      if (apiKey === Api.ApiVersions) return offering(version, [[Api.Metadata, 9, 9]]);
      return "close";
    });
    const connection = await to(port);
    const due = [1, 2].map(() => connection.request(Api.Metadata, { topics: [] }));
    for (const request of due) await expect(request).rejects.toSatisfy(broken("closed", /closed/));
    expect(connection.isOpen).toBe(false);
    await expect(connection.request(Api.Metadata, {})).rejects.toBeInstanceOf(ConnectionError);
  });

  it("gives an answer that comes too late to nobody, and goes on", async () => {
    let late: (() => void) | undefined;
    const port = await listen((socket) => {
      const splitter = frameSplitter({
        frameBytesMax: () => 1_000_000,
        onFrame(frame) {
          const { apiKey, apiVersion, correlationId } = readRequestHeader(frame);
          const send = (body: Buffer) =>
            socket.write(responseFrame(apiKey, apiVersion, correlationId, body));
          const metadata = () =>
            send(encodeResponse(Api.Metadata, 9, { controllerId: correlationId }));
          if (apiKey === Api.ApiVersions) send(offering(apiVersion, [[Api.Metadata, 9, 9]]));
          else if (!late) late = metadata;
          else {
            late();
            metadata();
          }
        },
      });
      socket.on("data", (chunk: Buffer) => splitter.push(chunk));
    });
    const connection = await to(port);
    await expect(connection.request(Api.Metadata, {}, { timeoutMs: 20 })).rejects.toSatisfy(
      broken("timeout", /did not answer Metadata within 20 ms/),
    );
    expect((await connection.request(Api.Metadata, {})).controllerId).toBe(3);
  });

  it("that was given away is silent and of no more use", async () => {
    const port = await speaking((_apiKey, version) => offering(version, []));
    const connection = await to(port);
    const socket = connection.detach();
    expect([socket.isPaused(), socket.listenerCount("data")]).toEqual([true, 0]);
    await expect(connection.request(Api.Metadata, {})).rejects.toBeInstanceOf(ConnectionError);
    expect(() => connection.detach()).toThrow(ConnectionError);
    socket.destroy();
  });
});
