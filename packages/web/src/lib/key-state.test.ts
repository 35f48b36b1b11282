import { expect, test } from "vitest";
import { keyState } from "./key-state.ts";

const now = Date.parse("2026-11-24T12:00:00.000Z");

test("a key is live until the moment it ends or is revoked", () => {
  expect(keyState({}, now)).toBe("Live");
  expect(keyState({ expiresAt: "2026-11-24T12:00:00.001Z" }, now)).toBe("Live");
  expect(keyState({ expiresAt: "2026-11-24T12:00:00.000Z" }, now)).toBe("Expired");
  expect(
    keyState({ revokedAt: "2026-11-24T11:00:00.000Z", expiresAt: "2027-01-01T00:00:00.000Z" }, now),
  ).toBe("Revoked");
});
