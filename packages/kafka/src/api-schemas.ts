// Look-ups over the generated descriptions: which APIs and versions exist, and one version of one message, resolved
// once.

import { apiSchemas } from "./generated/schemas.ts";
import { type ApiSchema, type Direction, resolve, type Struct, type Versions } from "./schema.ts";

const byKey = new Map<number, ApiSchema>(apiSchemas.map((api) => [api.key, api]));
const resolved = new Map<number, Struct>();

/** Keys of all APIs of the broker listener in Kafka 4.3.1, ascending. */
export const apiKeys: readonly number[] = [...byKey.keys()];

/** Kafka's name of an API, or `api <key>` for an unknown one. */
export const apiName = (apiKey: number): string => byKey.get(apiKey)?.name ?? `api ${apiKey}`;

/** Stable versions we can read and write; undefined for an unknown API. */
export function apiVersions(apiKey: number): Versions | undefined {
  const api = byKey.get(apiKey);
  if (!api) return undefined;
  const [min, max] = api.request.versions;
  return [min, api.latestVersionUnstable ? max - 1 : max];
}

/** Every version we can read and write, a still unstable one included. */
export const allVersions = (apiKey: number): Versions | undefined =>
  byKey.get(apiKey)?.request.versions;

export function isKnown(apiKey: number, version: number): boolean {
  const versions = allVersions(apiKey);
  return versions !== undefined && version >= versions[0] && version <= versions[1];
}

/** Whether this version has compact fields and tags (decides the header versions, KIP-482). */
export function isFlexible(apiKey: number, version: number): boolean {
  const from = byKey.get(apiKey)?.request.flexibleFrom;
  return from !== undefined && version >= from;
}

/** The message as it lies on the wire. Throws RangeError for an unknown API or version: callers check `isKnown`. */
export function structOf(apiKey: number, version: number, direction: Direction): Struct {
  const slot = cacheSlot(apiKey, version, direction);
  const known = resolved.get(slot);
  if (known) return known;
  const message = byKey.get(apiKey)?.[direction];
  if (!message || !isKnown(apiKey, version))
    throw new RangeError(`${apiName(apiKey)} has no version ${version}`);
  const struct = resolve(message, version);
  resolved.set(slot, struct);
  return struct;
}

/** One number per (API, version, direction), for caches. */
export const cacheSlot = (apiKey: number, version: number, direction: Direction): number =>
  (apiKey << 8) | (version << 1) | (direction === "request" ? 0 : 1);
