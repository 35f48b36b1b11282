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

/** Undefined when one of the ports is taken; with port 0 another try may do better. */
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
    const server = createServer((socket) => onConnection(socket, i - 1));
    const got = wanted > 65_535 ? "taken" : await listen(server, host, wanted);
    if (typeof got !== "number") {
      await close();
      if (got === "taken") return undefined;
      const detail = `Port ${wanted} on ${host} cannot be opened: ${got.message}.`;
      throw new AppError("env.port_taken", { detail, cause: got });
    }
    servers.push(server);
    if (i === 0) basePort = got;
  }
  return { basePort, close };
}

/** The port it got, `taken`, or why it cannot be had at all (privileges, an address of another machine). */
function listen(server: Server, host: string, port: number): Promise<number | "taken" | Error> {
  const { promise, resolve } = Promise.withResolvers<number | "taken" | Error>();
  server.once("error", (error: NodeJS.ErrnoException) => {
    resolve(error.code === "EADDRINUSE" ? "taken" : error);
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
