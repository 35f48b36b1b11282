// What an API key opens, read from the store: key → service account → cluster → placement. Every link that is missing,
// revoked or going away makes the key open nothing, which is all a stranger learns. A cluster that is still being made
// is waited for; one that was ready once is served, whatever became of a later wish.
import type { Control } from "@headgate/control/control";
import { waitReady } from "@headgate/control/wait";
import { isLive } from "@headgate/core/api-key";
import type { Binding } from "@headgate/core/binding";
import { toTimestamp } from "@headgate/core/clock";
import { AppError } from "@headgate/core/errors";
import { ApiKeyId, type TenantId } from "@headgate/core/ids";
import { roleGrants } from "@headgate/core/service-account";
import { apiKeys } from "@headgate/store/api-keys";
import { type ClusterRecord, clusters } from "@headgate/store/clusters";
import { serviceAccounts } from "@headgate/store/service-accounts";
import type { Store } from "@headgate/store/store";
import { topics } from "@headgate/store/topics";

/** A login waits so long for its cluster; clients give up later than that. */
const clusterWaitMs = 8000;

/** The binding of a key id as a client sent it. Throws StoreError, AppError `cluster.not_ready`. */
export async function loadBinding(control: Control, id: string): Promise<Binding | undefined> {
  const { store, clock } = control;
  const parsed = ApiKeyId.safeParse(id);
  const found = parsed.success ? await apiKeys(store).find(parsed.data) : undefined;
  const key = found?.value;
  if (!key || !isLive(key, toTimestamp(clock.nowMs()))) return undefined;
  const account = (await serviceAccounts(store).get(key.tenant, key.serviceAccountName))?.value;
  // An account made anew under the same name is another one.
  if (!account || account.deletedAt !== undefined || account.id !== key.serviceAccount)
    return undefined;
  const cluster = await servedCluster(control, key.tenant, account.spec.cluster);
  if (!cluster?.placement || cluster.deletedAt !== undefined) return undefined;
  return {
    tenant: key.tenant,
    cluster: cluster.id,
    clusterName: cluster.name,
    serviceAccount: account.id,
    serviceAccountName: account.name,
    apiKey: key.id,
    verifiers: key,
    grants: [...roleGrants(account.spec.role), ...account.spec.grants],
    placement: cluster.placement,
    clusterSpec: cluster.spec,
    expiresAt: key.expiresAt,
  };
}

/** The cluster once it has been ready; its bootstrap address is written with the proof that it isolates. */
async function servedCluster(
  control: Control,
  tenant: TenantId,
  name: string,
): Promise<ClusterRecord | undefined> {
  const read = async () => (await clusters(control.store).get(tenant, name))?.value;
  const wasReady = (cluster: ClusterRecord) => cluster.status.bootstrap !== undefined;
  const now = await read();
  if (!now || now.deletedAt !== undefined || wasReady(now)) return now;
  const signal = `cluster:${now.id}`;
  const settled = await waitReady(control, read, now.generation, clusterWaitMs, signal);
  if (!wasReady(settled)) throw new AppError("cluster.not_ready");
  return settled;
}

const pageSize = 200;

/** Names and ids of a cluster's topics as the provisioner last wrote them. Throws StoreError. */
export async function loadTopics(
  store: Store,
  { tenant, cluster }: Pick<Binding, "tenant" | "cluster">,
): Promise<{ name: string; topicId: string }[]> {
  const known: { name: string; topicId: string }[] = [];
  let cursor: string | undefined;
  do {
    const page = await topics(store).list(tenant, cluster, { limit: pageSize, cursor });
    for (const { value } of page.items) {
      const { topicId } = value.status;
      if (topicId !== undefined) known.push({ name: value.name, topicId });
    }
    cursor = page.cursor;
  } while (cursor !== undefined);
  return known;
}
