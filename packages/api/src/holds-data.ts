// Whether deleting something loses records, so that a deletion must prove what it was looking at (If-Match). Decided by
// the newest offset snapshots alone: no broker is asked, so it may be behind by a snapshot's interval (seconds), and a
// topic whose records all expired still counts as one that holds data.
import type { Control } from "@headgate/control/control";
import type { Cluster } from "@headgate/core/cluster";
import { AppError } from "@headgate/core/errors";
import type { TenantId } from "@headgate/core/ids";
import type { Topic } from "@headgate/core/topic";
import { offsets } from "@headgate/store/offsets";
import { topics } from "@headgate/store/topics";

/** Whether a topic was ever written to, as far as the snapshots tell. */
export async function topicHoldsData(
  { store }: Pick<Control, "store">,
  tenant: TenantId,
  cluster: Pick<Cluster, "id">,
  { status }: Pick<Topic, "status">,
): Promise<boolean> {
  if (status.topicId === undefined) return false;
  const latest = await offsets(store).getLatest(tenant, cluster.id, status.topicId);
  return Object.values(latest?.offsets ?? {}).some((offset) => offset !== "0");
}

/** Whether any topic of a cluster holds data. */
export async function clusterHoldsData(
  control: Pick<Control, "store">,
  tenant: TenantId,
  cluster: Pick<Cluster, "id">,
): Promise<boolean> {
  let cursor: string | undefined;
  do {
    const page = await topics(control.store).list(tenant, cluster.id, { limit: 200, cursor });
    for (const { value } of page.items) {
      if (await topicHoldsData(control, tenant, cluster, value)) return true;
    }
    cursor = page.cursor;
  } while (cursor !== undefined);
  return false;
}

/** What a deletion without If-Match is told. */
export function preconditionRequired(what: string): AppError {
  return new AppError("request.precondition_required", {
    detail: `The ${what} holds records, which would be lost.`,
  });
}
