// What changed, for gateways, the provisioner and the live portal: items with ULID keys that expire. A tail reads
// again a stretch it has read (the overlap) and drops what it has seen, so that an event whose writer was slow, or
// whose clock is behind by less than the overlap, is not missed. Events name things; readers load them. It serves
// every tenant's events to services, so no method takes a tenant.
import type { Clock, RandomSource } from "@headgate/core/clock";
import { TenantId } from "@headgate/core/ids";
import { z } from "zod";
import { StoreError } from "./errors.ts";
import { logPk, shardOf } from "./keys.ts";
import type { Signal } from "./signal.ts";
import type { Store } from "./store.ts";
import { ulidFloor, ulids } from "./ulid.ts";

export const ChangeEvent = z.object({
  tenant: TenantId,
  /** `topic`, `cluster`, `service-account`, `api-key`, `cell`, `tenant`, … */
  kind: z.string(),
  /** What names it within its tenant: for a topic the cluster's id and the name. */
  parts: z.array(z.string()),
  action: z.enum(["write", "delete", "status"]),
});
export type ChangeEvent = z.infer<typeof ChangeEvent>;

export interface SeenEvent extends ChangeEvent {
  /** ULID. */
  readonly id: string;
}

export interface ChangeFeedOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly signal: Signal;
  /** The same in a whole deployment. */
  readonly shards?: number | undefined;
}

export interface TailOptions {
  /** Called in order, one batch at a time; a batch whose call throws is delivered again. */
  readonly onEvents: (events: readonly SeenEvent[]) => void | Promise<void>;
  /** A failed read, an event that cannot be read, or a throw of `onEvents`; the tail goes on. */
  readonly onError?: ((error: unknown) => void) | undefined;
  readonly pollMs?: number | undefined;
  readonly overlapMs?: number | undefined;
}

export interface Tail {
  /** Reads now; resolves when everything acknowledged before the call was delivered, or told to `onError`. */
  poll(): Promise<void>;
  /** Ends after the batch in hand. */
  stop(): Promise<void>;
}

/** Signalled after each event. */
export const changesTopic = "changes";
const keptSeconds = 3600;
const overlapMsDefault = 10_000;
const appendsMax = 3;

export type ChangeFeed = ReturnType<typeof changeFeed>;

/** The feed. Methods throw StoreError. */
export function changeFeed({ store, clock, random, signal, shards = 1 }: ChangeFeedOptions) {
  const nextId = ulids(clock, random);
  return {
    /** After the change itself is written. */
    async append(event: ChangeEvent): Promise<void> {
      const pk = logPk(shardOf(event.tenant, shards));
      for (let appends = 1; appends <= appendsMax; appends++) {
        const startMs = clock.nowMs();
        const expiresAt = Math.floor(startMs / 1000) + keptSeconds;
        await store.put({ pk, sk: nextId(), expiresAt, data: event }, "absent");
        signal.notify(changesTopic);
        // A store that took so long may have stored it where tails do not look again: said twice is better than not.
        if (clock.nowMs() - startMs < overlapMsDefault / 2) return;
      }
    },
    /** Everything appended from now on, and perhaps some events of the overlap before. */
    tail(options: TailOptions): Tail {
      const read = overlapReader(store, clock, shards, options.overlapMs ?? overlapMsDefault);
      return follow(read, signal, options);
    },
  };
}

/** Reads each event at least once; `delivered` marks a batch, so that a failed one is read again. */
function overlapReader(store: Store, clock: Clock, shards: number, overlapMs: number) {
  let fromMs = clock.nowMs() - overlapMs;
  let seen = new Set<string>();
  return async () => {
    const startMs = clock.nowMs();
    // When the clock went back, writers' did too, and their ids with it: rather again than not at all.
    const from = ulidFloor(Math.min(fromMs, startMs - overlapMs));
    const events: SeenEvent[] = [];
    const unreadable: StoreError[] = [];
    const inWindow = new Set<string>();
    for (let shard = 0; shard < shards; shard++) {
      let cursor: string | undefined;
      do {
        const page = await store.query(logPk(shard), { from, limit: 200, cursor });
        for (const item of page.items) {
          inWindow.add(item.sk);
          if (seen.has(item.sk)) continue;
          // What a newer writer says that we cannot read must not keep the rest from us.
          const event = ChangeEvent.safeParse(item.data);
          if (event.success) events.push({ ...event.data, id: item.sk });
          else unreadable.push(new StoreError("invalid", `event ${item.sk}`, event.error));
        }
        cursor = page.cursor;
      } while (cursor !== undefined);
    }
    events.sort((a, b) => (a.id < b.id ? -1 : 1));
    const delivered = (): void => {
      seen = inWindow;
      fromMs = startMs - overlapMs;
    };
    return { events, unreadable, delivered };
  };
}

function follow(
  read: ReturnType<typeof overlapReader>,
  signal: Signal,
  { onEvents, onError, pollMs = 1000 }: TailOptions,
): Tail {
  let stopped = false;
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const once = async (): Promise<void> => {
    if (stopped) return;
    try {
      const { events, unreadable, delivered } = await read();
      if (events.length > 0) await onEvents(events);
      delivered();
      for (const error of unreadable) onError?.(error);
    } catch (error) {
      onError?.(error);
    }
  };
  // A read in progress may have passed the new event already: one more follows it, shared by all who ask meanwhile.
  const poll = (): Promise<void> => {
    if (!running) {
      running = once().finally(() => {
        running = undefined;
      });
      return running;
    }
    next ??= running.then(() => {
      next = undefined;
      return poll();
    });
    return next;
  };
  const off = signal.on(changesTopic, () => void poll());
  const timer = setInterval(() => void poll(), pollMs).unref();
  void poll();
  return {
    poll,
    async stop() {
      stopped = true;
      off();
      clearInterval(timer);
      await running;
    },
  };
}
