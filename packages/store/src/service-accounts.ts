// Service accounts, by tenant and name.
import type { TenantId } from "@headgate/core/ids";
import { ServiceAccount } from "@headgate/core/service-account";
import { serviceAccountsOf } from "./keys.ts";
import { specFields, statusFields } from "./resource-fields.ts";
import { type ListOptions, type Place, resources, type Stored } from "./resources.ts";
import type { Store, Version } from "./store.ts";

type SpecHalf = Pick<ServiceAccount, (typeof specFields)[number]>;
type StatusHalf = Pick<ServiceAccount, (typeof statusFields)[number]>;

/** The repository of service accounts. Every method throws StoreError. */
export function serviceAccounts(store: Store) {
  const repo = resources({
    store,
    schema: ServiceAccount,
    kind: "service-account",
    specFields,
    statusFields,
  });
  const at = (tenant: TenantId, name: string): Place => ({
    key: serviceAccountsOf(tenant).key(name),
    parts: [tenant, name],
  });
  return {
    get: (tenant: TenantId, name: string) => repo.get(at(tenant, name)),
    list: (tenant: TenantId, options: ListOptions) => repo.list(serviceAccountsOf(tenant), options),
    create: (tenant: TenantId, value: ServiceAccount) => repo.create(at(tenant, value.name), value),
    writeSpec: (tenant: TenantId, read: Stored<ServiceAccount>, next: SpecHalf) =>
      repo.writeSpec(at(tenant, read.value.name), read, next),
    updateSpec: (
      tenant: TenantId,
      name: string,
      change: (now: ServiceAccount) => SpecHalf | undefined,
    ) => repo.updateSpec(at(tenant, name), change),
    updateStatus: (
      tenant: TenantId,
      name: string,
      change: (now: ServiceAccount) => StatusHalf | undefined,
    ) => repo.updateStatus(at(tenant, name), change),
    remove: (tenant: TenantId, name: string, version: Version) =>
      repo.remove(at(tenant, name), version),
  };
}
