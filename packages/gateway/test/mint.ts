// Tokens the test broker accepts: its JWKS names the key differently than the control plane's signer would.
import { createPrivateKey, sign } from "node:crypto";
import type { MintedToken } from "@headgate/control/tokens";

export interface TestIssuer {
  readonly signingKeyPem: string;
  readonly kid: string;
  readonly issuer: string;
  readonly audience: string;
}

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** `lifetimeSeconds` is how long the broker lets a connection live without a new login. */
export function testMint(
  kafka: TestIssuer,
  lifetimeSeconds = 300,
): (principal: string) => MintedToken {
  const key = createPrivateKey(kafka.signingKeyPem);
  const header = part({ alg: "RS256", typ: "JWT", kid: kafka.kid });
  return (sub) => {
    const iat = Math.floor(Date.now() / 1000);
    const exp = iat + lifetimeSeconds;
    const claims = part({ iss: kafka.issuer, aud: kafka.audience, sub, scope: "kafka", iat, exp });
    const signature = sign("sha256", Buffer.from(`${header}.${claims}`), key);
    return {
      token: `${header}.${claims}.${signature.toString("base64url")}`,
      expiresAtMs: exp * 1000,
    };
  };
}
