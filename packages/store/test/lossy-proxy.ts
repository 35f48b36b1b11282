// A TCP proxy that can lose answers: what was asked is done, and nobody hears of it.
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface LossyProxy {
  readonly endpoint: string;
  /** The next answer is lost, and its connection with it. */
  loseNextAnswer(): void;
  close(): Promise<void>;
}

/** In front of a server on this machine. */
export async function startLossyProxy(upstreamPort: number): Promise<LossyProxy> {
  let isLosing = false;
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(upstreamPort, "127.0.0.1");
    for (const socket of [near, far]) {
      sockets.add(socket.on("close", () => sockets.delete(socket)));
      // An end is all there is to do about an error here; both sides get it.
      socket.on("error", () => undefined);
    }
    near.on("close", () => far.destroy()).pipe(far);
    far.on("close", () => near.destroy());
    far.on("data", (bytes) => {
      if (isLosing) near.destroy();
      else near.write(bytes);
      isLosing = false;
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    loseNextAnswer() {
      isLosing = true;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
