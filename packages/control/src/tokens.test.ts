// Minted tokens: any verifier that follows the RFCs and has the JWKS accepts exactly what was minted, for five minutes.
import { createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { handClock } from "../../store/test/clock.ts";
import { createTokenSigner, generateSigningKey, type TokenSigner, tokenLifeMs } from "./tokens.ts";

const clock = handClock();
const names = { issuer: "headgate", audience: "cell" };
let pem: string;
let signer: TokenSigner;
beforeAll(async () => {
  pem = await generateSigningKey();
  signer = createTokenSigner({ privateKeyPem: pem, ...names, clock });
});

const decode = (part: string | undefined) =>
  JSON.parse(Buffer.from(part ?? "", "base64url").toString()) as Record<string, unknown>;

/** As a broker does: the key by its id from the JWKS, the signature over header and claims. */
function isSigned(token: string, { jwks }: TokenSigner): boolean {
  const [header, claims, signature] = token.split(".");
  const { kid } = decode(header);
  const jwk = jwks.keys.find((key) => key.kid === kid);
  if (!jwk) return false;
  const key = createPublicKey({ key: { ...jwk }, format: "jwk" });
  const signed = Buffer.from(`${header}.${claims}`);
  return verify("sha256", signed, key, Buffer.from(signature ?? "", "base64url"));
}

test("a token says who, for whom, from whom, and until when", () => {
  const { token, expiresAtMs } = signer.mint("cl_0000000000000001");
  const [header, claims] = token.split(".").map((part, i) => (i < 2 ? decode(part) : part));
  expect(header).toEqual({ alg: "RS256", typ: "JWT", kid: signer.jwks.keys[0]!.kid });
  const seconds = Math.floor(clock.nowMs() / 1000);
  expect(claims).toEqual({
    iss: "headgate",
    aud: "cell",
    sub: "cl_0000000000000001",
    scope: "kafka",
    iat: seconds,
    exp: seconds + 300,
  });
  expect(expiresAtMs).toBe((seconds + 300) * 1000);
  expect(expiresAtMs - clock.nowMs()).toBeLessThanOrEqual(tokenLifeMs);
});

test("its signature is checked with what the JWKS offers, and by nothing else", () => {
  const { token } = signer.mint("cl_0000000000000001");
  expect(isSigned(token, signer)).toBe(true);
  const [header, claims, signature] = token.split(".");
  const forged = Buffer.from(JSON.stringify({ ...decode(claims), sub: "admin" }));
  expect(isSigned([header, forged.toString("base64url"), signature].join("."), signer)).toBe(false);
  const flipped = Buffer.from(signature!, "base64url");
  flipped[0]! ^= 1;
  expect(isSigned([header, claims, flipped.toString("base64url")].join("."), signer)).toBe(false);
});

test("another key signs nothing this JWKS accepts", async () => {
  const other = createTokenSigner({ privateKeyPem: await generateSigningKey(), ...names, clock });
  expect(other.jwks.keys[0]!.kid).not.toBe(signer.jwks.keys[0]!.kid);
  expect(isSigned(other.mint("p").token, signer)).toBe(false);
});

test("the same key has the same id in every process, and tokens outlive the signer", () => {
  const again = createTokenSigner({ privateKeyPem: pem, ...names, clock });
  expect(again.jwks).toEqual(signer.jwks);
  expect(isSigned(signer.mint("p").token, again)).toBe(true);
});

describe("the JWKS", () => {
  test("holds no part of the private key", () => {
    expect(Object.keys(signer.jwks.keys[0]!).sort()).toEqual([
      "alg",
      "e",
      "kid",
      "kty",
      "n",
      "use",
    ]);
  });

  test("is of an RSA key with 2048 bits", () => {
    const key = createPublicKey({
      key: { ...signer.jwks.keys[0]! },
      format: "jwk",
    });
    expect(key.asymmetricKeyType).toBe("rsa");
    expect(key.asymmetricKeyDetails?.modulusLength).toBe(2048);
  });

  test("of a key that is not RSA is none", () => {
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const privateKeyPem = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    expect(() => createTokenSigner({ privateKeyPem, ...names, clock })).toThrow("RSA");
  });
});
