// The provisioner's queue: one item per dirty key, holding the generation that was announced. It is written before the
// spec it announces, so a crash in between costs a look at an unchanged key, and never an unseen change. Keys span
// tenants, which is why nothing here takes one: an entry is a name, not contents.
import type { Clock } from "@headgate/core/clock";
import { z } from "zod";
import { isConflict } from "./errors.ts";
import { joinParts, shardOf, splitParts, workPk } from "./keys.ts";
import { modify, parseItem } from "./resources.ts";
import type { Signal } from "./signal.ts";
import type { Item, Store, Version } from "./store.ts";

/** What is dirty: a kind and the parts that name one of it, such as `["topic", tenant, cluster id, name]`. */
export type WorkKey = readonly [kind: string, ...parts: string[]];

export interface WorkEntry {
  readonly key: WorkKey;
  /** Highest generation announced; the spec may not have reached it yet. */
  readonly generation: number;
  readonly announcedAtMs: number;
  readonly version: Version;
}

const Announcement = z.object({ generation: z.int().min(0), announcedAtMs: z.int() });

/** An announcement this old whose spec never came was abandoned: no command lives that long. */
export const abandonedAfterMs = 60_000;
const topic = "work";

export interface WorkQueueOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly signal: Signal;
  /** The same in a whole deployment. */
  readonly shards?: number | undefined;
}

export type WorkQueue = ReturnType<typeof workQueue>;

/** The queue. Methods throw StoreError. */
export function workQueue({ store, clock, signal, shards = 1 }: WorkQueueOptions) {
  const at = (key: WorkKey) => {
    const sk = joinParts(key);
    return { pk: workPk(shardOf(sk, shards)), sk };
  };
  return {
    shards,
    /** Before the spec is written. Announcing again keeps the higher generation and changes the version. */
    async announce(key: WorkKey, generation: number): Promise<void> {
      await modify(store, Announcement, at(key), (current) => ({
        generation: Math.max(generation, current?.generation ?? 0),
        announcedAtMs: clock.nowMs(),
      }));
    },
    /** After the spec is written: workers look now and not at their next poll. */
    wake: (): void => signal.notify(topic),
    /** Calls `fn` when there may be work; returns the function that stops it. */
    onWork: (fn: () => void): (() => void) => signal.on(topic, fn),
    /** Up to `limit` entries of a shard, by key. */
    async list(shard: number, limit: number, cursor?: string) {
      const page = await store.query(workPk(shard), { limit, cursor });
      const items = page.items.map(toEntry);
      return page.cursor === undefined ? { items } : { items, cursor: page.cursor };
    },
    /**
     * After a key was reconciled up to `generation`. False when the entry stays: it announces a later generation that
     * is younger than a minute, or it was announced again since it was read.
     */
    async done(entry: WorkEntry, generation: number): Promise<boolean> {
      const reached = generation >= entry.generation;
      const abandoned = clock.nowMs() - entry.announcedAtMs > abandonedAfterMs;
      if (!reached && !abandoned) return false;
      try {
        await store.delete(at(entry.key), entry.version);
        return true;
      } catch (error) {
        if (isConflict(error)) return false;
        throw error;
      }
    },
  };
}

function toEntry(item: Item): WorkEntry {
  const { value, version } = parseItem(Announcement, item);
  return { ...value, version, key: splitParts(item.sk) as [string, ...string[]] };
}
