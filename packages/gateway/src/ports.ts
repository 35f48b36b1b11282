// Plaintext addresses: one port is the bootstrap, the ports right after it lead to the nodes 0, 1, 2, …. They must be
// consecutive, so with port 0 a free run is looked for.
import { createServer, type Server, type Socket } from "node:net";
import { AppError } from "@headgate/core/errors";

/** Node ids that have a port of their own. */
export const nodePorts = 4;

export interface PortRun {
  readonly basePort: number;
  close(): Promise<void>;
}

/** `nodeId` is -1 on the bootstrap port. */
export type OnConnection = (socket: Socket, nodeId: number) => void;

const tries = 50;

/** Listens on `port` and the node ports after it. Throws AppError `env.port_taken`. */
export async function listenRun(
  host: string,
  port: number,
  onConnection: OnConnection,
): Promise<PortRun> {
  for (let attempt = 1; ; attempt++) {
    const run = await tryRun(host, port, onConnection);
    if (run) return run;
    if (port !== 0 || attempt === tries) {
      const last = port + nodePorts;
      const detail =
        port === 0
          ? `No ${nodePorts + 1} free ports in a row were found on ${host}.`
          : `One of the ports ${port} to ${last} on ${host} is already in use.`;
      throw new AppError("env.port_taken", { detail });
    }
  }
}

async function tryRun(
  host: string,
  port: number,
  onConnection: OnConnection,
): Promise<PortRun | undefined> {
  const servers: Server[] = [];
  const close = async () => {
    await Promise.all(servers.map(closeServer));
  };
  let basePort = port;
  for (let i = 0; i <= nodePorts; i++) {
    const wanted = i === 0 ? port : basePort + i;
    const server = createServer({ pauseOnConnect: false }, (socket) => onConnection(socket, i - 1));
    const got = wanted > 65_535 ? undefined : await listen(server, host, wanted);
    if (got === undefined) {
      await close();
      return undefined;
    }
    servers.push(server);
    if (i === 0) basePort = got;
  }
  return { basePort, close };
}

/** The port, or undefined when it is taken. */
function listen(server: Server, host: string, port: number): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  server.once("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EADDRINUSE") resolve(undefined);
    else reject(error);
  });
  server.listen({ host, port }, () => {
    const address = server.address();
    resolve(typeof address === "object" && address ? address.port : port);
  });
  return promise;
}

function closeServer(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  return promise;
}
