// "Something about this topic changed, look now": makes a tail or a queue immediate within one process. Losing a signal
// costs a poll interval and nothing else, so it carries no data and promises nothing.
import { BroadcastChannel } from "node:worker_threads";

export interface Signal {
  /** Calls every listener of `topic`, on all threads, soon. */
  notify(topic: string): void;
  /** Returns the function that stops listening. */
  on(topic: string, fn: () => void): () => void;
  close(): void;
}

/** A signal across the threads of this process. `name` must be unique per stack, so that two stacks do not mix. */
export function processSignal(name: string): Signal {
  const channel = new BroadcastChannel(`headgate:${name}`);
  const listeners = new Map<string, Set<() => void>>();
  let open = true;
  const call = (topic: string): void => {
    for (const fn of [...(listeners.get(topic) ?? [])]) fn();
  };
  channel.onmessage = (event) => call(String((event as { data: unknown }).data));
  channel.unref();
  return {
    notify(topic) {
      if (!open) return;
      channel.postMessage(topic);
      // A BroadcastChannel does not hear itself.
      queueMicrotask(() => call(topic));
    },
    on(topic, fn) {
      const set = listeners.get(topic) ?? new Set();
      listeners.set(topic, set.add(fn));
      return () => void set.delete(fn);
    },
    close() {
      open = false;
      listeners.clear();
      channel.close();
    },
  };
}
