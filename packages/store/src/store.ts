// The port every part of Headgate writes through: single-item conditional writes and ordered reads of one partition.
// No transactions, no secondary indexes: that subset is identical on SQLite and DynamoDB (store.contract.ts proves it).
import { Buffer } from "node:buffer";
import type { Backend, Range, Row } from "./backend.ts";
import { StoreError } from "./errors.ts";
import { systemClock, systemRandom } from "./system.ts";
import { type UlidSource, ulids } from "./ulid.ts";

export interface Key {
  readonly pk: string;
  readonly sk: string;
}

/** A ULID, never a counter: what was deleted and made again must not look unchanged. */
export type Version = string;

/** What a write believes to be there. */
export type Expect = "absent" | "any" | Version;

export interface Item extends Key {
  readonly version: Version;
  /** Version of the schema `data` was written with. */
  readonly schemaVersion: number;
  /** Seconds since the epoch after which the store may remove it. Until then, and some time after, it is read. */
  readonly expiresAt?: number;
  /** Plain JSON. Numbers beyond 2^53 travel as decimal text. */
  readonly data: unknown;
}

export interface NewItem extends Key {
  readonly schemaVersion?: number;
  readonly expiresAt?: number | undefined;
  readonly data: unknown;
}

export interface QueryOptions {
  /** Only sort keys that start with it. */
  readonly prefix?: string | undefined;
  /** First sort key, inclusive; with `reverse` the last one. */
  readonly from?: string | undefined;
  readonly limit: number;
  readonly reverse?: boolean | undefined;
  /** From the page before; the other options must be the same. */
  readonly cursor?: string | undefined;
}

export interface Page {
  readonly items: Item[];
  /** There when more items follow. */
  readonly cursor?: string;
}

/** Reads see every write acknowledged before them. Methods throw StoreError. */
export interface Store {
  get(key: Key): Promise<Item | undefined>;
  /** Writes the whole item. Throws `conflict` when it is not as expected; own version found there counts as success. */
  put(item: NewItem, expect: Expect): Promise<Version>;
  /** Removes it. `any` succeeds when nothing is there. */
  delete(key: Key, expect: "any" | Version): Promise<void>;
  /** Items of one partition in UTF-8 byte order of the sort key: exactly `limit` of them if there are so many. */
  query(pk: string, options: QueryOptions): Promise<Page>;
  /** The items found, in the order of the keys, each once. */
  getMany(keys: readonly Key[]): Promise<Item[]>;
  /** Finishes what was accepted, then lets go. */
  close(): Promise<void>;
}

/** Bytes of JSON text an item's data may have, in every adapter (DynamoDB ends at 400 KB with keys and overhead). */
export const itemBytesMax = 300 * 1024;
export const sortKeyBytesMax = 1024;
export const partitionKeyBytesMax = 2048;

/** The port over one adapter. */
export function storeOf(
  backend: Backend,
  nextVersion: UlidSource = ulids(systemClock, systemRandom),
): Store {
  return {
    async get(key) {
      const row = await backend.get(checkKey(key));
      return row && fromRow(row);
    },
    async put(item, expect) {
      const row = toRow(item, nextVersion());
      await backend.put(row, expect);
      return row.version;
    },
    async delete(key, expect) {
      await backend.delete(checkKey(key), expect);
    },
    query: (pk, options) => query(backend, pk, options),
    async getMany(keys) {
      const wanted = new Map(keys.map((key) => [nameOf(key), checkKey(key)]));
      if (wanted.size === 0) return [];
      const rows = await backend.getMany([...wanted.values()]);
      const found = new Map(rows.map((row) => [nameOf(row), row]));
      return [...wanted.keys()].flatMap((name) => {
        const row = found.get(name);
        return row ? [fromRow(row)] : [];
      });
    },
    close: () => backend.close(),
  };
}

async function query(backend: Backend, pk: string, options: QueryOptions): Promise<Page> {
  if (!Number.isSafeInteger(options.limit) || options.limit < 1) {
    throw new StoreError("invalid", `limit ${options.limit} is not a positive integer`);
  }
  const range = rangeOf(pk, options);
  // One more than asked tells whether a cursor is due, so that no page is followed by an empty one.
  const rows = await backend.scan({ ...range, limit: options.limit + 1 });
  const items = rows.slice(0, options.limit).map(fromRow);
  const last = items.at(-1);
  if (rows.length <= options.limit || !last) return { items };
  return { items, cursor: Buffer.from(last.sk, "utf8").toString("base64url") };
}

