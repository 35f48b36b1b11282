// Every schema the document at /openapi.json names: core's, which the store and the commands use too, and the few that
// only an answer of the API has. They become JSON Schema by zod itself (2020-12, which OpenAPI 3.1 speaks).
import { overlapSecondsMax } from "@headgate/control/api-keys";
import { ApiKey, NewApiKey } from "@headgate/core/api-key";
import { AuditEvent } from "@headgate/core/audit";
import { Invoice } from "@headgate/core/bill";
import { Cluster, ClusterSpec, Tier } from "@headgate/core/cluster";
import { ApiKeyId, TenantId } from "@headgate/core/ids";
import { Name } from "@headgate/core/resource";
import { Role, ServiceAccount, ServiceAccountSpec } from "@headgate/core/service-account";
import { Tenant, TenantSpec } from "@headgate/core/tenant";
import { Topic, TopicSpec } from "@headgate/core/topic";
import { UsageReport } from "@headgate/core/usage";
import { z } from "@hono/zod-openapi";
import { Group, GroupSummary } from "./groups.ts";
import { LiveEvent } from "./live.ts";

export const Problem = z.object({
  /** Where the code is explained. */
  type: z.string(),
  title: z.string(),
  status: z.int(),
  /** Stable; what a program decides by. */
  code: z.string(),
  /** What exactly is wrong with this request. */
  detail: z.string().optional(),
  /** One sentence or command that mends it. */
  fix: z.string(),
  instance: z.string(),
  requestId: z.string(),
  /** Every fault found: a JSON pointer into the body, or `/query/…`, `/path/…`, `/headers/…`. */
  errors: z
    .array(z.object({ pointer: z.string(), code: z.string(), detail: z.string() }))
    .optional(),
  /** Whether the same request may succeed later. */
  retryable: z.boolean(),
  retryAfterSeconds: z.int().optional(),
});
export type Problem = z.infer<typeof Problem>;

const ErrorDescription = z.object({
  kind: z.literal("Error"),
  code: z.string(),
  status: z.int(),
  title: z.string(),
  fix: z.string(),
  retryable: z.boolean(),
});

const WhoAmI = z.object({
  kind: z.literal("WhoAmI"),
  tenant: TenantId,
  /** The credential's default cluster: what `/v1/topics` means. */
  cluster: Name,
  serviceAccount: Name,
  role: Role,
  apiKey: ApiKeyId,
});

const Meta = z.object({
  kind: z.literal("Meta"),
  version: z.string(),
  addresses: z.object({ api: z.string(), bootstrap: z.string() }).optional(),
  tiers: z.array(
    z.object({
      name: Tier,
      /** What is promised, in a sentence. */
      promise: z.string(),
      replicas: z.int(),
      minInsyncReplicas: z.int(),
      /** What it costs, in a sentence. */
      price: z.string(),
      /** Decimal dollars. */
      perMillionMessages: z.string(),
      perStreamingUnitHour: z.string(),
      perGibMonth: z.string(),
    }),
  ),
  /** Decimal dollars, per tenant. */
  creditPerMonth: z.string(),
  perStreamingUnit: z.record(z.string(), z.number()),
  limits: z.record(z.string(), z.number()),
  /** Topic settings that may be set, by Kafka's names. */
  topicSettings: z.array(z.object({ name: z.string(), description: z.string() })),
});
export type Meta = z.infer<typeof Meta>;

/** Answer to a dry run whose real answer would carry a new secret. */
const Validation = z.object({ kind: z.literal("Validation"), valid: z.literal(true) });

const Health = z.object({ status: z.literal("ok"), version: z.string() });

const Readiness = z.object({
  ready: z.boolean(),
  checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })),
});
export type Readiness = z.infer<typeof Readiness>;

const NewTenant = z.object({
  tenant: Tenant,
  cluster: Cluster,
  serviceAccount: ServiceAccount,
  key: NewApiKey,
});

const listOf = <T extends z.ZodType>(item: T) =>
  z.object({
    items: z.array(item),
    /** Cursor of the next page; absent on the last. */
    next: z.string().optional(),
  });

/** What is answered. */
export const outputs = {
  Problem,
  Error: ErrorDescription,
  Meta,
  WhoAmI,
  Cluster,
  ClusterList: listOf(Cluster),
  Topic,
  TopicList: listOf(Topic),
  Group,
  GroupSummary,
  GroupList: listOf(GroupSummary),
  ServiceAccount,
  ServiceAccountList: listOf(ServiceAccount),
  ApiKey,
  ApiKeyList: listOf(ApiKey),
  NewApiKey,
  Usage: UsageReport,
  Invoice,
  AuditEvent,
  AuditEventList: listOf(AuditEvent),
  LiveEvent,
  Tenant,
  TenantList: listOf(Tenant),
  NewTenant,
  Validation,
  Health,
  Readiness,
} as const;
export type OutputName = keyof typeof outputs;

const withSpec = <S extends z.ZodType>(spec: S) => z.strictObject({ spec });

/** What may be sent. */
export const inputs = {
  ClusterWrite: withSpec(ClusterSpec),
  TopicWrite: withSpec(TopicSpec),
  ServiceAccountWrite: withSpec(ServiceAccountSpec),
  TenantWrite: withSpec(TenantSpec),
  /** JSON merge patch (RFC 7396) of a resource's spec: null removes a field. */
  SpecPatch: z.strictObject({ spec: z.record(z.string(), z.unknown()) }),
  ApiKeyCreate: z.strictObject({ expiresAt: z.iso.datetime({ offset: true }).optional() }),
  ApiKeyRotate: z.strictObject({
    overlapSeconds: z.int().min(0).max(overlapSecondsMax).optional(),
  }),
} as const;
export type InputName = keyof typeof inputs;

/** A body that holds a spec; the command checks the spec itself, with its own codes. */
export const SpecBody = z.strictObject({ spec: z.record(z.string(), z.unknown()) });

type JsonSchema = Record<string, unknown>;

/** `components.schemas` of the document. */
export function componentSchemas(): Record<string, JsonSchema> {
  return { ...convert(outputs, "output"), ...convert(inputs, "input") };
}

function convert(named: Record<string, z.ZodType>, io: "input" | "output") {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(named)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, {
    io,
    uri: (id) => `#/components/schemas/${id}`,
    override: ({ jsonSchema, zodSchema }) => {
      // Answers may gain fields within a version, so only what refuses unknown fields says so.
      const { def } = zodSchema._zod;
      if (def.type === "object" && def.catchall === undefined)
        delete jsonSchema.additionalProperties;
    },
  });
  return Object.fromEntries(
    Object.entries(schemas as Record<string, JsonSchema>).map(([id, schema]) => {
      const { $schema, $id, ...rest } = schema;
      return [id, rest];
    }),
  );
}
