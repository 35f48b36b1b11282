import { expect, test } from "vitest";
import { isLive } from "./api-key.ts";

const now = "2026-11-24T04:00:00.000Z";
const earlier = "2026-11-24T03:59:59.999Z";
const later = "2026-11-24T04:00:00.001Z";

test.each([
  ["without an end", {}, true],
  ["before its end", { expiresAt: later }, true],
  ["at its end", { expiresAt: now }, false],
  ["after its end", { expiresAt: earlier }, false],
  ["revoked", { revokedAt: earlier }, false],
  ["revoked before its end", { revokedAt: earlier, expiresAt: later }, false],
])("a key %s opens: %s → %s", (_name, key, opens) => {
  expect(isLive(key, now)).toBe(opens);
});
