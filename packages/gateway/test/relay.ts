// Stands between the gateway and the broker and breaks connections as a dying broker does: at once, in the middle of
// frames, in both directions.
import { connect, createServer, type Server, type Socket } from "node:net";

export interface Relay {
  /** `host:port` to dial instead of the broker. */
  readonly address: string;
  /** Breaks every connection there is. */
  cut(): void;
  /** Breaks every connection each time so many bytes went to the broker; 0 never. */
  cutEveryBytes: number;
  readonly cuts: number;
  close(): Promise<void>;
}

export async function startRelay(host: string, port: number): Promise<Relay> {
  const open = new Set<Socket>();
  let untilCut = 0;
  const relay = {
    address: "",
    cutEveryBytes: 0,
    cuts: 0,
    cut() {
      relay.cuts++;
      for (const socket of open) socket.resetAndDestroy();
    },
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  const join = (client: Socket) => {
    const broker = connect({ host, port, noDelay: true });
    for (const [socket, other] of [
      [client, broker],
      [broker, client],
    ] as const) {
      open.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        open.delete(socket);
        other.destroy();
      });
    }
    broker.pipe(client);
    client.on("data", (chunk: Buffer) => {
      broker.write(chunk);
      if (relay.cutEveryBytes === 0) return;
      untilCut -= chunk.length;
      if (untilCut > 0) return;
      untilCut = relay.cutEveryBytes;
      relay.cut();
    });
  };
  const server: Server = createServer({ noDelay: true }, join);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  relay.address = `127.0.0.1:${address.port}`;
  return relay;
}
