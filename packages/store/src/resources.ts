// What tenants', clusters', topics' and service accounts' repositories share. One item holds both halves of a resource;
// spec and status have separate writers, each preserving the other's half, so neither can write what is not its own.
import type { ZodType } from "zod";
import { isConflict, StoreError } from "./errors.ts";
import { allOf, type Family, joinParts, shardOf, splitParts } from "./keys.ts";
import type { Expect, Item, Key, Store, Version } from "./store.ts";

/** A value and the version to write it under again. */
export interface Stored<R> {
  readonly value: R;
  readonly version: Version;
}

export interface ListOptions {
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly namePrefix?: string | undefined;
}

export interface List<R> {
  readonly items: Stored<R>[];
  readonly cursor?: string;
}

/** Shards of `ALL#<kind>#<shard>`; the same in a whole deployment. */
export const allShards = 4;

const attemptsMax = 20;

/** Reads an item with its schema. Data that does not fit is a defect, not a guess. */
export function parseItem<R>(schema: ZodType<R>, item: Item): Stored<R> {
  const result = schema.safeParse(item.data);
  if (result.success) return { value: result.data, version: item.version };
  const detail = `${item.pk} ${item.sk} (schema ${item.schemaVersion}) does not fit its schema`;
  throw new StoreError("invalid", detail, result.error);
}

export async function getParsed<R>(
  store: Store,
  schema: ZodType<R>,
  key: Key,
): Promise<Stored<R> | undefined> {
  const item = await store.get(key);
  return item && parseItem(schema, item);
}

/** One page of a family, by name. */
export async function listFamily<R>(
  store: Store,
  schema: ZodType<R>,
  family: Family,
  { namePrefix = "", limit, cursor }: ListOptions,
): Promise<List<R>> {
  const page = await store.query(family.pk, { prefix: family.prefix + namePrefix, limit, cursor });
  const items = page.items.map((item) => parseItem(schema, item));
  return page.cursor === undefined ? { items } : { items, cursor: page.cursor };
}

/** Every item of a partition from one sort key up to, not including, another. */
export async function allBetween<R>(
  store: Store,
  schema: ZodType<R>,
  pk: string,
  bounds: { prefix?: string; from?: string; before?: string },
): Promise<Stored<R>[]> {
  const found: Stored<R>[] = [];
  let cursor: string | undefined;
  do {
    const { prefix, from } = bounds;
    const page = await store.query(pk, { prefix, from, limit: 500, cursor });
    for (const item of page.items) {
      if (bounds.before !== undefined && item.sk >= bounds.before) return found;
      found.push(parseItem(schema, item));
    }
    cursor = page.cursor;
  } while (cursor !== undefined);
  return found;
}

/** Writes once. False when something was there already; that stays. */
export async function putOnce(store: Store, key: Key, data: unknown): Promise<boolean> {
  try {
    await store.put({ ...key, data }, "absent");
    return true;
  } catch (error) {
    if (isConflict(error)) return false;
    throw error;
  }
}

/**
 * Read, change, write, and again when somebody else was faster (bounded, then `conflict`). `change` sees undefined when
 * nothing is there, and answers undefined to leave it so; it may run several times.
 */
export async function modify<R>(
  store: Store,
  schema: ZodType<R>,
  key: Key,
  change: (current: R | undefined) => R | undefined,
): Promise<Stored<R> | undefined> {
  for (let attempt = 1; ; attempt++) {
    const current = await getParsed(store, schema, key);
    const value = change(current?.value);
    if (value === undefined) return current;
    try {
      const expect: Expect = current?.version ?? "absent";
      return { value, version: await store.put({ ...key, data: value }, expect) };
    } catch (error) {
      if (!isConflict(error) || attempt >= attemptsMax) throw error;
    }
  }
}

export interface ResourceKind<R, S extends keyof R, T extends keyof R> {
  readonly store: Store;
  readonly schema: ZodType<R>;
  /** In `ALL#<kind>`. */
  readonly kind: string;
  /** What API, gateway and CLI write, through control. */
  readonly specFields: readonly S[];
  /** What the provisioner writes. */
  readonly statusFields: readonly T[];
}

