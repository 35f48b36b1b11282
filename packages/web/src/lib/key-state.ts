import type { ApiKey } from "./wire.ts";

export type KeyState = "Live" | "Revoked" | "Expired";

export function keyState(key: Pick<ApiKey, "revokedAt" | "expiresAt">, nowMs: number): KeyState {
  if (key.revokedAt !== undefined) return "Revoked";
  return key.expiresAt !== undefined && Date.parse(key.expiresAt) <= nowMs ? "Expired" : "Live";
}
