// One client connection to one broker: TCP or TLS, ApiVersions, login, then requests matched by correlation id. It
// never reconnects; whoever owns it opens another one (admin/router.ts).

import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions as TlsOptions } from "node:tls";
import { apiName, apiVersions } from "./api-schemas.ts";
import { type ApiKey, decodeResponse, encodeRequest, type Input } from "./codec.ts";
import { ErrorCode, KafkaError } from "./errors.ts";
import { frameSplitter, requestFrame, responseBodyAt, responseCorrelationId } from "./frame.ts";
import { Api, type Requests, type Responses } from "./generated/types.ts";
import { login, type Sasl } from "./login.ts";
import type { Versions } from "./schema.ts";

export interface ConnectionOptions {
  readonly host: string;
  readonly port: number;
  readonly sasl?: Sasl | undefined;
  /** Present: TLS with these options. */
  readonly tls?: TlsOptions | undefined;
  readonly clientId?: string;
  /** TCP, TLS and login together. */
  readonly connectTimeoutMs?: number;
  readonly requestTimeoutMs?: number;
  readonly frameBytesMax?: number;
}

/** The connection is gone, or an answer did not come in time. Whether the broker acted on a request is unknown. */
export class ConnectionError extends Error {
  readonly reason: "closed" | "timeout" | "unsupported";

