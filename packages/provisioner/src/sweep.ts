// What the queue may have missed: every cluster and topic whose status is behind its spec. Names come from the `ALL`
// items, which are written first, so nothing that exists can hide from this.
import { clusters } from "@headgate/store/clusters";
import type { Store } from "@headgate/store/store";
import { topics } from "@headgate/store/topics";
import type { WorkKey } from "@headgate/store/work-queue";

interface Resource {
  readonly generation: number;
  readonly deletedAt?: string | undefined;
  readonly status: { readonly observedGeneration: number };
}

const isBehind = (resource: Resource | undefined): boolean =>
  resource !== undefined &&
  (resource.deletedAt !== undefined || resource.status.observedGeneration < resource.generation);

/** Calls `found` with each key that needs a look. Reads one item at a time: nothing waits for it. */
export async function sweepUnfinished(
  store: Store,
  found: (key: WorkKey) => void,
  signal: AbortSignal,
): Promise<void> {
  for await (const { tenant, cluster } of clusters(store).all()) {
    if (signal.aborted) return;
    const stored = await clusters(store).get(tenant, cluster);
    if (isBehind(stored?.value)) found(["cluster", tenant, cluster]);
  }
  for await (const { tenant, cluster, name } of topics(store).all()) {
    if (signal.aborted) return;
    const stored = await topics(store).get(tenant, cluster, name);
    if (isBehind(stored?.value)) found(["topic", tenant, cluster, name]);
  }
}
