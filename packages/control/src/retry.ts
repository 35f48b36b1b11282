// Commands are read-decide-write with optimistic conditions: when the world moved in between, they read again.
import { AppError } from "@headgate/core/errors";
import { isConflict } from "@headgate/store/errors";
import type { Control } from "./control.ts";

const attemptsMax = 60;

/** Runs `attempt` again while it ends in a store conflict; throws `resource.conflict` when that never ends. */
export async function retryConflicts<T>(control: Control, attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!isConflict(error)) throw error;
      if (tries >= attemptsMax) throw new AppError("resource.conflict", { cause: error });
      await pause(control, tries);
    }
  }
}

// Full jitter (AWS Architecture Blog, "Exponential backoff and jitter"): the first tries follow at once.
async function pause(control: Control, tries: number): Promise<void> {
  if (tries < 3) return;
  const ceilingMs = Math.min(50, 2 ** Math.min(tries, 6));
  const waitMs = ((control.random.bytes(1)[0] ?? 0) / 256) * ceilingMs;
  await new Promise((resolve) => setTimeout(resolve, waitMs));
}
