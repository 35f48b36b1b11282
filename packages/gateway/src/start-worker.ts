// Starts the gateway's thread and speaks its messages, for the composition.
import { Worker } from "node:worker_threads";
import { AppError, type ErrorCode, errorTable } from "@headgate/core/errors";
import type { Log } from "./log.ts";
import type { GatewayStats } from "./server.ts";
import type { FromGateway, GatewayWorkerData, ToGateway } from "./worker.ts";

export interface GatewayThread {
  readonly port: number;
  stats(): Promise<GatewayStats>;
  /** Writes the last counts and ends the thread. */
  close(): Promise<void>;
  /** Settles when the thread ends: undefined after `close`, else why it died. */
  readonly ended: Promise<Error | undefined>;
}

/** Throws AppError `env.port_taken`, or the error the thread died of. */
export async function startGatewayThread(
  data: GatewayWorkerData,
  log: Log = () => {},
): Promise<GatewayThread> {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), {
    workerData: data,
    transferList: [data.storePort],
    name: "gateway",
  });
  const ended = endOf(worker);
  const ready = Promise.withResolvers<number>();
  const waiting: ((stats: GatewayStats) => void)[] = [];
  worker.on("message", (message: FromGateway) => {
    if (message.type === "ready") ready.resolve(message.port);
    else if (message.type === "failed") ready.reject(fromThread(message.code, message.message));
    else if (message.type === "log") log(message.message, message.fields);
    else if (message.type === "stats") waiting.shift()?.(message.stats);
  });
  void ended.then((error) => ready.reject(error ?? new Error("the gateway's thread ended")));
  const send = (message: ToGateway) => worker.postMessage(message);
  const port = await ready.promise;
  return {
    port,
    ended,
    stats() {
      const { promise, resolve } = Promise.withResolvers<GatewayStats>();
      waiting.push(resolve);
      send("stats");
      return promise;
    },
    async close() {
      send("close");
      await ended;
    },
  };
}

function fromThread(code: string, detail: string): AppError {
  const known = Object.hasOwn(errorTable, code) ? (code as ErrorCode) : "internal";
  return new AppError(known, { detail });
}

function endOf(worker: Worker): Promise<Error | undefined> {
  const { promise, resolve } = Promise.withResolvers<Error | undefined>();
  let cause: Error | undefined;
  worker.once("error", (error) => {
    cause = error instanceof Error ? error : new Error(String(error));
  });
  worker.once("exit", (code) => {
    const died = code === 0 ? undefined : new Error(`the gateway's thread ended with ${code}`);
    resolve(cause ?? died);
  });
  return promise;
}
