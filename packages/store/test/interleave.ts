// Several processes over one store, one store call at a time, in an order the test chooses: every race there can be
// between them is one of these orders.
import type { Store } from "../src/store.ts";

/** Runs them to their ends. `choose` is asked which of the calls that wait goes next (any natural number). */
export async function interleave<T>(
  store: Store,
  processes: readonly ((store: Store) => Promise<T>)[],
  choose: () => number,
): Promise<PromiseSettledResult<T>[]> {
  const waiting: (() => void)[] = [];
  const queued =
    <A extends unknown[], R>(call: (...args: A) => Promise<R>) =>
    (...args: A): Promise<R> =>
      new Promise((resolve, reject) => waiting.push(() => call(...args).then(resolve, reject)));
  const gated: Store = {
    get: queued(store.get),
    put: queued(store.put),
    delete: queued(store.delete),
    query: queued(store.query),
    getMany: queued(store.getMany),
    close: store.close,
  };
  let isOver = false;
  const all = Promise.allSettled(processes.map((process) => process(gated))).finally(() => {
    isOver = true;
  });
  while (!isOver) {
    // One turn of the event loop: whoever can come to its next call has come there.
    await new Promise((resolve) => setImmediate(resolve));
    if (waiting.length > 0) waiting.splice(choose() % waiting.length, 1)[0]?.();
  }
  return all;
}
