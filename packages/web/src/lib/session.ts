// The key this tab is signed in with. It lives in sessionStorage: it survives a reload and ends with the tab.
import { keep, readKept } from "./browser-storage.ts";

export interface Credentials {
  readonly id: string;
  readonly secret: string;
}

const slot = "headgate.key";
const listeners = new Set<() => void>();
let current: Credentials | undefined;
let endedBecause: string | undefined;

export const session = {
  get: () => current,
  /** Why the last session ended, or none began, though nobody asked for that: sentences. */
  endedBecause: () => endedBecause,
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

/** `ak_…:hgs_…` → its two halves, or undefined when it is no key. Spaces around it are forgiven. */
export function parseKey(text: string): Credentials | undefined {
  const match = /^(ak_[0-9a-z]+):(hgs_[0-9a-z]+)$/.exec(text.trim());
  return match ? { id: match[1]!, secret: match[2]! } : undefined;
}

/** Goes on with the key this tab had, unless the address brings another. Call once, before routing. */
export function restoreSession(): void {
  current = parseKey(readKept("sessionStorage", slot) ?? "");
  takeKeyFromAddress();
}

/**
 * Signs in with the key in `#key=ak_…:hgs_…` and wipes it from the address bar. A fragment never reaches a server or
 * its logs. A link whose key was cut short ends the session: going on as somebody else would not be what was asked.
 */
export function takeKeyFromAddress(): void {
  if (!location.hash.startsWith("#key=")) return;
  const given = parseKey(location.hash.slice("#key=".length).replaceAll("%3A", ":"));
  history.replaceState(history.state, "", location.pathname + location.search);
  if (given) signIn(given);
  else signOut("The key in the link is not whole. Copy the link again, to its end.");
}

export function signIn(key: Credentials): void {
  endedBecause = undefined;
  become(key);
}

/** Forgets the key. `because`: sentences for who did not ask for it. */
export function signOut(because?: string): void {
  endedBecause = because;
  become(undefined);
}

function become(key: Credentials | undefined): void {
  current = key;
  keep("sessionStorage", slot, key && `${key.id}:${key.secret}`);
  for (const listener of listeners) listener();
}
