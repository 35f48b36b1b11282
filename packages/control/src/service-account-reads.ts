// Service accounts as commands and readers find them: by tenant and name.
import type { Actor } from "@headgate/core/audit";
import { AppError } from "@headgate/core/errors";
import { Name } from "@headgate/core/resource";
import type { ServiceAccount } from "@headgate/core/service-account";
import type { Stored } from "@headgate/store/resources";
import { serviceAccounts } from "@headgate/store/service-accounts";
import type { Control, List, ListOptions } from "./control.ts";
import { listView } from "./view.ts";

/** Throws `resource.not_found`. */
export async function getServiceAccount(
  control: Pick<Control, "store">,
  actor: Pick<Actor, "tenant">,
  name: string,
): Promise<ServiceAccount> {
  return toServiceAccount((await requireServiceAccount(control, actor, name)).value);
}

/** Service accounts by name. */
export async function listServiceAccounts(
  control: Pick<Control, "store">,
  actor: Pick<Actor, "tenant">,
  options: ListOptions,
): Promise<List<ServiceAccount>> {
  const repo = serviceAccounts(control.store);
  return listView((page) => repo.list(actor.tenant, page), toServiceAccount, options);
}

/** As it is stored. Throws `resource.not_found`. */
export async function requireServiceAccount(
  { store }: Pick<Control, "store">,
  { tenant }: Pick<Actor, "tenant">,
  name: string,
): Promise<Stored<ServiceAccount>> {
  // What is no name names nothing, and is not asked of the store: it may hold the separator of keys.
  const isName = Name.safeParse(name).success;
  const stored = isName ? await serviceAccounts(store).get(tenant, name) : undefined;
  if (stored) return stored;
  const shown = isName ? ` '${name}'` : " of that name";
  throw new AppError("resource.not_found", { detail: `There is no service account${shown}.` });
}

/** Nothing is provisioned, so what was written is what is so. */
export function toServiceAccount(record: ServiceAccount): ServiceAccount {
  const { generation, status } = record;
  return { ...record, status: { ...status, phase: "Ready", observedGeneration: generation } };
}
