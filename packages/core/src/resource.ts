// The envelope every resource wears: what was asked (spec), what is so (status), and what joins the two (generation).
import { z } from "zod";

/** RFC 3339, UTC, milliseconds. */
export const Timestamp = z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}[.]\d{3}Z$/);

export const Phase = z.enum(["Pending", "Ready", "Failed", "Deleting"]);
export type Phase = z.infer<typeof Phase>;

/** Why a resource is not (yet) what was asked: one per type, the newest. */
export const Condition = z.object({
  type: z.string(),
  status: z.enum(["True", "False", "Unknown"]),
  reason: z.string(),
  message: z.string(),
  at: Timestamp,
});
export type Condition = z.infer<typeof Condition>;

/** Through which door a change came. */
export const Channel = z.enum(["portal", "api", "cli", "kafka", "stack", "system"]);
export type Channel = z.infer<typeof Channel>;

/** Who last set a spec field: `api:sa_…`, `kafka:sa_…`, `stack:NAME`, `system:headgate`. */
export const Manager = z.string().regex(/^(portal|api|cli|kafka|stack|system):.+$/);

/** Generation rises with each change of the spec; status says which one it has seen. */
export const Generation = z.int().min(1);

export const Labels = z
  .record(z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}$/), z.string().max(128))
  .refine((labels) => Object.keys(labels).length <= 32, "at most 32 labels");

/** Names of clusters and service accounts: a DNS label, so that they fit into host names. */
export const Name = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "1 to 63 lower-case letters, digits and hyphens");

/** Schema of a resource from the schemas of its id, spec and status. */
export function resource<
  K extends string,
  I extends z.ZodType,
  N extends z.ZodType,
  S extends z.ZodType,
  T extends z.ZodType,
>(kind: K, id: I, name: N, spec: S, status: T) {
  return z.object({
    kind: z.literal(kind),
    id,
    name,
    spec,
    status,
    generation: Generation,
    /** JSON pointer of a spec field → its manager. */
    managedBy: z.record(z.string(), Manager),
    createdAt: Timestamp,
    updatedAt: Timestamp,
    /** Set once deletion was asked for; the resource goes when nothing of it is left. */
    deletedAt: Timestamp.optional(),
  });
}

/** The part of a status all resources share. */
export const baseStatus = {
  phase: Phase,
  conditions: z.array(Condition),
  observedGeneration: z.int().min(0),
};

/** Pointers of the leaf fields that differ between two specs, for `managedBy` and audit events. */
export function changedFields(before: unknown, after: unknown, at = ""): string[] {
  if (!isObject(before) || !isObject(after)) {
    if (JSON.stringify(before) === JSON.stringify(after)) return [];
    if (isObject(after))
      return Object.keys(after).flatMap((k) =>
        changedFields(undefined, after[k], `${at}/${pointerToken(k)}`),
      );
    return [at];
  }
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((k) => changedFields(before[k], after[k], `${at}/${pointerToken(k)}`));
}

/**
 * `managedBy` after `manager` changed a spec from `before` to `after`. Fields that went leave it, or it would grow with
 * every label that ever was; who took them away is in the audit event.
 */
export function withManager(
  managedBy: Record<string, string>,
  before: unknown,
  after: unknown,
  manager: string,
): Record<string, string> {
  const changed = new Set(changedFields(before, after));
  const managers = changedFields(undefined, after).map((field) => [
    field,
    changed.has(field) ? manager : (managedBy[field] ?? manager),
  ]);
  return Object.fromEntries(managers);
}

/** The conditions with one of them set; its time moves only when its status does. */
export function setCondition(conditions: readonly Condition[], next: Condition): Condition[] {
  const old = conditions.find((c) => c.type === next.type);
  const kept = old !== undefined && old.status === next.status ? { ...next, at: old.at } : next;
  return [...conditions.filter((c) => c.type !== next.type), kept];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** RFC 6901 §3. */
function pointerToken(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}
