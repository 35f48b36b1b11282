// Takes dirty keys and reconciles them: at once on a signal, else by polling. Never two reconciles of one key at a
// time, never more than `concurrency` together. An entry leaves the queue only when the generation it announces was
// reconciled, or it is older than a minute (work-queue.ts): between announcing and writing a spec there is nothing to
// see.
import type { RandomSource } from "@headgate/core/clock";
import type { WorkEntry, WorkKey, WorkQueue } from "@headgate/store/work-queue";
import { backoffMs, type Outcome } from "./outcome.ts";

export interface WorkerOptions {
  readonly queue: WorkQueue;
  /** Told the key alone. A throw counts as "retry". */
  readonly reconcile: (key: WorkKey) => Promise<Outcome>;
  readonly random: RandomSource;
  readonly concurrency?: number | undefined;
  readonly pollMs?: number | undefined;
  readonly log?: ((message: string, fields: Record<string, unknown>) => void) | undefined;
}

export interface Worker {
  /** Reconciles a key that is not in the queue: a sweep found it unfinished, or its cell changed. */
  touch(key: WorkKey): void;
  /** Resolves when nothing runs any more; starts nothing new. */
  stop(): Promise<void>;
}

interface Task {
  readonly key: WorkKey;
  /** Undefined for a touched key. */
  readonly entry: WorkEntry | undefined;
}

/** What comes of a key that is not finished. */
interface Next {
  readonly attempts: number;
  readonly waitMs: number;
  /** Announced, but its spec had not come: the next signal may mean that it has. */
  readonly waitsForSpec: boolean;
}

const pageSize = 100;
const concurrencyDefault = 16;
const pollMsDefault = 1000;

/** Works until stopped. */
export function startWorker(options: WorkerOptions): Worker {
  const { queue, pollMs = pollMsDefault, concurrency = concurrencyDefault } = options;
  const running = new Map<string, Promise<void>>();
  const touched = new Map<string, WorkKey>();
  const timers = new Set<NodeJS.Timeout>();
  const memory = keyMemory();
  let stopped = false;
  const isFull = (): boolean => stopped || running.size >= concurrency;

  const run = async (name: string, task: Task): Promise<void> => {
    const wakes = memory.wakes;
    const next = await attempt(options, task, memory.attemptsOf(name));
    const seen = memory.remember(name, task, next, wakes);
    running.delete(name);
    if (next && !stopped) {
      const timer = setTimeout(() => {
        timers.delete(timer);
        if (!memory.ripen(name, seen)) return;
        if (task.entry) scan();
        else touch(task.key);
      }, next.waitMs);
      timers.add(timer);
    }
    scan();
  };

  const offer = (task: Task): boolean => {
    const name = task.key.join("#");
    if (running.has(name) || !memory.isDue(name, task)) return false;
    running.set(name, run(name, task));
    return true;
  };

  const scan = latest(async () => {
    for (const [name, key] of touched) {
      if (isFull()) return;
      if (offer({ key, entry: undefined })) touched.delete(name);
    }
    for await (const entry of entriesOf(queue, isFull)) offer({ key: entry.key, entry });
  }, options.log);

  const touch = (key: WorkKey): void => {
    touched.set(key.join("#"), key);
    scan();
  };

  const off = queue.onWork(() => {
    memory.wakes += 1;
    scan();
  });
  const poll = setInterval(scan, pollMs);
  scan();
  return {
    touch,
    async stop() {
      stopped = true;
      off();
      clearInterval(poll);
      for (const timer of timers) clearTimeout(timer);
      await scan.idle();
      await Promise.all(running.values());
    },
  };
}

/** Entries of all shards, read page by page while there is room for them. */
async function* entriesOf(queue: WorkQueue, isFull: () => boolean): AsyncGenerator<WorkEntry> {
  for (let shard = 0; shard < queue.shards; shard++) {
    let cursor: string | undefined;
    do {
      if (isFull()) return;
      const page = await queue.list(shard, pageSize, cursor);
      for (const entry of page.items) {
        if (isFull()) return;
        yield entry;
      }
      cursor = page.cursor;
    } while (cursor !== undefined);
  }
}

/** Runs `fn` one at a time; asked for while it runs, it runs once more afterwards. */
function latest(fn: () => Promise<void>, log: WorkerOptions["log"]) {
  let running: Promise<void> | undefined;
  let again = false;
  const start = (): void => {
    if (running) {
      again = true;
      return;
    }
    running = fn()
      .catch((error: unknown) => log?.("work queue cannot be read", { message: String(error) }))
      .finally(() => {
        running = undefined;
        if (!again) return;
        again = false;
        start();
      });
  };
  return Object.assign(start, {
    async idle(): Promise<void> {
      while (running) await running;
    },
  });
}

interface Seen extends Next {
  /** Version of the entry that was tried; another one is news, and tried at once. A touch is no news. */
  readonly version: string | undefined;
  /** Signals heard when the try began. */
  readonly wakes: number;
  /** Set when the wait is over: timers and clocks disagree by a millisecond, so no clock is asked. */
  isDue: boolean;
}

/** What is remembered of keys between two tries. */
function keyMemory() {
  const seen = new Map<string, Seen>();
  return {
    wakes: 0,
    attemptsOf: (name: string): number => seen.get(name)?.attempts ?? 0,
    isDue(name: string, { entry }: Task): boolean {
      const last = seen.get(name);
      if (!last || last.isDue) return true;
      if (entry && entry.version !== last.version) return true;
      return last.waitsForSpec && last.wakes !== this.wakes;
    },
    remember(name: string, { entry }: Task, next: Next | undefined, wakes: number) {
      const version = entry?.version ?? seen.get(name)?.version;
      if (next) seen.set(name, { ...next, version, wakes, isDue: false });
      else seen.delete(name);
      return seen.get(name);
    },
    /** The wait is over; false when the key was tried again since. */
    ripen(name: string, last: Seen | undefined): boolean {
      if (!last || seen.get(name) !== last) return false;
      // Nothing but failed tries is worth remembering: the key may have left the queue.
      if (last.attempts === 0) seen.delete(name);
      last.isDue = true;
      return true;
    },
  };
}

/** One reconcile and its acknowledgement; undefined when the key is finished with. Never throws. */
async function attempt(
  options: WorkerOptions,
  { key, entry }: Task,
  attempts: number,
): Promise<Next | undefined> {
  try {
    const outcome = await options.reconcile(key);
    switch (outcome.do) {
      case "again":
        return { attempts: 0, waitMs: outcome.afterMs, waitsForSpec: false };
      case "retry":
        return failed(options, key, attempts, outcome.error);
      case "done":
      case "stuck": {
        if (outcome.do === "stuck") options.log?.("stuck", { key, reason: outcome.message });
        if (!entry || (await options.queue.done(entry, outcome.generation))) return undefined;
        return { attempts: 0, waitMs: options.pollMs ?? pollMsDefault, waitsForSpec: true };
      }
    }
  } catch (error) {
    return failed(options, key, attempts, error);
  }
}

function failed(options: WorkerOptions, key: WorkKey, attempts: number, error: unknown): Next {
  const dice = (options.random.bytes(1)[0] ?? 0) / 256;
  const waitMs = backoffMs(attempts + 1, dice);
  const message = error instanceof Error ? error.message : String(error);
  options.log?.("reconcile failed, will try again", { key, attempts: attempts + 1, message });
  return { attempts: attempts + 1, waitMs, waitsForSpec: false };
}
