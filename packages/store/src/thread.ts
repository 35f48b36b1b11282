// The store on a thread of its own, because node:sqlite blocks the thread it runs on, and an fsync must never stand
// between two Kafka records. Each thread that needs the store gets a port of its own.
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import type { SqliteOptions } from "./sqlite.ts";
import { type Store, storeOf } from "./store.ts";
import { backendOver, fromWireError } from "./thread-protocol.ts";
import type { FromThread, ToThread } from "./thread-worker.ts";

export interface StoreThread {
  /** For the thread that started it. */
  readonly store: Store;
  /** A port to hand to another thread (in `transferList`), which calls `storeOver` on it. */
  connect(): MessagePort;
  /** Settles when the thread ends: undefined after `close`, else why it died. */
  readonly ended: Promise<Error | undefined>;
  /** Commits what was accepted and ends the thread. */
  close(): Promise<void>;
}

/** Opens the file on a new thread. Throws what `openSqlite` throws. */
export async function startStoreThread(
  options: Omit<SqliteOptions, "clock">,
): Promise<StoreThread> {
  const worker = new Worker(new URL("./thread-worker.ts", import.meta.url), {
    workerData: options,
    name: "store",
  });
  const ended = endOf(worker);
  const first = await Promise.race([
    new Promise<FromThread>((resolve) => worker.once("message", resolve)),
    ended,
  ]);
  if (first === undefined || first instanceof Error || "failed" in first) {
    await worker.terminate();
    if (first instanceof Error) throw first;
    if (first && "failed" in first) throw fromWireError(first.failed);
    throw new Error("the store's thread ended before it was ready");
  }
  const connect = (): MessagePort => {
    const { port1, port2 } = new MessageChannel();
    worker.postMessage({ connect: port1 } satisfies ToThread, [port1]);
    return port2;
  };
  const store = storeOver(connect());
  worker.unref();
  return {
    store,
    connect,
    ended,
    async close() {
      // What this thread asked in this very turn is not posted yet.
      await store.close();
      worker.ref();
      worker.postMessage({ close: true } satisfies ToThread);
      await ended;
    },
  };
}

/** The port over a store thread's `MessagePort`, on whichever thread holds it. */
export function storeOver(port: MessagePort): Store {
  return storeOf(backendOver(port));
}

function endOf(worker: Worker): Promise<Error | undefined> {
  return new Promise((resolve) => {
    let cause: Error | undefined;
    worker.once("error", (error) => {
      cause = error instanceof Error ? error : new Error(String(error));
    });
    worker.once("exit", (code) => {
      const died = code === 0 ? undefined : new Error(`the store's thread ended with ${code}`);
      resolve(cause ?? died);
    });
  });
}