  constructor(reason: ConnectionError["reason"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ConnectionError";
    this.reason = reason;
  }
}

export interface RequestOptions {
  /** The version to speak; absent: the highest both sides know, up to `versionMax`. */
  readonly version?: number;
  readonly versionMax?: number;
  readonly timeoutMs?: number;
}

export interface Connection {
  /** Sends a request and decodes its answer. Throws ConnectionError, or WireError for an answer that makes no sense. */
  request<K extends ApiKey>(
    apiKey: K,
    value: Input<Requests[K]>,
    options?: RequestOptions,
  ): Promise<Responses[K]>;
  /** Highest version both sides know; undefined when there is none. */
  version(apiKey: number, versionMax?: number): number | undefined;
  /** What the broker offers: API key → versions. */
  readonly offered: ReadonlyMap<number, Versions>;
  readonly isOpen: boolean;
  /** Lifetime of the login in ms, 0: unlimited. */
  readonly sessionLifetimeMs: number;
  /** Gives the logged-in socket away, paused and without listeners; the connection is unusable afterwards. */
  detach(): Socket;
  close(): void;
}

interface Pending {
  readonly apiKey: ApiKey;
  readonly version: number;
  readonly resolve: (answer: never) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** Connects and logs in. Throws ConnectionError, or KafkaError when the login is refused. */
export async function connect(options: ConnectionOptions): Promise<Connection> {
  const timeoutMs = options.connectTimeoutMs ?? 10_000;
  const socket = openSocket(options);
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const message = `no connection to ${options.host}:${options.port} within ${timeoutMs} ms`;
    timeout.reject(new ConnectionError("timeout", message));
  }, timeoutMs);
  try {
    return await Promise.race([start(socket, options), timeout.promise]);
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function openSocket({ host, port, tls }: ConnectionOptions): Socket {
  // Without a server name there is no SNI, and TLS gateways route by it.
  const socket = tls
    ? connectTls({ servername: host, ...tls, host, port })
    : connectTcp({ host, port });
  return socket.setNoDelay(true);
}

async function start(socket: Socket, options: ConnectionOptions): Promise<Connection> {
  await connected(socket, options);
  const wire = exchange(socket, options);
  const offered = await askApiVersions(wire);
  const state = { sessionLifetimeMs: 0, renewAt: Number.POSITIVE_INFINITY };
  const logIn = async (sasl: Sasl) => {
    state.sessionLifetimeMs = await login(
      (apiKey, value) => wire.send(apiKey, pick(offered, apiKey) ?? 1, value as never),
      sasl,
    );
    if (state.sessionLifetimeMs > 0) state.renewAt = Date.now() + state.sessionLifetimeMs * 0.8;
  };
  if (options.sasl) await logIn(options.sasl);
  // KIP-368: the login is renewed on the same connection, before the broker would close it; requests wait meanwhile.
  let renewal: Promise<void> | undefined;
  const renewed = () => {
    if (options.sasl && Date.now() >= state.renewAt) {
      state.renewAt = Number.POSITIVE_INFINITY;
      renewal = logIn(options.sasl);
    }
    return renewal;
  };
  return {
    async request(apiKey, value, { version, versionMax, timeoutMs } = {}) {
      await renewed();
      const chosen = version ?? pick(offered, apiKey, versionMax);
      if (chosen !== undefined) return wire.send(apiKey, chosen, value, timeoutMs);
      const message = `the broker has no version of ${apiName(apiKey)} that we know`;
      throw new ConnectionError("unsupported", message);
    },
    version: (apiKey, versionMax) => pick(offered, apiKey, versionMax),
    offered,
    get isOpen() {
      return wire.isOpen;
    },
    get sessionLifetimeMs() {
      return state.sessionLifetimeMs;
    },
    detach: () => wire.detach(),
    close: () => wire.close(new ConnectionError("closed", "the connection was closed here")),
  };
}

function connected(socket: Socket, { host, port, tls }: ConnectionOptions): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const fail = (error: Error) =>
    reject(
      new ConnectionError("closed", `cannot reach ${host}:${port}: ${error.message}`, {
        cause: error,
      }),
    );
  socket.once("error", fail);
  socket.once(tls ? "secureConnect" : "connect", () => {
    socket.off("error", fail);
    resolve();
  });
  return promise;
}

function pick(offered: ReadonlyMap<number, Versions>, apiKey: number, versionMax = 32767) {
  const ours = apiVersions(apiKey);
  const theirs = offered.get(apiKey);
  if (!ours || !theirs) return undefined;
  const version = Math.min(ours[1], theirs[1], versionMax);
  return version >= Math.max(ours[0], theirs[0]) ? version : undefined;
}

async function askApiVersions(wire: Exchange): Promise<ReadonlyMap<number, Versions>> {
  const who = { clientSoftwareName: "headgate", clientSoftwareVersion: "1" };
  let answer = await wire.send(Api.ApiVersions, 3, who);
  if (answer.errorCode === ErrorCode.UNSUPPORTED_VERSION)
    answer = await wire.send(Api.ApiVersions, 0, {});
  if (answer.errorCode !== 0) throw new KafkaError(answer.errorCode, "ApiVersions");
  return new Map(answer.apiKeys.map((api) => [api.apiKey, [api.minVersion, api.maxVersion]]));
}

interface Exchange {
  send<K extends ApiKey>(
    apiKey: K,
    version: number,
    value: Input<Requests[K]>,
    timeoutMs?: number,
  ): Promise<Responses[K]>;
  readonly isOpen: boolean;
  detach(): Socket;
  close(reason: ConnectionError): void;
}

const FRAME_BYTES_MAX = 100 * 1024 * 1024;

/** Requests and answers over a connected socket. */
function exchange(socket: Socket, options: ConnectionOptions): Exchange {
  const where = `${options.host}:${options.port}`;
  const pending = new Map<number, Pending>();
  let lastId = 0;
  let closed: ConnectionError | undefined;

  const close = (reason: ConnectionError) => {
    closed ??= reason;
    socket.destroy();
    for (const waiting of pending.values()) {
      clearTimeout(waiting.timer);
      waiting.reject(closed);
    }
    pending.clear();
  };
  const splitter = frameSplitter({
    frameBytesMax: () => options.frameBytesMax ?? FRAME_BYTES_MAX,
    onFrame(frame) {
      const id = responseCorrelationId(frame);
      const waiting = pending.get(id);
      if (!waiting) return;
      pending.delete(id);
      clearTimeout(waiting.timer);
      settle(waiting, frame);
    },
  });
  const onData = (chunk: Buffer) => {
    try {
      splitter.push(chunk);
    } catch (error) {
      close(new ConnectionError("closed", `${where} sent no Kafka answer`, { cause: error }));
    }
  };
  const onError = (error: Error) =>
    close(
      new ConnectionError("closed", `connection to ${where}: ${error.message}`, { cause: error }),
    );
  const onClose = () => close(new ConnectionError("closed", `${where} closed the connection`));
  socket.on("data", onData).on("error", onError).on("close", onClose);

  return {
    send(apiKey, version, value, timeoutMs = options.requestTimeoutMs ?? 30_000) {
      if (closed) return Promise.reject(closed);
      const correlationId = ++lastId & 0x7fffffff;
      const body = encodeRequest(apiKey, version, value);
      const clientId = options.clientId ?? "headgate";
      const { promise, resolve, reject } = Promise.withResolvers<never>();
      const timer = setTimeout(() => {
        pending.delete(correlationId);
        const message = `${where} did not answer ${apiName(apiKey)} within ${timeoutMs} ms`;
        reject(new ConnectionError("timeout", message));
      }, timeoutMs);
      pending.set(correlationId, { apiKey, version, resolve, reject, timer });
      socket.write(requestFrame(apiKey, version, correlationId, clientId, body));
      return promise;
    },
    get isOpen() {
      return closed === undefined;
    },
    detach() {
      if (closed) throw closed;
      if (pending.size > 0 || splitter.heldBytes > 0) throw new Error("detached with answers due");
      closed = new ConnectionError("closed", "the connection was given away");
      socket.pause().off("data", onData).off("error", onError).off("close", onClose);
      return socket;
    },
    close,
  };
}

function settle({ apiKey, version, resolve, reject }: Pending, frame: Buffer): void {
  try {
    const body = frame.subarray(responseBodyAt(apiKey, version, frame));
    resolve(decodeResponse(apiKey, answerVersion(apiKey, version, body), body) as never);
  } catch (error) {
    reject(error instanceof Error ? error : new Error(String(error)));
  }
}

/** A server that does not know the ApiVersions version asked for answers in version 0, with error 35 first. */
const answerVersion = (apiKey: ApiKey, version: number, body: Buffer): number =>
  apiKey === Api.ApiVersions &&
  body.length >= 2 &&
  body.readInt16BE(0) === ErrorCode.UNSUPPORTED_VERSION
    ? 0
    : version;