/** Where one resource lies: its item, and its parts in `ALL#<kind>`. */
export interface Place {
  readonly key: Key;
  readonly parts: readonly string[];
}

/** Reads and writes of one kind of resource, by place. */
export function resources<R extends { readonly id: string }, S extends keyof R, T extends keyof R>(
  of: ResourceKind<R, S, T>,
) {
  const { store, schema } = of;
  const write = async (key: Key, value: R, expect: Expect): Promise<Stored<R>> => ({
    value,
    version: await store.put({ ...key, data: value }, expect),
  });
  const allKey = (place: Place): Key => allKeyOf(of.kind, place.parts);
  const update = <F extends keyof R>(fields: readonly F[]) =>
    async function half(
      place: Place,
      change: (current: R) => Pick<R, F> | undefined,
    ): Promise<Stored<R> | undefined> {
      return modify(store, schema, place.key, (current) => {
        const next = current && change(current);
        return next && merge(current, next, fields);
      });
    };
  return {
    get: (place: Place) => getParsed(store, schema, place.key),
    list: (family: Family, options: ListOptions) => listFamily(store, schema, family, options),
    /**
     * Throws `conflict` when it exists. `ALL` goes first: a crash in between leaves a name that a sweep finds empty,
     * never a resource that no sweep finds.
     */
    async create(place: Place, value: R): Promise<Stored<R>> {
      await store.put({ ...allKey(place), data: { id: value.id } }, "any");
      return write(place.key, value, "absent");
    },
    /** One conditional write of the spec's half over what was read. Throws `conflict` when it changed since. */
    writeSpec: (place: Place, read: Stored<R>, next: Pick<R, S>): Promise<Stored<R>> =>
      write(place.key, merge(read.value, next, of.specFields), read.version),
    /** Read-modify-write of the spec's half; undefined when nothing is there. */
    updateSpec: update(of.specFields),
    /** Read-modify-write of the status' half; undefined when nothing is there. */
    updateStatus: update(of.statusFields),
    /**
     * Removes it at the version read, then its `ALL` entry if that is still its own: who makes the same name again has
     * written it already, though their resource may not be there yet.
     */
    async remove(place: Place, version: Version): Promise<void> {
      const item = await store.get(place.key);
      const all = await store.get(allKey(place));
      await store.delete(place.key, version);
      if (all && idOf(all) === idOf(item)) {
        await store.delete(all, all.version).catch(ignoreConflict);
      }
    },
  };
}

/**
 * Every resource of a kind, over all tenants, as the parts of its place: for the provisioner's sweeps and the
 * operator's lists only. Yields names and no contents; a name may have nothing behind it (see `create`).
 */
export async function* sweep(store: Store, kind: string): AsyncGenerator<string[]> {
  for (let shard = 0; shard < allShards; shard++) {
    let cursor: string | undefined;
    do {
      const page = await store.query(allOf(kind, shard), { limit: 200, cursor });
      for (const item of page.items) yield splitParts(item.sk);
      cursor = page.cursor;
    } while (cursor !== undefined);
  }
}

function allKeyOf(kind: string, parts: readonly string[]): Key {
  const sk = joinParts(parts);
  return { pk: allOf(kind, shardOf(sk, allShards)), sk };
}

/** `current` with the named fields, and no others, of `next`; a field `next` lacks stays (`deletedAt` above all). */
function merge<R extends object, F extends keyof R>(
  current: R,
  next: Pick<R, F>,
  fields: readonly F[],
): R {
  const merged = { ...current };
  for (const field of fields) {
    if (next[field] !== undefined) merged[field] = next[field];
  }
  return merged;
}

const idOf = (item: Item | undefined) => (item?.data as { id?: string } | undefined)?.id;

function ignoreConflict(error: unknown): void {
  if (!isConflict(error)) throw error;
}
