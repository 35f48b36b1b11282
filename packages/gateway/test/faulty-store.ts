// A real store whose puts go wrong in the ways networks make them: refused, done but not acknowledged, or arriving
// after a later one. What happens to each put is decided beforehand, so that a failing run can be repeated.
import { StoreError } from "@headgate/store/errors";
import type { Expect, NewItem, Store, Version } from "@headgate/store/store";

export type Fate = "done" | "refused" | "unacknowledged" | "late";

export interface FaultyStore {
  readonly store: Store;
  /** Fates of the next puts, in order; then everything is done. */
  plan(fates: readonly Fate[]): void;
  /** Lets every late put arrive. */
  settle(): Promise<void>;
}

export function faultyStore(real: Store): FaultyStore {
  let fates: Fate[] = [];
  let late: (() => Promise<unknown>)[] = [];
  const settle = async () => {
    const arriving = late;
    late = [];
    for (const put of arriving) await put().catch(() => undefined);
  };
  const put = async (item: NewItem, expect: Expect): Promise<Version> => {
    const fate = fates.shift() ?? "done";
    const lost = new StoreError("unavailable", "the answer did not come");
    if (fate === "refused") throw lost;
    if (fate === "late") {
      late.push(() => real.put(item, expect));
      throw lost;
    }
    const version = await real.put(item, expect);
    await settle();
    if (fate === "unacknowledged") throw lost;
    return version;
  };
  return {
    store: { ...real, put },
    plan(next) {
      fates = [...next];
    },
    settle,
  };
}
