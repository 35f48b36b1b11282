// One of at most two live secrets of a service account, so that rotation loses nothing. Only verifiers are kept.
import { z } from "zod";
import { ApiKeyId, ServiceAccountId, TenantId } from "./ids.ts";
import { Name, Timestamp } from "./resource.ts";

export const liveKeysMax = 2;
export const scramIterations = 4096;

/** RFC 5802 verifier of one SCRAM mechanism; all base64. */
export const ScramVerifier = z.object({
  salt: z.string(),
  iterations: z.int().min(4096),
  storedKey: z.string(),
  serverKey: z.string(),
});
export type ScramVerifier = z.infer<typeof ScramVerifier>;

/** What the store keeps of a key. Secrets have 260 random bits, so one SHA-256 is enough for PLAIN and REST. */
export const ApiKeyRecord = z.object({
  id: ApiKeyId,
  tenant: TenantId,
  serviceAccount: ServiceAccountId,
  serviceAccountName: Name,
  secretSha256: z.string(),
  scram256: ScramVerifier,
  scram512: ScramVerifier,
  createdAt: Timestamp,
  expiresAt: Timestamp.optional(),
  revokedAt: Timestamp.optional(),
  lastUsedAt: Timestamp.optional(),
});
export type ApiKeyRecord = z.infer<typeof ApiKeyRecord>;

/** What the API shows of a key. */
export const ApiKey = ApiKeyRecord.pick({
  id: true,
  createdAt: true,
  expiresAt: true,
  revokedAt: true,
  lastUsedAt: true,
}).extend({ kind: z.literal("ApiKey"), serviceAccount: Name });
export type ApiKey = z.infer<typeof ApiKey>;

/** The one answer that carries the secret. */
export const NewApiKey = ApiKey.extend({ secret: z.string() });
export type NewApiKey = z.infer<typeof NewApiKey>;

/** Whether a key opens anything at `now` (timestamp). */
export function isLive(key: Pick<ApiKeyRecord, "revokedAt" | "expiresAt">, now: string): boolean {
  return key.revokedAt === undefined && (key.expiresAt === undefined || key.expiresAt > now);
}
