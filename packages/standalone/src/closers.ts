// What was started is stopped: doors first, so that nothing new comes in, then the rest, each group last first.

type Close = () => Promise<void> | void;

export interface Closers {
  /** Remembers how to stop what was just started. */
  add(name: string, close: Close): void;
  /** The same for a listener. */
  addDoor(name: string, close: Close): void;
  /** Stops everything. Errors are reported, never thrown: the next one must still be stopped. */
  closeAll(onError: (name: string, error: unknown) => void): Promise<void>;
}

export function closers(): Closers {
  const doors: { name: string; close: Close }[] = [];
  const rooms: { name: string; close: Close }[] = [];
  return {
    add: (name, close) => void rooms.push({ name, close }),
    addDoor: (name, close) => void doors.push({ name, close }),
    async closeAll(onError) {
      for (;;) {
        const entry = doors.pop() ?? rooms.pop();
        if (entry === undefined) return;
        try {
          await entry.close();
        } catch (error) {
          onError(entry.name, error);
        }
      }
    },
  };
}
