// The embedded default: one SQLite file, WAL, synchronous=FULL. An acknowledged put was fsynced; puts that arrive while
// others wait share one commit (one fsync), each keeping its own conditional result. `node:sqlite` blocks its thread,
// so services reach it through thread.ts.
import { closeSync, existsSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Clock } from "@headgate/core/clock";
import type { Backend, Range, Row } from "./backend.ts";
import { StoreError } from "./errors.ts";
import { type Expect, type Key, type Store, storeOf } from "./store.ts";
import { systemClock } from "./system.ts";

export interface SqliteOptions {
  /** File; its directory is made when missing. */
  readonly path: string;
  /** Upper limit of the file in bytes: a write that would pass it fails with `full`, as on a full disk. */
  readonly bytesMax?: number | undefined;
  /** Says when `expiresAt` has passed. */
  readonly clock?: Clock | undefined;
  readonly sweepMs?: number | undefined;
}

/** Layout of the file. A file with a higher one was written by a newer Headgate and is left alone. */
export const sqliteSchemaVersion = 1;

const schema = `
  CREATE TABLE items (
    pk TEXT NOT NULL, sk TEXT NOT NULL, version TEXT NOT NULL, schema_version INTEGER NOT NULL,
    expires_at INTEGER, data TEXT NOT NULL,
    PRIMARY KEY (pk, sk)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX items_by_expiry ON items (expires_at) WHERE expires_at IS NOT NULL;
  PRAGMA user_version = ${sqliteSchemaVersion};`;

const columns = "pk, sk, version, schema_version AS schemaVersion, expires_at AS expiresAt, data";

/** Opens or makes the file. Throws `not_writable`, `in_use`, `newer`, `damaged` or `full`. */
export function openSqlite(options: SqliteOptions): Store {
  return storeOf(sqliteBackend(options));
}

/** The adapter itself, for the store thread. */
export function sqliteBackend(options: SqliteOptions): Backend {
  const db = openFile(options);
  const read = readerOf(db);
  const writes = groupCommits(db);
  const clock = options.clock ?? systemClock;
  const sweep = () =>
    void writes.add({ kind: "sweep", before: clock.nowMs() / 1000 }).catch(() => {});
  const timer = setInterval(sweep, options.sweepMs ?? 600_000).unref();
  sweep();
  return {
    get: async (key) => attempt(() => read.one(key)),
    put: (row, expect) => writes.add({ kind: "put", row, expect }),
    delete: (key, expect) => writes.add({ kind: "delete", key, expect }),
    scan: async (range) => attempt(() => read.range(range)),
    getMany: async (keys) => attempt(() => keys.flatMap((key) => read.one(key) ?? [])),
    async close() {
      clearInterval(timer);
      writes.flush();
      if (db.isOpen) db.close();
    },
  };
}

/** `mkdir -p`. Node's recursive form never returns where a parent answers ENOENT, as /proc does (seen on Node 26). */
function makeDirs(dir: string): void {
  if (existsSync(dir)) return;
  if (dirname(dir) !== dir) makeDirs(dirname(dir));
  try {
    mkdirSync(dir);
  } catch (error) {
    // Two processes may start on one new directory: the lock below decides between them.
    if (!existsSync(dir)) throw error;
  }
}

