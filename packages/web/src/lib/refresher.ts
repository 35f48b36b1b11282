/**
 * Runs `refresh` for the names it is given, one run at a time: what comes while one runs is done by the next, which
 * begins `gapMs` after it. So a flood of hints becomes few requests, and the last hint is never lost.
 */
export function createRefresher(
  refresh: (names: ReadonlySet<string>) => Promise<unknown>,
  gapMs: number,
): (names: readonly string[]) => void {
  let waiting = new Set<string>();
  let running = false;
  const run = async (): Promise<void> => {
    running = true;
    while (waiting.size > 0) {
      const names = waiting;
      waiting = new Set();
      // What failed shows its own error; the next hint tries again.
      await refresh(names).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, gapMs));
    }
    running = false;
  };
  return (names) => {
    for (const name of names) waiting.add(name);
    if (!running) void run();
  };
}
