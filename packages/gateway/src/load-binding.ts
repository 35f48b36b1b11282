// What an API key opens, read from the store: key → service account → cluster → placement. Every link that is missing,
// revoked or going away makes the key open nothing, which is all a stranger learns. A cluster that is still being made
// is waited for; one that was ready once is served, whatever became of a later wish.
import type { Control } from "@headgate/control/control";
import { waitReady } from "@headgate/control/wait";
import { isLive } from "@headgate/core/api-key";
import type { Binding } from "@headgate/core/binding";
import { toTimestamp } from "@headgate/core/clock";
import { AppError } from "@headgate/core/errors";
import { ApiKeyId } from "@headgate/core/ids";
import { roleGrants } from "@headgate/core/service-account";
import { apiKeys } from "@headgate/store/api-keys";
import { type ClusterRecord, clusters } from "@headgate/store/clusters";
import { serviceAccounts } from "@headgate/store/service-accounts";
import type { Store } from "@headgate/store/store";
import { topics } from "@headgate/store/topics";

/** The binding of a key id as a client sent it. Throws StoreError, `cluster.not_ready` (see `clusterReady`). */
export async function loadBinding(
  control: Pick<Control, "store" | "clock">,
  id: string,
): Promise<Binding | undefined> {
  const opened = await open(control, id);
  if (!opened) return undefined;
  const { key, account, cluster } = opened;
  if (!wasReady(cluster) || !cluster.placement) throw new AppError("cluster.not_ready");
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

/** A login waits so long for its cluster; clients give up later than that. */
const clusterWaitMs = 8000;

/** Settles when the cluster behind a key is ready. Throws AppError `cluster.not_ready`, `wait.timeout`, StoreError. */
export async function clusterReady(control: Control, id: string): Promise<void> {
  const opened = await open(control, id);
  if (!opened || wasReady(opened.cluster)) return;
  const { id: clusterId, name, generation } = opened.cluster;
  const read = async () => (await clusters(control.store).get(opened.key.tenant, name))?.value;
  const signal = `cluster:${clusterId}`;
  const settled = await waitReady(control, read, generation, clusterWaitMs, signal);
  if (!wasReady(settled)) throw new AppError("cluster.not_ready");
}

/** Its bootstrap address is written with the proof that it isolates, and stays. */
const wasReady = (cluster: ClusterRecord): boolean => cluster.status.bootstrap !== undefined;

/** Follows a live key to its account and cluster; undefined when a link is missing or going away. */
async function open({ store, clock }: Pick<Control, "store" | "clock">, id: string) {
  const parsed = ApiKeyId.safeParse(id);
  const found = parsed.success ? await apiKeys(store).find(parsed.data) : undefined;
  const key = found?.value;
  if (!key || !isLive(key, toTimestamp(clock.nowMs()))) return undefined;
  const account = (await serviceAccounts(store).get(key.tenant, key.serviceAccountName))?.value;
  // An account made anew under the same name is another one.
  if (!account || account.deletedAt !== undefined || account.id !== key.serviceAccount)
    return undefined;
  const cluster = (await clusters(store).get(key.tenant, account.spec.cluster))?.value;
  if (!cluster || cluster.deletedAt !== undefined) return undefined;
  return { key, account, cluster };
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
