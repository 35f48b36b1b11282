// A process that dies in the middle of its work, as its store and its brokers see it: at a chosen step, which was
// carried out or not, and from then on nothing it asks is answered.
import type { Store } from "../src/store.ts";

export class Died extends Error {}

export interface Life {
  /** Something that changes the world, or may: it counts, and can be the last. */
  step<T>(act: () => Promise<T>): Promise<T>;
  /** Something that only looks. */
  look<T>(act: () => Promise<T>): Promise<T>;
  readonly steps: number;
  readonly isOver: boolean;
}

/** A life that ends with its step number `last`; `carriedOut` says whether that one still reached the world. */
export function life(last = Number.POSITIVE_INFINITY, carriedOut = true): Life {
  let steps = 0;
  let isOver = false;
  return {
    async step(act) {
      if (isOver) throw new Died();
      steps += 1;
      if (steps < last) return act();
      isOver = true;
      if (carriedOut) await act();
      throw new Died(`at step ${steps}`);
    },
    async look(act) {
      if (isOver) throw new Died();
      return act();
    },
    get steps() {
      return steps;
    },
    get isOver() {
      return isOver;
    },
  };
}

/** The store as such a process reaches it: each write is a step. */
export function mortalStore(store: Store, { step, look }: Pick<Life, "step" | "look">): Store {
  return {
    get: (key) => look(() => store.get(key)),
    getMany: (keys) => look(() => store.getMany(keys)),
    query: (pk, options) => look(() => store.query(pk, options)),
    put: (item, expect) => step(() => store.put(item, expect)),
    delete: (key, expect) => step(() => store.delete(key, expect)),
    // The store outlives the process.
    close: async () => undefined,
  };
}
