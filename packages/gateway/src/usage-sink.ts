// Carries the counters to the store: cumulative windows, written by this writer alone, each time larger. A flush that
// is lost, late or repeated changes nothing; a crash loses what was counted since the last one. Totals go before their
// attribution, so that attributed counts never exceed them.
import { Buffer } from "node:buffer";
import type { Attribution, UsageWindow } from "@headgate/core/usage";
import { isConflict } from "@headgate/store/errors";
import type { Signal } from "@headgate/store/signal";
import type { Expect, Item, Store, Version } from "@headgate/store/store";
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
  const { writer, signal } = options;
  const repository = usage(options.store);
  let running: Promise<void> | undefined;
  let again = false;
  let failedSince = 0;

  const writeTotals = (window: UsageWindowState): Promise<void> => {
    const { tenant, cluster, hour } = window;
    const value = totalsOf(window, writer);
    return putOwn(
      window,
      "totals",
      (expect) => repository.putWindow(value, expect),
      () => repository.getWindow(tenant, cluster, hour, writer),
    );
  };
  const writeChunk = (window: UsageWindowState, chunk: number, rows: Attribution[]) => {
    const { tenant, cluster, hour } = window;
    const value = { hour, writer, chunk, rows };
    return putOwn(
      window,
      chunk,
      (expect) => repository.putAttribution(tenant, cluster, value, expect),
      () => repository.getAttribution(tenant, cluster, value),
    );
  };

  const writeWindow = async (window: UsageWindowState): Promise<void> => {
    const chunks = [...window.dirtyChunks];
    // Cleared before the numbers are read: what is counted during the writes makes the window dirty again.
    window.dirty = false;
    window.dirtyChunks.clear();
    const contents = chunks.map((chunk) => ({ chunk, rows: rowsOf(window, chunk) }));
    try {
      await writeTotals(window);
      for (const { chunk, rows } of contents) await writeChunk(window, chunk, rows);
    } catch (error) {
      window.dirty = true;
      for (const chunk of chunks) window.dirtyChunks.add(chunk);
      throw error;
    }
    signal.notify(`usage:${window.cluster}`);
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

/**
 * Puts over this writer's own last version. A conflict means that a put whose outcome was unknown did happen: what is
 * there is ours and smaller, since nobody else writes under our id, so its version is found again. Never blindly: a put
 * that was given up on may still arrive, and must not win over a later one.
 */
async function putOwn(
  { versions }: UsageWindowState,
  part: "totals" | number,
  write: (expect: Expect) => Promise<Version>,
  read: () => Promise<Item | undefined>,
): Promise<void> {
  try {
    versions.set(part, await write(versions.get(part) ?? "absent"));
  } catch (error) {
    if (!isConflict(error)) throw error;
    versions.set(part, await write((await read())?.version ?? "absent"));
  }
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
