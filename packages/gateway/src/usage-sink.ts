// Carries the counters to the store: cumulative windows, written by this writer alone, each time larger. A flush that is
// lost, late or repeated changes nothing; a crash loses what was counted since the last one. Totals go before their
// attribution, so that attributed counts never exceed them.
import { Buffer } from "node:buffer";
import type { Attribution, UsageWindow } from "@headgate/core/usage";
import { isConflict } from "@headgate/store/errors";
import type { Signal } from "@headgate/store/signal";
import type { Expect, Store } from "@headgate/store/store";
import { usage } from "@headgate/store/usage";
import type { Log } from "./log.ts";
import {
  rowsPerChunk,
  type UsageBook,
  type UsageRow,
  type UsageWindowState,
} from "./usage-book.ts";

export interface UsageSinkOptions {
  readonly store: Store;
  readonly signal: Signal;
  /** Random id of this process since its start. */
  readonly writer: string;
  readonly books: () => Iterable<UsageBook>;
  readonly nowMs: () => number;
  readonly log: Log;
}

export interface UsageSink {
  /** Writes everything counted so far; flushes do not overlap. Never throws. */
  flush(): Promise<void>;
  /** How long nothing could be written; 0 while all is well. */
  failingMs(): number;
}

export function usageSink(options: UsageSinkOptions): UsageSink {
  const repository = usage(options.store);
  const versions = new Map<string, Expect>();
  let running: Promise<void> | undefined;
  let again = false;
  let failedSince = 0;

  /** Puts under our own last version; after an unknown outcome that version is found again. */
  const put = async (name: string, write: (expect: Expect) => Promise<Expect>): Promise<void> => {
    try {
      versions.set(name, await write(versions.get(name) ?? "absent"));
    } catch (error) {
      if (!isConflict(error)) throw error;
      // Nobody else writes under this writer's id, so what is there is ours and smaller.
      versions.set(name, await write("any"));
    }
  };

  const writeWindow = async (window: UsageWindowState): Promise<void> => {
    const { tenant, cluster, hour } = window;
    const { writer } = options;
    const chunks = [...window.dirtyChunks];
    // Cleared before the numbers are read: what is counted during the writes makes the window dirty again.
    window.dirty = false;
    window.dirtyChunks.clear();
    const name = `${cluster} ${hour}`;
    const totals = totalsOf(window, writer);
    const contents = chunks.map((chunk) => ({ chunk, rows: rowsOf(window, chunk) }));
    try {
      await put(name, (expect) => repository.putWindow(totals, expect));
      for (const { chunk, rows } of contents) {
        const value = { hour, writer, chunk, rows };
        await put(`${name} ${chunk}`, (expect) =>
          repository.putAttribution(tenant, cluster, value, expect),
        );
      }
    } catch (error) {
      window.dirty = true;
      for (const chunk of chunks) window.dirtyChunks.add(chunk);
      throw error;
    }
    options.signal.notify(`usage:${cluster}`);
  };

  const flushAll = async (): Promise<void> => {
    let failure: unknown;
    for (const book of options.books()) {
      for (const window of book.turn(options.nowMs())) {
        try {
          await writeWindow(window);
        } catch (error) {
          failure = error;
        }
      }
      book.settle();
    }
    if (failure === undefined) {
      failedSince = 0;
      return;
    }
    if (failedSince === 0) failedSince = performance.now();
    options.log("Usage could not be written", { error: String(failure) });
  };

  const run = async (): Promise<void> => {
    do {
      again = false;
      await flushAll();
    } while (again);
  };

  return {
    flush() {
      if (running) again = true;
      running ??= run().finally(() => {
        running = undefined;
      });
      return running;
    },
    failingMs: () => (failedSince === 0 ? 0 : performance.now() - failedSince),
  };
}

function totalsOf(window: UsageWindowState, writer: string): UsageWindow {
  const { totals } = window;
  return {
    tenant: window.tenant,
    cluster: window.cluster,
    hour: window.hour,
    writer,
    totals: {
      recordsIn: String(totals.recordsIn),
      recordsOut: String(totals.recordsOut),
      bytesIn: String(totals.bytesIn),
      bytesOut: String(totals.bytesOut),
      requests: String(totals.requests),
    },
    firstAtMs: window.firstAtMs,
    lastAtMs: window.lastAtMs,
  };
}

function rowsOf(window: UsageWindowState, chunk: number): Attribution[] {
  const from = chunk * rowsPerChunk;
  return window.rows.slice(from, from + rowsPerChunk).map(attributionOf);
}

const clientIdBytesMax = 128;

const attributionOf = (row: UsageRow): Attribution => ({
  topic: row.topic.name,
  topicId: row.topic.id,
  serviceAccount: row.serviceAccount,
  clientId: clipped(row.clientId),
  recordsIn: String(row.recordsIn),
  recordsOut: String(row.recordsOut),
  bytesIn: String(row.bytesIn),
  bytesOut: String(row.bytesOut),
});

/** A client id is any bytes; in an item it is short and well formed. */
function clipped(clientId: string): string {
  const text = clientId.toWellFormed();
  return Buffer.byteLength(text) <= clientIdBytesMax ? text : text.slice(0, clientIdBytesMax / 4);
}
