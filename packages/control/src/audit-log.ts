// The tenant's audit events, newest first.
import type { Actor, AuditEvent } from "@headgate/core/audit";
import { audit } from "@headgate/store/audit";
import type { Control, List, ListOptions } from "./control.ts";

export async function listAudit(
  { store }: Pick<Control, "store">,
  { tenant }: Pick<Actor, "tenant">,
  { limit, cursor }: Pick<ListOptions, "limit" | "cursor">,
): Promise<List<AuditEvent>> {
  const page = await audit(store).list(tenant, { limit, cursor });
  const items = page.items.map((stored) => stored.value);
  return page.cursor === undefined ? { items } : { items, next: page.cursor };
}
