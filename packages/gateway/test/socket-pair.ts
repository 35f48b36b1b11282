// Two ends of a real connection on the loopback.
import { connect, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/** `ours` is the side under test. Both end with the test. */
export async function socketPair(): Promise<{ ours: Socket; theirs: Socket }> {
  const accepted = Promise.withResolvers<Socket>();
  const server = createServer((socket) => accepted.resolve(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const theirs = connect(address.port, "127.0.0.1");
  const ours = await accepted.promise;
  server.close();
  onTestFinished(() => {
    ours.destroy();
    theirs.destroy();
  });
  return { ours, theirs };
}
