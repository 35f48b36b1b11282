// Kills the process of a test file that hangs, and says which file it was. A test's own time limit cannot end an
// endless loop or a system call that never returns, since it waits on the same thread; a thread of its own can.
import { url as inspectorUrl } from "node:inspector";
import { Worker } from "node:worker_threads";
import { expect } from "vitest";

/** Nothing in the tests may hold the thread of a test file for longer than this. */
const blockedSecondsMax = Number(process.env.WATCHDOG_BLOCKED_SECONDS ?? 120);
/** No test file may take longer than this in all, loading it included. */
const fileSecondsMax = Number(process.env.WATCHDOG_FILE_SECONDS ?? 600);

// Somebody at a breakpoint holds the thread for as long as they like.
if (inspectorUrl() === undefined) watch();

function watch(): void {
  const beat = new Int32Array(new SharedArrayBuffer(4));
  setInterval(() => Atomics.add(beat, 0, 1), 500).unref();
  const thread = new Worker(new URL("./watchdog-thread.ts", import.meta.url), {
    workerData: { beat, file: expect.getState().testPath, blockedSecondsMax, fileSecondsMax },
  });
  thread.unref();
}
