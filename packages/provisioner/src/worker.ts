// Takes dirty keys and reconciles them: at once on a signal, else by polling. Never two reconciles of one key at a time,
// never more than `concurrency` together. An entry leaves the queue only when the generation it announces was
// reconciled, or it is older than a minute (work-queue.ts): between announcing and writing a spec there is nothing to see.
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

/** When a key that is not finished is worth another try. */
interface Next {
  readonly attempts: number;
  readonly notBeforeMs: number;
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
    memory.remember(name, task, next, wakes);
    running.delete(name);
    if (next && !next.waitsForSpec && !stopped) {
      const timer = setTimeout(
        () => {
          timers.delete(timer);
          if (task.entry) scan();
          else touch(task.key);
        },
        Math.max(0, next.notBeforeMs - performance.now()),
      );
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
  /** Version of the entry that was tried; another one is news, and tried at once. */
  readonly version: string;
  /** Signals heard when the try began. */
  readonly wakes: number;
}

/** What is remembered of keys between two tries. */
function keyMemory() {
  const seen = new Map<string, Seen>();
  const versionOf = (task: Task): string => task.entry?.version ?? "";
  return {
    wakes: 0,
    attemptsOf: (name: string): number => seen.get(name)?.attempts ?? 0,
    isDue(name: string, task: Task): boolean {
      const last = seen.get(name);
      if (!last || last.version !== versionOf(task)) return true;
      if (last.waitsForSpec && last.wakes !== this.wakes) return true;
      return performance.now() >= last.notBeforeMs;
    },
    remember(name: string, task: Task, next: Next | undefined, wakes: number): void {
      if (next) seen.set(name, { ...next, version: versionOf(task), wakes });
      else seen.delete(name);
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
        return { attempts: 0, notBeforeMs: after(outcome.afterMs), waitsForSpec: false };
      case "retry":
        return failed(options, key, attempts, outcome.error);
      case "done":
      case "stuck": {
        if (outcome.do === "stuck") options.log?.("stuck", { key, reason: outcome.message });
        if (!entry || (await options.queue.done(entry, outcome.generation))) return undefined;
        const notBeforeMs = after(options.pollMs ?? pollMsDefault);
        return { attempts: 0, notBeforeMs, waitsForSpec: true };
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
  return { attempts: attempts + 1, notBeforeMs: after(waitMs), waitsForSpec: false };
}

const after = (ms: number): number => performance.now() + ms;
