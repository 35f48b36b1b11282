// The data directory, locked for this process. A Headgate that is just stopping is waited for, so that a restart works.
import { setTimeout as sleep } from "node:timers/promises";
import { AppError } from "@headgate/core/errors";
import { type DataDirLock, lockDataDir } from "@headgate/provisioner/embedded/data-dir";

const waitMs = 3000;
const tryEveryMs = 50;

/** Makes and locks `dir`. Throws `env.data_in_use` naming the other process, or `env.data_not_writable`. */
export async function openDataDir(dir: string, signal: AbortSignal): Promise<DataDirLock> {
  const deadlineMs = performance.now() + waitMs;
  for (;;) {
    try {
      return lockDataDir(dir);
    } catch (error) {
      const inUse = error instanceof AppError && error.code === "env.data_in_use";
      if (!inUse || performance.now() >= deadlineMs) throw error;
      await sleep(tryEveryMs, undefined, { signal });
    }
  }
}
