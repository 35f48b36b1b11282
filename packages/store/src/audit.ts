// Audit events, by ULID: written once, never changed.
import { AuditEvent } from "@headgate/core/audit";
import type { TenantId } from "@headgate/core/ids";
import { auditOf } from "./keys.ts";
import { type List, parseItem, putOnce } from "./resources.ts";
import type { Store } from "./store.ts";

/** The repository of audit events. Every method throws StoreError. */
export function audit(store: Store) {
  return {
    /** Again with the same id changes nothing. */
    async append(tenant: TenantId, event: AuditEvent): Promise<void> {
      await putOnce(store, auditOf(tenant).key(event.id), event);
    },
    /** Newest first. */
    async list(
      tenant: TenantId,
      options: { limit: number; cursor?: string | undefined },
    ): Promise<List<AuditEvent>> {
      const page = await store.query(auditOf(tenant).pk, { ...options, reverse: true });
      const items = page.items.map((item) => parseItem(AuditEvent, item));
      return page.cursor === undefined ? { items } : { items, cursor: page.cursor };
    },
  };
}
