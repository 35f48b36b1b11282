// The store's thread: opens SQLite and answers every port it is handed. Started by thread.ts only.
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import type { Backend } from "./backend.ts";
import { type SqliteOptions, sqliteBackend } from "./sqlite.ts";
import { type Served, serve, toWireError, type WireError } from "./thread-protocol.ts";

export type ToThread = { connect: MessagePort } | { close: true };
export type FromThread = { ready: true } | { failed: WireError };

if (parentPort) run(parentPort);

function run(parent: MessagePort): void {
  const say = (message: FromThread): void => parent.postMessage(message);
  let backend: Backend;
  try {
    backend = sqliteBackend(workerData as SqliteOptions);
  } catch (error) {
    say({ failed: toWireError(error) });
    return;
  }
  const ports: Served[] = [];
  parent.on("message", async (message: ToThread) => {
    if ("connect" in message) {
      ports.push(serve(message.connect, backend));
      return;
    }
    // Ports have no order between them: calls sent before the close may still lie in theirs.
    for (const port of ports) port.drain();
    await backend.close();
    // The turn after next: replies to what the close flushed are posted first.
    setImmediate(() => {
      for (const port of ports) port.close();
      parent.close();
    });
  });
  say({ ready: true });
}
