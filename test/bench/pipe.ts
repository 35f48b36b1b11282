// The physical limit for a Node process between client and broker: two sockets, two pipes, nothing read.
import { type AddressInfo, connect, createServer } from "node:net";

process.once("message", (port: number) => {
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ port, host: "127.0.0.1", noDelay: true });
    client.pipe(upstream);
    upstream.pipe(client);
    for (const socket of [client, upstream]) {
      const end = () => {
        client.destroy();
        upstream.destroy();
      };
      socket.on("error", end).on("close", end);
    }
  });
  server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
});
