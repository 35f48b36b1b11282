// What an API key opens, read from the store: key → service account → cluster → placement. Every link that is missing,
// revoked or going away makes the key open nothing, which is all a stranger learns.
import { isLive } from "@headgate/core/api-key";
import type { Binding } from "@headgate/core/binding";
import { type Clock, toTimestamp } from "@headgate/core/clock";
import { ApiKeyId } from "@headgate/core/ids";
import { roleGrants } from "@headgate/core/service-account";
import { apiKeys } from "@headgate/store/api-keys";
import { clusters } from "@headgate/store/clusters";
import { serviceAccounts } from "@headgate/store/service-accounts";
import type { Store } from "@headgate/store/store";
import { topics } from "@headgate/store/topics";

/** The binding of a key id as a client sent it. Throws StoreError. */
export async function loadBinding(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  id: string,
): Promise<Binding | undefined> {
  const parsed = ApiKeyId.safeParse(id);
  const found = parsed.success ? await apiKeys(store).find(parsed.data) : undefined;
  const key = found?.value;
  if (!key || !isLive(key, toTimestamp(clock.nowMs()))) return undefined;
  const account = (await serviceAccounts(store).get(key.tenant, key.serviceAccountName))?.value;
  // An account made anew under the same name is another one.
  if (!account || account.deletedAt !== undefined || account.id !== key.serviceAccount)
    return undefined;
  const cluster = (await clusters(store).get(key.tenant, account.spec.cluster))?.value;
  if (!cluster?.placement || cluster.deletedAt !== undefined) return undefined;
  if (cluster.status.phase !== "Ready") return undefined;
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
