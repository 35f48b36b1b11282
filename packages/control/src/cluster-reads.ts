// Clusters as commands find them: by tenant and name.
import type { Actor } from "@headgate/core/audit";
import type { Cluster } from "@headgate/core/cluster";
import { AppError } from "@headgate/core/errors";
import type { TenantId } from "@headgate/core/ids";
import { Name } from "@headgate/core/resource";
import { type ClusterRecord, clusters } from "@headgate/store/clusters";
import type { Control, List, ListOptions } from "./control.ts";
import { listView, toCluster } from "./view.ts";

export type OwnedCluster = ClusterRecord & { readonly tenant: TenantId };

/** Throws `resource.not_found`; `resource.deleting` unless the caller takes one that is `also deleting`. */
export async function requireCluster(
  control: Pick<Control, "store">,
  tenant: TenantId,
  name: string,
  allow?: "also deleting",
): Promise<OwnedCluster> {
  // What is no name names nothing, and is not asked of the store: it may hold the separator of keys.
  const isName = Name.safeParse(name).success;
  const stored = isName ? await clusters(control.store).get(tenant, name) : undefined;
  if (!stored) {
    const shown = isName ? ` '${name}'` : " of that name";
    throw new AppError("resource.not_found", { detail: `There is no cluster${shown}.` });
  }
  if (stored.value.deletedAt !== undefined && !allow) {
    throw new AppError("resource.deleting", { detail: `Cluster '${name}' is being deleted.` });
  }
  return { ...stored.value, tenant };
}

/** The cluster, also while it is being deleted. Throws `resource.not_found`. */
export async function getCluster(
  control: Control,
  actor: Pick<Actor, "tenant">,
  name: string,
): Promise<Cluster> {
  return toCluster(await requireCluster(control, actor.tenant, name, "also deleting"));
}

/** Clusters by name. */
export async function listClusters(
  control: Control,
  actor: Pick<Actor, "tenant">,
  options: ListOptions,
): Promise<List<Cluster>> {
  const repo = clusters(control.store);
  return listView((page) => repo.list(actor.tenant, page), toCluster, options);
}
