// A store whose answers get lost (mortal.ts is about processes that die).
import { StoreError } from "../src/errors.ts";
import type { Store } from "../src/store.ts";

export type When = "before" | "after";

/** A store whose answers are lost when `lost` says so, of what was done ("after") or of what was not ("before"). */
export function lossy(store: Store, lost: () => When | undefined): Store {
  const write = async <T>(run: () => Promise<T>): Promise<T> => {
    const when = lost();
    const noAnswer = new StoreError("unavailable", "no answer");
    if (when === "before") throw noAnswer;
    const result = await run();
    if (when === "after") throw noAnswer;
    return result;
  };
  return {
    ...store,
    put: (item, expect) => write(() => store.put(item, expect)),
    delete: (key, expect) => write(() => store.delete(key, expect)),
  };
}