function openFile(options: SqliteOptions): DatabaseSync {
  try {
    makeDirs(dirname(options.path));
    // Made here for its mode: the file holds verifiers of secrets.
    closeSync(openSync(options.path, "a", 0o600));
  } catch (error) {
    const kind = (error as NodeJS.ErrnoException).code === "ENOSPC" ? "full" : "not_writable";
    throw new StoreError(kind, `${options.path} cannot be written.`, error);
  }
  const db = new DatabaseSync(options.path);
  try {
    // One process per file: the lock is taken here and held until close or death.
    db.exec(
      "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;",
    );
    const found = Number(db.prepare("PRAGMA user_version").get()?.user_version);
    if (found > sqliteSchemaVersion) {
      const detail = `${options.path} has layout ${found}; this Headgate knows up to ${sqliteSchemaVersion}.`;
      throw new StoreError("newer", detail);
    }
    if (found === 0) db.exec(`BEGIN IMMEDIATE; ${schema} COMMIT;`);
    if (options.bytesMax !== undefined) {
      const pageBytes = Number(db.prepare("PRAGMA page_size").get()?.page_size);
      db.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(options.bytesMax / pageBytes))}`);
    }
    return db;
  } catch (error) {
    db.close();
    throw fromSqlite(error, options.path);
  }
}

function readerOf(db: DatabaseSync) {
  const one = db.prepare(`SELECT ${columns} FROM items WHERE pk = ? AND sk = ?`);
  const ranges = new Map<string, StatementSync>();
  return {
    one: (key: Key) => one.get(key.pk, key.sk) as unknown as Row | undefined,
    range(range: Range): Row[] {
      const low = range.low && `sk ${range.low.inclusive ? ">=" : ">"} ?`;
      const high = range.high && `sk ${range.high.inclusive ? "<=" : "<"} ?`;
      const where = ["pk = ?", low, high].filter((part) => part !== undefined).join(" AND ");
      const sql = `SELECT ${columns} FROM items WHERE ${where} ORDER BY sk ${range.reverse ? "DESC" : "ASC"} LIMIT ?`;
      let statement = ranges.get(sql);
      if (!statement) {
        statement = db.prepare(sql);
        ranges.set(sql, statement);
      }
      const bounds = [range.low, range.high].flatMap((bound) => (bound ? [bound.sk] : []));
      return statement.all(range.pk, ...bounds, range.limit) as unknown as Row[];
    },
  };
}

type Write =
  | { kind: "put"; row: Row; expect: Expect }
  | { kind: "delete"; key: Key; expect: Expect }
  | { kind: "sweep"; before: number };

interface Waiting {
  readonly write: Write;
  readonly resolve: () => void;
  readonly reject: (error: StoreError) => void;
}

/** Writes of one turn of the event loop become one transaction; nobody hears anything before its COMMIT. */
function groupCommits(db: DatabaseSync) {
  const apply = applierOf(db);
  let waiting: Waiting[] = [];

  const commit = (group: readonly Waiting[]): (StoreError | undefined)[] => {
    db.exec("BEGIN IMMEDIATE");
    try {
      const results = group.map((each) => apply(each.write));
      db.exec("COMMIT");
      return results;
    } catch (error) {
      // SQLite rolls back by itself on some errors (SQLITE_FULL, SQLITE_IOERR).
      if (db.isTransaction) db.exec("ROLLBACK");
      throw error;
    }
  };

  const settle = (group: readonly Waiting[]): void => {
    let results: (StoreError | undefined)[];
    try {
      results = commit(group);
    } catch (error) {
      // The group failed as a whole and nothing of it is stored. Alone, the small ones may still fit.
      if (group.length > 1) for (const each of group) settle([each]);
      else group[0]?.reject(fromSqlite(error));
      return;
    }
    for (const [index, each] of group.entries()) {
      const conflict = results[index];
      if (conflict) each.reject(conflict);
      else each.resolve();
    }
  };

  const flush = (): void => {
    const group = waiting;
    waiting = [];
    if (group.length > 0) settle(group);
  };

  return {
    flush,
    add(write: Write): Promise<void> {
      if (!db.isOpen) return Promise.reject(new StoreError("unavailable", "The store is closed."));
      if (waiting.length === 0) setImmediate(flush);
      return new Promise((resolve, reject) => waiting.push({ write, resolve, reject }));
    },
  };
}

/** Applies one write inside the open transaction; the result is its conflict, if any. */
function applierOf(db: DatabaseSync) {
  const values = "(pk, sk, version, schema_version, expires_at, data) VALUES (?, ?, ?, ?, ?, ?)";
  const insert = db.prepare(`INSERT INTO items ${values} ON CONFLICT DO NOTHING`);
  const replace = db.prepare(`INSERT OR REPLACE INTO items ${values}`);
  const update = db.prepare(
    `UPDATE items SET version = ?, schema_version = ?, expires_at = ?, data = ?
     WHERE pk = ? AND sk = ? AND version = ?`,
  );
  const remove = db.prepare("DELETE FROM items WHERE pk = ? AND sk = ?");
  const removeVersion = db.prepare("DELETE FROM items WHERE pk = ? AND sk = ? AND version = ?");
  const removeExpired = db.prepare("DELETE FROM items WHERE expires_at < ?");

  const put = (r: Row, expect: Expect): boolean => {
    if (expect === "absent" || expect === "any") {
      const statement = expect === "absent" ? insert : replace;
      return (
        statement.run(r.pk, r.sk, r.version, r.schemaVersion, r.expiresAt, r.data).changes === 1
      );
    }
    const set = [r.version, r.schemaVersion, r.expiresAt, r.data] as const;
    return update.run(...set, r.pk, r.sk, expect).changes === 1;
  };

  return (write: Write): StoreError | undefined => {
    if (write.kind === "sweep") {
      removeExpired.run(write.before);
      return undefined;
    }
    if (write.kind === "put") return put(write.row, write.expect) ? undefined : conflict(write.row);
    const { key, expect } = write;
    if (expect === "any") {
      remove.run(key.pk, key.sk);
      return undefined;
    }
    return removeVersion.run(key.pk, key.sk, expect).changes === 1 ? undefined : conflict(key);
  };
}

const conflict = (key: Key) =>
  new StoreError("conflict", `${key.pk} ${key.sk} is not as expected.`);

function attempt<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw fromSqlite(error);
  }
}

/** SQLite's primary result codes (sqlite.org/rescode.html) as store errors. */
function fromSqlite(error: unknown, path = "The store"): StoreError {
  if (error instanceof StoreError) return error;
  const code = Number((error as { errcode?: number }).errcode ?? 0) & 0xff;
  const text = error instanceof Error ? error.message : String(error);
  if (code === 13) return new StoreError("full", `${path}: ${text}.`, error);
  if (code === 11 || code === 26) return new StoreError("damaged", `${path}: ${text}.`, error);
  if (code === 5 || code === 6) return new StoreError("in_use", `${path}: ${text}.`, error);
  if (code === 8 || code === 14) return new StoreError("not_writable", `${path}: ${text}.`, error);
  return new StoreError("unavailable", `${path}: ${text}.`, error);
}
