// Verifiers: what is kept lets exactly the right secret in, by REST, PLAIN and SCRAM, and is not the secret.
import { createHash, createHmac, pbkdf2Sync } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { seededRandom } from "../../store/test/clock.ts";
import { secretMatches, verifiersOf } from "./verifiers.ts";

/** Randomness that is one salt. */
const salted = (base64: string) => ({ bytes: () => Buffer.from(base64, "base64") });

describe("SCRAM", () => {
  // RFC 7677 §3, the example exchange of SCRAM-SHA-256: user "user", password "pencil".
  const clientFirstBare = "n=user,r=rOprNGfwEbeRWgbNEkqO";
  const serverFirst =
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
  const clientFinalBare = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
  const clientProof = "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
  const serverSignature = "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";
  const auth = [clientFirstBare, serverFirst, clientFinalBare].join(",");

  test("the verifier of RFC 7677's example accepts its proof and makes its server signature", async () => {
    const { scram256 } = await verifiersOf("pencil", salted("W22ZaJ0SNY7soEsUEjb6gQ=="));
    expect(scram256).toMatchObject({ salt: "W22ZaJ0SNY7soEsUEjb6gQ==", iterations: 4096 });
    // RFC 5802 §3: ClientKey = ClientProof XOR HMAC(StoredKey, AuthMessage); StoredKey = H(ClientKey).
    const storedKey = Buffer.from(scram256.storedKey, "base64");
    const mask = createHmac("sha256", storedKey).update(auth).digest();
    const clientKey = Buffer.from(clientProof, "base64").map((byte, i) => byte ^ mask[i]!);
    expect(createHash("sha256").update(clientKey).digest()).toEqual(storedKey);
    const serverKey = Buffer.from(scram256.serverKey, "base64");
    const signature = createHmac("sha256", serverKey).update(auth).digest("base64");
    expect(signature).toBe(serverSignature);
  });

  test("RFC 5802's example, of SHA-1, is met by the same derivation, so the oracle below is sound", () => {
    const keys = derive("sha1", 20, "pencil", "QSXCR+Q6sek8bf92");
    const message =
      "n=user,r=fyko+d2lbbFgONRv9qkxdawL," +
      "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096," +
      "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j";
    const mask = createHmac("sha1", keys.storedKey).update(message).digest();
    const proof = keys.clientKey.map((byte, i) => byte ^ mask[i]!);
    expect(Buffer.from(proof).toString("base64")).toBe("v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=");
    const signature = createHmac("sha1", keys.serverKey).update(message).digest("base64");
    expect(signature).toBe("rmF9pqV8S7suAoZWja4dJRkFsKQ=");
  });

  test.each(["sha256", "sha512"] as const)(
    "%s verifiers are derived as the RFC says",
    async (hash) => {
      const bytes = hash === "sha256" ? 32 : 64;
      const { scram256, scram512 } = await verifiersOf("hgs_secret", seededRandom(7));
      const verifier = hash === "sha256" ? scram256 : scram512;
      const { storedKey, serverKey } = derive(hash, bytes, "hgs_secret", verifier.salt);
      expect(verifier.storedKey).toBe(storedKey.toString("base64"));
      expect(verifier.serverKey).toBe(serverKey.toString("base64"));
      expect(verifier.iterations).toBe(4096);
    },
  );

  test("each mechanism and each key has a salt of its own, of 16 bytes", async () => {
    const random = seededRandom(9);
    const [a, b] = [await verifiersOf("same", random), await verifiersOf("same", random)];
    const salts = [a.scram256, a.scram512, b.scram256, b.scram512].map(({ salt }) => salt);
    expect(new Set(salts).size).toBe(4);
    for (const salt of salts) expect(Buffer.from(salt, "base64")).toHaveLength(16);
    expect(a.scram256.storedKey).not.toBe(b.scram256.storedKey);
  });
});

/** RFC 5802 §3, with Hi() being PBKDF2. */
function derive(hash: string, bytes: number, secret: string, salt: string) {
  const password = pbkdf2Sync(secret, Buffer.from(salt, "base64"), 4096, bytes, hash);
  const clientKey = createHmac(hash, password).update("Client Key").digest();
  const serverKey = createHmac(hash, password).update("Server Key").digest();
  return { clientKey, serverKey, storedKey: createHash(hash).update(clientKey).digest() };
}

describe("the hash for REST and PLAIN", () => {
  test("lets the secret in and nothing else", async () => {
    const verifiers = await verifiersOf("hgs_secret", seededRandom());
    expect(verifiers.secretSha256).toBe(createHash("sha256").update("hgs_secret").digest("hex"));
    expect(secretMatches(verifiers, "hgs_secret")).toBe(true);
    fc.assert(
      fc.property(fc.string(), (secret) => {
        expect(secretMatches(verifiers, secret)).toBe(secret === "hgs_secret");
      }),
    );
    for (const near of ["", "hgs_secre", "hgs_secret ", "HGS_SECRET"]) {
      expect(secretMatches(verifiers, near)).toBe(false);
    }
  });

  test("that is damaged lets nobody in, and throws at nobody", () => {
    for (const secretSha256 of ["", "00", "zz".repeat(32)]) {
      expect(secretMatches({ secretSha256 }, "hgs_secret")).toBe(false);
    }
  });
});

test("what is kept holds the secret nowhere", async () => {
  const secret = "hgs_0123456789abcdefghjkmnpqrstvwxyz";
  const kept = JSON.stringify(await verifiersOf(secret, seededRandom()));
  expect(kept).not.toContain(secret);
  expect(kept).not.toContain(Buffer.from(secret).toString("base64").slice(0, 20));
});
