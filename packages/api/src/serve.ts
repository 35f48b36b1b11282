// The API on a port of this machine. Closing ends live streams and idle connections at once and gives answers that are
// under way two seconds.
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { AppError } from "@headgate/core/errors";
import { getRequestListener, type HttpBindings, RequestError } from "@hono/node-server";
import { createApp } from "./app.ts";
import type { ApiDeps } from "./deps.ts";
import { problemOf } from "./http-errors.ts";
import { liveOverFeed } from "./live-over-feed.ts";
import { newRequestId } from "./request-context.ts";

export interface ListenOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

export interface ApiServer {
  /** `http://host:port`. */
  readonly url: string;
  readonly port: number;
  /** Before the store and the signal are closed. */
  close(): Promise<void>;
}

const graceMs = 2000;
const idleCheckMs = 20;

/** Listens once it returns. Throws `env.port_taken`. The live stream is this process' own, unless `deps` has one. */
export async function serveApi(deps: ApiDeps, { host, port }: ListenOptions): Promise<ApiServer> {
  const live = deps.live ?? liveOverFeed(deps.control);
  const app = createApp({ ...deps, live });
  const listener = getRequestListener(
    (request, env) => {
      const { incoming } = env as HttpBindings;
      return app.fetch(request, { peerAddress: incoming.socket.remoteAddress });
    },
    { overrideGlobalObjects: false, errorHandler: (error) => unreadable(deps, error) },
  );
  const server = createServer(
    { keepAliveTimeout: 10_000 },
    (incoming: IncomingMessage, outgoing) => {
      void listener(incoming, outgoing);
    },
  );
  try {
    await listen(server, host, port);
  } catch (error) {
    await live.close();
    throw error;
  }
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${taken}`,
    port: taken,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      await live.close();
      // A connection whose last answer is under way becomes idle later.
      const idle = setInterval(() => server.closeIdleConnections(), idleCheckMs);
      const patience = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearInterval(idle);
      clearTimeout(patience);
    },
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const isPort = error.code === "EADDRINUSE" || error.code === "EACCES";
      const why = error.code === "EACCES" ? "may not be opened by this user" : "is in use";
      const detail = `Port ${port} of ${host} ${why}.`;
      reject(isPort ? new AppError("env.port_taken", { detail, cause: error }) : error);
    });
    server.listen(port, host, resolve);
  });
}

/** A request that cannot even become a Request: no Host header, an address that is none. */
function unreadable({ control }: ApiDeps, cause: unknown): Response {
  const error =
    cause instanceof RequestError
      ? new AppError("request.invalid", { detail: "The request's address is not valid.", cause })
      : cause;
  const requestId = newRequestId(control);
  const problem = problemOf(error, requestId);
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: { "content-type": "application/problem+json", "x-request-id": requestId },
  });
}
