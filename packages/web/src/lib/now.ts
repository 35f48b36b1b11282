// The one clock that what is on screen is told by. It ticks each second, for all places at once.
import { useSyncExternalStore } from "react";

let nowMs = Date.now();
const listeners = new Set<() => void>();

setInterval(() => {
  nowMs = Date.now();
  for (const listener of listeners) listener();
}, 1000);

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Milliseconds since the epoch, up to a second ago; renders again only when what `of` makes of them changes. */
export function useNow<T extends string | number>(of: (nowMs: number) => T): T {
  return useSyncExternalStore(subscribe, () => of(nowMs));
}
