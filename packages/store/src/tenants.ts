// Tenants, by id. `all` is for the operator: it names every tenant.
import type { TenantId } from "@headgate/core/ids";
import { Tenant } from "@headgate/core/tenant";
import { tenantKey } from "./keys.ts";
import { specFields, statusFields } from "./resource-fields.ts";
import { type Place, resources, type Stored, sweep } from "./resources.ts";
import type { Store, Version } from "./store.ts";

type SpecHalf = Pick<Tenant, (typeof specFields)[number]>;
type StatusHalf = Pick<Tenant, (typeof statusFields)[number]>;

/** The repository of tenants. Every method throws StoreError. */
export function tenants(store: Store) {
  const repo = resources({ store, schema: Tenant, kind: "tenant", specFields, statusFields });
  const at = (tenant: TenantId): Place => ({ key: tenantKey(tenant), parts: [tenant] });
  return {
    get: (tenant: TenantId) => repo.get(at(tenant)),
    create: (tenant: TenantId, value: Tenant) => repo.create(at(tenant), value),
    writeSpec: (tenant: TenantId, read: Stored<Tenant>, next: SpecHalf) =>
      repo.writeSpec(at(tenant), read, next),
    updateSpec: (tenant: TenantId, change: (now: Tenant) => SpecHalf | undefined) =>
      repo.updateSpec(at(tenant), change),
    updateStatus: (tenant: TenantId, change: (now: Tenant) => StatusHalf | undefined) =>
      repo.updateStatus(at(tenant), change),
    remove: (tenant: TenantId, version: Version) => repo.remove(at(tenant), version),
    /** Ids of all tenants, and perhaps of some that were never finished. */
    async *all(): AsyncGenerator<TenantId> {
      for await (const [tenant] of sweep(store, "tenant")) yield tenant as TenantId;
    },
  };
}