function rangeOf(pk: string, options: QueryOptions): Omit<Range, "limit"> {
  const prefix = options.prefix ?? "";
  const from = options.from ?? "";
  checkText(pk, partitionKeyBytesMax, "partition key");
  if (prefix !== "") checkText(prefix, sortKeyBytesMax, "prefix");
  if (from !== "") checkText(from, sortKeyBytesMax, "from");
  const end = successor(prefix);
  let low = prefix === "" ? undefined : { sk: prefix, inclusive: true };
  let high = end === undefined ? undefined : { sk: end, inclusive: false };
  const reverse = options.reverse ?? false;
  if (from !== "" && !reverse && (!low || compareUtf8(from, low.sk) > 0)) {
    low = { sk: from, inclusive: true };
  }
  if (from !== "" && reverse && (!high || compareUtf8(from, high.sk) < 0)) {
    high = { sk: from, inclusive: true };
  }
  if (options.cursor !== undefined) {
    const sk = fromCursor(options.cursor);
    const isPast = from === "" || (reverse ? -1 : 1) * compareUtf8(sk, from) >= 0;
    if (!sk.startsWith(prefix) || !isPast) {
      throw new StoreError("cursor", "The cursor belongs to another list.");
    }
    const after = { sk, inclusive: false };
    if (reverse) high = after;
    else low = after;
  }
  return { pk, low, high, reverse };
}

/** The smallest text above every text that starts with `prefix`; undefined when there is none. */
function successor(prefix: string): string | undefined {
  const points = [...prefix].map((char) => char.codePointAt(0)!);
  while (points.length > 0) {
    const last = points.pop()!;
    if (last === 0x10ffff) continue;
    // The surrogates are not characters: after U+D7FF comes U+E000.
    return String.fromCodePoint(...points, last === 0xd7ff ? 0xe000 : last + 1);
  }
  return undefined;
}

/** Order of the sort keys: UTF-8 bytes, which is code points, and not JavaScript's UTF-16 units. */
export function compareUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a, "utf8"), Buffer.from(b, "utf8"));
}

function fromCursor(cursor: string): string {
  const bytes = Buffer.from(cursor, "base64url");
  const sk = bytes.toString("utf8");
  const genuine = sk !== "" && bytes.toString("base64url") === cursor;
  if (!genuine || !Buffer.from(sk, "utf8").equals(bytes) || !isText(sk, sortKeyBytesMax)) {
    throw new StoreError("cursor", "The cursor is not one this list handed out.");
  }
  return sk;
}

function toRow(item: NewItem, version: Version): Row {
  checkKey(item);
  let data: string | undefined;
  try {
    data = JSON.stringify(item.data);
  } catch (error) {
    throw new StoreError("invalid", `${item.sk}: data is not plain JSON`, error);
  }
  if (data === undefined) throw new StoreError("invalid", `${item.sk}: there is no data`);
  const bytes = Buffer.byteLength(data, "utf8");
  if (bytes > itemBytesMax) {
    throw new StoreError("too_large", `${item.sk}: ${bytes} bytes, at most ${itemBytesMax}.`);
  }
  const { pk, sk, schemaVersion = 1 } = item;
  const expiresAt = item.expiresAt ?? null;
  if (![schemaVersion, expiresAt ?? 0].every(Number.isSafeInteger)) {
    throw new StoreError("invalid", `${sk}: schemaVersion and expiresAt are whole numbers`);
  }
  return { pk, sk, version, schemaVersion, expiresAt, data };
}

function fromRow(row: Row): Item {
  const { pk, sk, version, schemaVersion } = row;
  const item = { pk, sk, version, schemaVersion, data: JSON.parse(row.data) as unknown };
  return row.expiresAt === null ? item : { ...item, expiresAt: row.expiresAt };
}

function checkKey(key: Key): Key {
  checkText(key.pk, partitionKeyBytesMax, "partition key");
  checkText(key.sk, sortKeyBytesMax, "sort key");
  return { pk: key.pk, sk: key.sk };
}

function checkText(text: string, bytesMax: number, what: string): void {
  if (!isText(text, bytesMax)) {
    const shown = JSON.stringify(text.slice(0, 80));
    throw new StoreError(
      "invalid",
      `${what} ${shown}: 1 to ${bytesMax} bytes, no control characters`,
    );
  }
}

function isText(text: string, bytesMax: number): boolean {
  if (text === "" || !text.isWellFormed() || Buffer.byteLength(text, "utf8") > bytesMax)
    return false;
  // A loop, because a regular expression with control characters is a lint error.
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) < 0x20) return false;
  return true;
}

const nameOf = (key: Key) => `${key.pk}\n${key.sk}`;
