// Counters in memory: per cluster and hour the totals, and below them who and where. Plain numbers that only grow; what
// leaves the process (usage-sink.ts) are cumulative windows, so a flush that is repeated or late changes nothing.
import { hourOf } from "@headgate/core/clock";
import type { ClusterId, TenantId } from "@headgate/core/ids";
import type { Version } from "@headgate/store/store";
import type { TopicEntry } from "./cluster-state.ts";

export interface UsageRow {
  readonly window: UsageWindowState;
  readonly topic: TopicEntry;
  readonly serviceAccount: string;
  readonly clientId: string;
  /** Position in the window's attribution; rows never move. */
  readonly index: number;
  recordsIn: number;
  recordsOut: number;
  bytesIn: number;
  bytesOut: number;
}

/** One hour of one cluster in this process. */
export interface UsageWindowState {
  readonly tenant: TenantId;
  readonly cluster: ClusterId;
  readonly hour: string;
  readonly totals: {
    recordsIn: number;
    recordsOut: number;
    bytesIn: number;
    bytesOut: number;
    requests: number;
  };
  readonly rows: UsageRow[];
  readonly byKey: Map<string, UsageRow>;
  readonly dirtyChunks: Set<number>;
  /** What the sink last wrote of it, by part. */
  readonly versions: Map<"totals" | number, Version>;
  dirty: boolean;
  firstAtMs: number;
  lastAtMs: number;
}

/** Rows per chunk item: a row is under 1000 bytes whatever its names are, so a chunk stays under 64 KB. */
export const rowsPerChunk = 64;
/** Rows per window; whatever comes later is folded into one row named `other`. */
export const rowsMax = 6000;
/** Longest client id kept in an attribution. */
const clientIdCharsMax = 64;

const other: TopicEntry = { name: "other", id: "" };

/** Where one connection's counts go: its cluster, service account and client id. */
export interface Attributed {
  produced(topic: TopicEntry, records: number, bytes: number): void;
  delivered(topic: TopicEntry, records: number, bytes: number): void;
  request(): void;
}

export interface UsageBook {
  attributed(serviceAccount: string, clientId: string): Attributed;
  /** Per topic and partition: the last base offset accepted of each idempotent producer. */
  seenProducers(topic: TopicEntry, partition: number): Map<number, number>;
  /** Starts a new window when the hour has turned. Answers the windows with something to flush. */
  turn(nowMs: number): UsageWindowState[];
  /** Drops what is closed and flushed. */
  settle(): void;
}

export function usageBook(tenant: TenantId, cluster: ClusterId, nowMs: number): UsageBook {
  let current = windowState(tenant, cluster, hourOf(nowMs));
  let closed: UsageWindowState[] = [];
  let clockMs = nowMs;
  const seen = new WeakMap<TopicEntry, Map<number, number>[]>();
  const touch = (window: UsageWindowState) => {
    window.dirty = true;
    window.lastAtMs = clockMs;
    if (window.firstAtMs === 0) window.firstAtMs = clockMs;
  };
  return {
    attributed(serviceAccount, clientId) {
      const client = clientId.slice(0, clientIdCharsMax);
      const rows = new Map<TopicEntry, UsageRow>();
      let of = current;
      const row = (topic: TopicEntry): UsageRow => {
        if (of !== current) {
          // A connection that is quiet for hours must not keep their windows.
          rows.clear();
          of = current;
        }
        const known = rows.get(topic);
        if (known !== undefined) return known;
        const fresh = rowOf(current, topic, serviceAccount, client);
        rows.set(topic, fresh);
        return fresh;
      };
      return {
        produced(topic, records, bytes) {
          const target = row(topic);
          target.recordsIn += records;
          target.bytesIn += bytes;
          current.totals.recordsIn += records;
          current.totals.bytesIn += bytes;
          touchRow(target);
          touch(current);
        },
        delivered(topic, records, bytes) {
          const target = row(topic);
          target.recordsOut += records;
          target.bytesOut += bytes;
          current.totals.recordsOut += records;
          current.totals.bytesOut += bytes;
          touchRow(target);
          touch(current);
        },
        request() {
          current.totals.requests += 1;
          touch(current);
        },
      };
    },
    seenProducers(topic, partition) {
      let partitions = seen.get(topic);
      if (!partitions) {
        partitions = [];
        seen.set(topic, partitions);
      }
      partitions[partition] ??= new Map();
      return partitions[partition];
    },
    turn(nowMs) {
      clockMs = nowMs;
      const hour = hourOf(nowMs);
      // A clock that goes back keeps the hour it had: a window is never opened twice.
      if (hour > current.hour) {
        closed.push(current);
        current = windowState(tenant, cluster, hour);
      }
      return [...closed, current].filter((window) => window.dirty);
    },
    settle() {
      closed = closed.filter((window) => window.dirty);
    },
  };
}

function touchRow(row: UsageRow): void {
  row.window.dirtyChunks.add(Math.floor(row.index / rowsPerChunk));
}

function windowState(tenant: TenantId, cluster: ClusterId, hour: string): UsageWindowState {
  return {
    tenant,
    cluster,
    hour,
    totals: { recordsIn: 0, recordsOut: 0, bytesIn: 0, bytesOut: 0, requests: 0 },
    rows: [],
    byKey: new Map(),
    dirtyChunks: new Set(),
    versions: new Map(),
    dirty: false,
    firstAtMs: 0,
    lastAtMs: 0,
  };
}

function rowOf(
  window: UsageWindowState,
  topic: TopicEntry,
  serviceAccount: string,
  clientId: string,
): UsageRow {
  const folded =
    window.rows.length >= rowsMax && !window.byKey.has(key(topic, serviceAccount, clientId));
  const [where, who, client] = folded ? [other, "", ""] : [topic, serviceAccount, clientId];
  const name = key(where, who, client);
  let row = window.byKey.get(name);
  if (!row) {
    row = {
      window,
      topic: where,
      serviceAccount: who,
      clientId: client,
      index: window.rows.length,
      recordsIn: 0,
      recordsOut: 0,
      bytesIn: 0,
      bytesOut: 0,
    };
    window.rows.push(row);
    window.byKey.set(name, row);
  }
  return row;
}

const key = (topic: TopicEntry, serviceAccount: string, clientId: string) =>
  `${topic.name}\n${topic.id}\n${serviceAccount}\n${clientId}`;
