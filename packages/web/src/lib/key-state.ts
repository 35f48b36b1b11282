import type { ApiKey } from "./wire.ts";

export type KeyState = "Live" | "Revoked" | "Expired";

/** Whether a key still opens anything at `nowMs`, in a word. The server decides; this only says it on the page. */
export function keyState(key: Pick<ApiKey, "revokedAt" | "expiresAt">, nowMs: number): KeyState {
  if (key.revokedAt !== undefined) return "Revoked";
  return key.expiresAt !== undefined && Date.parse(key.expiresAt) <= nowMs ? "Expired" : "Live";
}
