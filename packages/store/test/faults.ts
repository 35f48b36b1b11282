// Stores that fail when told: a process that dies at its n-th write, and a service whose answers get lost.
import { StoreError } from "../src/errors.ts";
import type { Store } from "../src/store.ts";

export type When = "before" | "after";

/** The process died: not an error any code handles. */
export class Crash extends Error {
  constructor() {
    super("the process died here");
    this.name = "Crash";
  }
}

/** A store that does a write, or does not, and then throws; reads pass. */
export function faulty(
  store: Store,
  faultOf: () => { readonly when: When; readonly error: Error } | undefined,
): Store {
  const write = async <T>(run: () => Promise<T>): Promise<T> => {
    const fault = faultOf();
    if (fault?.when === "before") throw fault.error;
    const result = await run();
    if (fault) throw fault.error;
    return result;
  };
  return {
    ...store,
    put: (item, expect) => write(() => store.put(item, expect)),
    delete: (key, expect) => write(() => store.delete(key, expect)),
  };
}

/** A store whose answers `lost` says are lost, of what was done or of what was not. */
export function lossy(store: Store, lost: () => When | undefined): Store {
  return faulty(store, () => {
    const when = lost();
    return when && { when, error: new StoreError("unavailable", "no answer") };
  });
}

/**
 * A store as a process sees it that dies at its n-th write (the first is 1), before or after it is done. From then on
 * nothing goes through. `crashed` says whether it came that far.
 */
export function dyingAt(store: Store, at: number, when: When) {
  let writes = 0;
  let isDead = false;
  const alive = async <T>(run: () => Promise<T>): Promise<T> => {
    if (isDead) throw new Crash();
    return run();
  };
  const inner = faulty(store, () => {
    writes += 1;
    if (writes !== at) return undefined;
    isDead = true;
    return { when, error: new Crash() };
  });
  const dying: Store = {
    get: (key) => alive(() => store.get(key)),
    put: (item, expect) => alive(() => inner.put(item, expect)),
    delete: (key, expect) => alive(() => inner.delete(key, expect)),
    query: (pk, options) => alive(() => store.query(pk, options)),
    getMany: (keys) => alive(() => store.getMany(keys)),
    close: async () => undefined,
  };
  return { store: dying, crashed: () => isDead };
}
