// What was started is stopped in reverse order, each within its time, whatever the others do.

export interface Closers {
  /** Remembers how to stop what was just started. */
  add(name: string, close: () => Promise<void> | void): void;
  /** Stops everything, last first. Errors are reported, never thrown: the next one must still be stopped. */
  closeAll(onError: (name: string, error: unknown) => void): Promise<void>;
}

export function closers(): Closers {
  const stack: { name: string; close: () => Promise<void> | void }[] = [];
  return {
    add(name, close) {
      stack.push({ name, close });
    },
    async closeAll(onError) {
      for (let entry = stack.pop(); entry !== undefined; entry = stack.pop()) {
        try {
          await entry.close();
        } catch (error) {
          onError(entry.name, error);
        }
      }
    },
  };
}
