// The key that signs upstream tokens, and the file brokers verify them with. Made at the first start.
import { createTokenSigner, generateSigningKey, type TokenSigner } from "@headgate/control/tokens";
import type { Clock } from "@headgate/core/clock";
import { readSecretFile, writeSecretFile } from "./secret-file.ts";

export interface SigningKey {
  readonly privateKeyPem: string;
  readonly issuer: string;
  readonly audience: string;
}

/** The key and its signer; the JWKS file (RFC 7517) at `jwksPath` says the same as the key. */
export async function ensureSigningKey(
  paths: { readonly key: string; readonly jwks: string },
  clock: Clock,
): Promise<{ key: SigningKey; signer: TokenSigner }> {
  let privateKeyPem = readSecretFile(paths.key);
  if (privateKeyPem === undefined) {
    privateKeyPem = await generateSigningKey();
    writeSecretFile(paths.key, privateKeyPem);
  }
  const key = { privateKeyPem, issuer: "headgate", audience: "headgate-cell" };
  const signer = createTokenSigner({ ...key, clock });
  const jwks = JSON.stringify(signer.jwks);
  if (readSecretFile(paths.jwks) !== jwks) writeSecretFile(paths.jwks, jwks);
  return { key, signer };
}
