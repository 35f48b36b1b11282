// When to meter what: a cluster soon after its gateways flushed, every cluster when an hour begins. A lost signal costs
// a poll interval; a round that failed is tried again; a second process doing the same changes nothing.
import type { Control } from "@headgate/control/control";
import { hourOf, nextHour } from "@headgate/core/clock";
import type { CellId, ClusterId } from "@headgate/core/ids";
import { defaultPriceBook } from "@headgate/core/price-book";
import type { KafkaAdmin } from "@headgate/kafka/admin";
import { changesTopic } from "@headgate/store/change-feed";
import { priceBooks } from "@headgate/store/price-books";
import type { Store } from "@headgate/store/store";
import { usage } from "@headgate/store/usage";
import { repeated } from "./repeated.ts";
import { type WatchedClusters, watchedClusters } from "./watched-clusters.ts";

export interface MeteringOptions {
  readonly control: Pick<Control, "store" | "signal" | "clock" | "log">;
  /** Admin connection of a cell; throws while the cell is off. */
  readonly admins: (cell: CellId) => Promise<KafkaAdmin>;
  /** From a gateway's flush to the round it causes: several flushes make one round. */
  readonly debounceMs?: number;
  /** How often clusters, hours and lost signals are looked for. */
  readonly pollMs?: number;
  /** Longer than any gateway's flush interval. */
  readonly settleMs?: number;
}

export interface Metering {
  /** Meters every cluster once, now. Rejects with what one that failed threw, after all have been tried. */
  sweep(): Promise<void>;
  /** Meters one cluster once, now; of an unknown cluster it does nothing. */
  meter(cluster: ClusterId): Promise<void>;
  /** Ends what runs, then stops. */
  close(): Promise<void>;
}

/** Starts metering; the first sweep follows at once. */
export function startMetering(options: MeteringOptions): Metering {
  const { control, admins, debounceMs = 500, pollMs = 5000, settleMs = 3000 } = options;
  const { store, clock, signal } = control;
  const log = control.log ?? (() => undefined);
  const watched = watchedClusters({
    ...{ control, admins, signal, debounceMs, settleMs, log },
    retryMs: pollMs,
  });
  const wakeUsed = usedSinceLastLook(store, watched);
  let hour: string | undefined;

  const lookAround = async (): Promise<void> => {
    await priceBooks(store).put(defaultPriceBook);
    await watched.discover();
    await watched.endGone();
  };

  const meterAll = async (): Promise<void> => {
    const clusters = [...watched.all.values()];
    const rounds = await Promise.allSettled(clusters.map(({ rounds }) => rounds.now()));
    const failed = rounds.flatMap((round, i) => {
      if (round.status === "fulfilled") return [];
      clusters[i]!.rounds.soon(pollMs);
      return [round.reason];
    });
    if (failed.length > 0) throw failed[0];
  };

  const poll = async (): Promise<void> => {
    const now = hourOf(clock.nowMs());
    if (now === hour) {
      await watched.discover();
      await wakeUsed(now);
      return;
    }
    await lookAround();
    // Before the rounds: a cell that is off must not turn every poll into a sweep; its clusters are tried again one by
    // one.
    hour = now;
    await meterAll();
  };

  const polls = repeated(
    () => poll().finally(() => polls.soon(msToPoll(clock.nowMs(), pollMs))),
    (error) => {
      log("Metering could not look around", { error: String(error) });
      return pollMs;
    },
  );
  const off = signal.on(changesTopic, () => polls.soon(debounceMs));
  polls.soon(0);

  return {
    async sweep() {
      await lookAround();
      await meterAll();
    },
    async meter(cluster) {
      await watched.all.get(cluster)?.rounds.now();
    },
    async close() {
      off();
      await polls.close();
      await watched.close();
    },
  };
}

/** For gateways whose signal does not reach this process: meters clusters whose windows moved since the last look. */
function usedSinceLastLook(store: Store, watched: WatchedClusters) {
  const looks = new Map<ClusterId, string>();
  return async (hour: string): Promise<void> => {
    for (const [id, { tenant, rounds }] of watched.all) {
      const windows = await usage(store).windows(tenant, id, {
        from: hour,
        before: nextHour(hour),
      });
      const look = windows.map((w) => `${w.hour} ${w.writer} ${w.lastAtMs}`).join();
      if (look !== looks.get(id)) rounds.soon(0);
      looks.set(id, look);
    }
  };
}

/** The next poll: in `pollMs`, or when the next hour begins if that is sooner. */
function msToPoll(nowMs: number, pollMs: number): number {
  const hourMs = 3_600_000;
  return Math.min(pollMs, hourMs - (nowMs % hourMs));
}
