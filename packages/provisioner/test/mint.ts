import { createPrivateKey, sign } from "node:crypto";
import type { MintedToken } from "@headgate/control/tokens";

interface SigningKey {
  readonly signingKeyPem: string;
  readonly kid: string;
  readonly issuer: string;
  readonly audience: string;
}

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** Mints tokens the test run's shared broker believes. */
export function minter({ signingKeyPem, kid, issuer: iss, audience: aud }: SigningKey) {
  const key = createPrivateKey(signingKeyPem);
  return (sub: string): MintedToken => {
    const iat = Math.floor(Date.now() / 1000);
    const exp = iat + 300;
    const header = part({ alg: "RS256", typ: "JWT", kid });
    const text = `${header}.${part({ iss, aud, sub, iat, exp, scope: "kafka" })}`;
    const signature = sign("sha256", Buffer.from(text), key).toString("base64url");
    return { token: `${text}.${signature}`, expiresAtMs: exp * 1000 };
  };
}
