// What an adapter implements: rows with the data already encoded, ranges already computed. Everything that must be
// the same in all adapters (validation, size, cursors, versions) is decided once, in store.ts, above this line.
import type { Expect, Key, Version } from "./store.ts";

/** One item as it is stored; `data` is JSON text. */
export interface Row {
  readonly pk: string;
  readonly sk: string;
  readonly version: Version;
  readonly schemaVersion: number;
  /** Seconds since the epoch, or null. */
  readonly expiresAt: number | null;
  readonly data: string;
}

/** Sort keys from `low` to `high` in UTF-8 byte order. `limit` counts rows. */
export interface Range {
  readonly pk: string;
  readonly low?: Bound | undefined;
  readonly high?: Bound | undefined;
  readonly reverse: boolean;
  readonly limit: number;
}

export interface Bound {
  readonly sk: string;
  readonly inclusive: boolean;
}

/** Every method may throw StoreError only. Reads are strong. */
export interface Backend {
  get(key: Key): Promise<Row | undefined>;
  /** Throws `conflict` when the row is not as expected. */
  put(row: Row, expect: Expect): Promise<void>;
  delete(key: Key, expect: Exclude<Expect, "absent">): Promise<void>;
  scan(range: Range): Promise<Row[]>;
  /** The rows found, in no particular order. */
  getMany(keys: readonly Key[]): Promise<Row[]>;
  close(): Promise<void>;
}
