// API keys, by tenant and id, with a put-once lookup from the id to its tenant. Only verifiers are stored.
import { ApiKeyRecord } from "@headgate/core/api-key";
import type { ApiKeyId, TenantId } from "@headgate/core/ids";
import { TenantId as TenantIdSchema } from "@headgate/core/ids";
import { z } from "zod";
import { StoreError } from "./errors.ts";
import { apiKeyOwnerKey, apiKeysOf } from "./keys.ts";
import {
  getParsed,
  type ListOptions,
  listFamily,
  modify,
  putOnce,
  type Stored,
} from "./resources.ts";
import type { Store, Version } from "./store.ts";

const Owner = z.object({ tenant: TenantIdSchema });

/** The repository of API keys. Every method throws StoreError. */
export function apiKeys(store: Store) {
  const at = (tenant: TenantId, id: ApiKeyId) => apiKeysOf(tenant).key(id);
  const get = (tenant: TenantId, id: ApiKeyId) => getParsed(store, ApiKeyRecord, at(tenant, id));
  return {
    get,
    list: (tenant: TenantId, options: ListOptions) =>
      listFamily(store, ApiKeyRecord, apiKeysOf(tenant), options),
    /**
     * The lookup goes first: a crash in between leaves an id that opens nothing, and that the same tenant may try again
     * (the local owner's key is chosen beforehand). Throws `conflict` when the key exists.
     */
    async create(tenant: TenantId, value: ApiKeyRecord): Promise<Stored<ApiKeyRecord>> {
      const lookup = apiKeyOwnerKey(value.id);
      if (!(await putOnce(store, lookup, { tenant }))) {
        const owner = await getParsed(store, Owner, lookup);
        if (owner?.value.tenant !== tenant)
          throw new StoreError("conflict", `${value.id} is taken`);
      }
      const version = await store.put({ ...at(tenant, value.id), data: value }, "absent");
      return { value, version };
    },
    /** Read-modify-write; undefined when there is no such key. */
    update: (
      tenant: TenantId,
      id: ApiKeyId,
      change: (now: ApiKeyRecord) => ApiKeyRecord | undefined,
    ) => modify(store, ApiKeyRecord, at(tenant, id), (current) => current && change(current)),
    /** The lookup goes last, and pointing at nothing it opens nothing. */
    async remove(tenant: TenantId, id: ApiKeyId, version: Version): Promise<void> {
      await store.delete(at(tenant, id), version);
      await store.delete(apiKeyOwnerKey(id), "any");
    },
    /** By id alone, because a credential is all that a login brings: the tenant follows from it. */
    async find(id: ApiKeyId): Promise<Stored<ApiKeyRecord> | undefined> {
      const owner = await getParsed(store, Owner, apiKeyOwnerKey(id));
      return owner && (await get(owner.value.tenant, id));
    },
  };
}
