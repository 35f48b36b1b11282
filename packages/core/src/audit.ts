// Every write leaves one event: who, what, before and after, through which door. Never holds a secret.
import { z } from "zod";
import { ApiKeyId, ServiceAccountId, TenantId } from "./ids.ts";
import { Channel, Timestamp } from "./resource.ts";

/** Who acts, and through which door; every command takes one. */
export const Actor = z.object({
  tenant: TenantId,
  serviceAccount: ServiceAccountId.optional(),
  serviceAccountName: z.string().optional(),
  apiKey: ApiKeyId.optional(),
  channel: Channel,
  requestId: z.string(),
});
export type Actor = z.infer<typeof Actor>;

export const AuditEvent = z.object({
  /** ULID: sorts by time. */
  id: z.string(),
  at: Timestamp,
  actor: Actor,
  action: z.enum(["create", "update", "delete", "revoke", "rotate"]),
  /** `Topic`, `Cluster`, `ServiceAccount`, `ApiKey`, `Tenant`. */
  kind: z.string(),
  /** Path of the resource: `clusters/default/topics/orders`. */
  resource: z.string(),
  before: z.unknown().optional(),
  after: z.unknown().optional(),
});
export type AuditEvent = z.infer<typeof AuditEvent>;

/** The manager recorded for spec fields this actor sets. */
export function managerOf(actor: Actor): string {
  return `${actor.channel}:${actor.serviceAccountName ?? "headgate"}`;
}
