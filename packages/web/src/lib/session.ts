// The key this tab is signed in with. It lives in sessionStorage: it survives a reload and ends with the tab.

export interface Credentials {
  readonly id: string;
  readonly secret: string;
}

const slot = "headgate.key";
const listeners = new Set<() => void>();
let current: Credentials | undefined;
let endedBecause: string | undefined;

/** `ak_…:hgs_…` → its two halves, or undefined when it is not a key. Spaces around it are forgiven. */
export function parseKey(text: string): Credentials | undefined {
  const match = /^(ak_[0-9a-z]+):(hgs_[0-9a-z]+)$/.exec(text.trim());
  return match ? { id: match[1]!, secret: match[2]! } : undefined;
}

/** `#key=ak_…:hgs_…` → the key. A fragment never reaches a server or its logs. */
export function keyFromFragment(hash: string): Credentials | undefined {
  return hash.startsWith("#key=") ? parseKey(decodeURIComponent(hash.slice(5))) : undefined;
}

/** Takes a key from the address bar and wipes it there, else the one this tab had. Call once, before routing. */
export function restoreSession(): void {
  const given = keyFromFragment(location.hash);
  if (location.hash.startsWith("#key=")) {
    history.replaceState(history.state, "", location.pathname + location.search);
  }
  const kept = sessionStorage.getItem(slot);
  if (given) signIn(given);
  else current = kept ? parseKey(kept) : undefined;
}

export function signIn(key: Credentials): void {
  current = key;
  endedBecause = undefined;
  sessionStorage.setItem(slot, `${key.id}:${key.secret}`);
  for (const listener of listeners) listener();
}

/** Forgets the key; `because` is shown on the sign-in page. */
export function signOut(because?: string): void {
  current = undefined;
  endedBecause = because;
  sessionStorage.removeItem(slot);
  for (const listener of listeners) listener();
}

export const session = {
  get: () => current,
  endedBecause: () => endedBecause,
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};
