// What is kept of an API key's secret: enough to check it over REST, SASL PLAIN and SCRAM, never enough to present it.
import { createHash, createHmac, pbkdf2, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { type ApiKeyRecord, type ScramVerifier, scramIterations } from "@headgate/core/api-key";
import type { RandomSource } from "@headgate/core/clock";

export type Verifiers = Pick<ApiKeyRecord, "secretSha256" | "scram256" | "scram512">;

const saltBytes = 16;
const derive = promisify(pbkdf2);

/** Verifiers of a new secret, with fresh salts. */
export async function verifiersOf(secret: string, random: RandomSource): Promise<Verifiers> {
  const [scram256, scram512] = await Promise.all([
    scramVerifier("sha256", 32, secret, random.bytes(saltBytes)),
    scramVerifier("sha512", 64, secret, random.bytes(saltBytes)),
  ]);
  return { secretSha256: sha256(secret).toString("hex"), scram256, scram512 };
}

/** Whether `secret` is the one behind the verifier; takes the same time for every wrong one. */
export function secretMatches(verifiers: Pick<Verifiers, "secretSha256">, secret: string): boolean {
  const kept = Buffer.from(verifiers.secretSha256, "hex");
  const given = sha256(secret);
  return kept.length === given.length && timingSafeEqual(kept, given);
}

// RFC 5802 §3: SaltedPassword := Hi(Normalize(password), salt, i); ClientKey := HMAC(SaltedPassword, "Client Key");
// StoredKey := H(ClientKey); ServerKey := HMAC(SaltedPassword, "Server Key"). Secrets are ASCII: SASLprep keeps them.
async function scramVerifier(
  hash: "sha256" | "sha512",
  hashBytes: number,
  secret: string,
  salt: Uint8Array,
): Promise<ScramVerifier> {
  const salted = await derive(secret, salt, scramIterations, hashBytes, hash);
  const mac = (text: string) => createHmac(hash, salted).update(text).digest();
  return {
    salt: Buffer.from(salt).toString("base64"),
    iterations: scramIterations,
    storedKey: createHash(hash).update(mac("Client Key")).digest("base64"),
    serverKey: mac("Server Key").toString("base64"),
  };
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
