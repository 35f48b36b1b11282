// What a tab or a browser keeps. Storage may be refused (blocked site data): then nothing is kept, and nothing fails.

export type Storage = "localStorage" | "sessionStorage";

/** What is kept in a slot, or undefined. */
export function readKept(where: Storage, slot: string): string | undefined {
  try {
    return globalThis[where].getItem(slot) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Keeps a value in a slot; undefined empties it. */
export function keep(where: Storage, slot: string, value: string | undefined): void {
  try {
    if (value === undefined) globalThis[where].removeItem(slot);
    else globalThis[where].setItem(slot, value);
  } catch {
    // It lasts as long as the page then.
  }
}
