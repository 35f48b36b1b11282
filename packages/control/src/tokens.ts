// Upstream credentials are minted, not stored: tokens of five minutes, signed by the control plane's key, whose `sub`
// is the cluster's principal. Brokers check them against the JWKS file (RFC 7517) this signer offers; stock Kafka can.
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  sign,
} from "node:crypto";
import { promisify } from "node:util";
import type { Clock } from "@headgate/core/clock";

export const tokenLifeMs = 300_000;

export interface MintedToken {
  /** JWS compact form (RFC 7515 §7.1). */
  readonly token: string;
  readonly expiresAtMs: number;
}

export interface TokenSigner {
  /** A token for one upstream principal (a cluster id). */
  mint(principal: string): MintedToken;
  /** What brokers verify with; holds no secret. */
  readonly jwks: { readonly keys: readonly PublicJwk[] };
}

export interface PublicJwk {
  readonly kty: "RSA";
  readonly use: "sig";
  readonly alg: "RS256";
  readonly kid: string;
  readonly n: string;
  readonly e: string;
}

export interface TokenSignerOptions {
  /** PKCS #8 PEM of an RSA key (`generateSigningKey`). */
  readonly privateKeyPem: string;
  readonly issuer: string;
  readonly audience: string;
  readonly clock: Clock;
}

/** A new RSA key of 2048 bits as PKCS #8 PEM; keep it with mode 0600. */
export async function generateSigningKey(): Promise<string> {
  const pair = await promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
  return pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

/** RS256 tokens (RFC 7518 §3.3) with exactly the claims Kafka's OAuthBearerValidatorCallbackHandler asks for. */
export function createTokenSigner(options: TokenSignerOptions): TokenSigner {
  const key = createPrivateKey(options.privateKeyPem);
  const jwk = publicJwk(key);
  const header = part({ alg: jwk.alg, typ: "JWT", kid: jwk.kid });
  return {
    jwks: { keys: [jwk] },
    mint(principal) {
      const nowSeconds = Math.floor(options.clock.nowMs() / 1000);
      const expiresSeconds = nowSeconds + tokenLifeMs / 1000;
      const claims = part({
        iss: options.issuer,
        aud: options.audience,
        sub: principal,
        scope: "kafka",
        iat: nowSeconds,
        exp: expiresSeconds,
      });
      const signature = sign("sha256", Buffer.from(`${header}.${claims}`), key);
      const token = `${header}.${claims}.${signature.toString("base64url")}`;
      return { token, expiresAtMs: expiresSeconds * 1000 };
    },
  };
}

function publicJwk(key: KeyObject): PublicJwk {
  const { n, e } = createPublicKey(key).export({ format: "jwk" });
  if (n === undefined || e === undefined) throw new TypeError("the signing key is not an RSA key");
  // RFC 7638: members in lexical order, no white space.
  const thumbprint = JSON.stringify({ e, kty: "RSA", n });
  const kid = createHash("sha256").update(thumbprint).digest("base64url").slice(0, 16);
  return { kty: "RSA", use: "sig", alg: "RS256", kid, n, e };
}

function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
