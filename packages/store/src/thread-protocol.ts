// Messages between a store thread and its callers: arrays of calls one way, arrays of outcomes the other, one message
// per turn of the event loop. Errors cross as kind and text, so that a Conflict stays a Conflict.
import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import type { Backend } from "./backend.ts";
import { StoreError, type StoreErrorKind } from "./errors.ts";

type Method = Exclude<keyof Backend, "close">;

export interface Call {
  readonly id: number;
  readonly method: Method;
  readonly args: readonly unknown[];
}

export interface WireError {
  readonly kind: StoreErrorKind;
  readonly detail: string;
}

export interface Outcome {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: WireError;
}

export function toWireError(error: unknown): WireError {
  if (error instanceof StoreError) return { kind: error.kind, detail: error.message };
  return { kind: "unavailable", detail: error instanceof Error ? error.message : String(error) };
}

export const fromWireError = (error: WireError) => new StoreError(error.kind, error.detail);

/** Collects what is posted in one turn into one message. */
export function batched<T>(port: Pick<MessagePort, "postMessage">): (message: T) => void {
  let batch: T[] = [];
  return (message) => {
    if (batch.push(message) > 1) return;
    queueMicrotask(() => {
      const sent = batch;
      batch = [];
      port.postMessage(sent);
    });
  };
}

export interface Served {
  /** Takes the calls that were sent and have not arrived. */
  drain(): void;
  close(): void;
}

/** Answers the calls that arrive on `port` from a backend. */
export function serve(port: MessagePort, backend: Backend): Served {
  const reply = batched<Outcome>(port);
  const answer = async ({ id, method, args }: Call): Promise<void> => {
    try {
      const call = backend[method] as (...args: readonly unknown[]) => Promise<unknown>;
      reply({ id, result: await call(...args) });
    } catch (error) {
      reply({ id, error: toWireError(error) });
    }
  };
  const take = (calls: readonly Call[]): void => {
    for (const call of calls) void answer(call);
  };
  port.on("message", take);
  return {
    drain() {
      for (let sent = receiveMessageOnPort(port); sent; sent = receiveMessageOnPort(port)) {
        take(sent.message as readonly Call[]);
      }
    },
    close: () => port.close(),
  };
}

/** A backend whose calls are answered at the other end of `port`. */
export function backendOver(port: MessagePort): Backend {
  const send = batched<Call>(port);
  const pending = new Map<number, PromiseWithResolvers<unknown>>();
  let nextId = 1;
  let open = true;
  const end = (): void => {
    open = false;
    for (const call of pending.values()) {
      call.reject(new StoreError("unavailable", "The store's thread ended."));
    }
    pending.clear();
  };
  port.on("message", (outcomes: readonly Outcome[]) => {
    for (const { id, result, error } of outcomes) {
      const call = pending.get(id);
      pending.delete(id);
      if (error) call?.reject(fromWireError(error));
      else call?.resolve(result);
    }
    // Only an unanswered call keeps the process alive.
    if (pending.size === 0) port.unref();
  });
  port.on("close", end);
  port.unref();
  const call = <T>(method: Method, ...args: readonly unknown[]): Promise<T> => {
    if (!open) return Promise.reject(new StoreError("unavailable", "The store is closed."));
    const id = nextId++;
    const waiting = Promise.withResolvers<unknown>();
    pending.set(id, waiting);
    port.ref();
    send({ id, method, args });
    return waiting.promise as Promise<T>;
  };
  return {
    get: (key) => call("get", key),
    put: (row, expect) => call("put", row, expect),
    delete: (key, expect) => call("delete", key, expect),
    scan: (range) => call("scan", range),
    getMany: (keys) => call("getMany", keys),
    async close() {
      await Promise.allSettled([...pending.values()].map((each) => each.promise));
      open = false;
      port.close();
    },
  };
}
