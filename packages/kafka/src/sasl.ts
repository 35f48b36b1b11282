// SASL as pure functions over bytes: PLAIN (RFC 4616), SCRAM-SHA-256/512 (RFC 5802, 7677) for both sides, and the
// client message of OAUTHBEARER (RFC 7628). Nonces come from the caller. Like Kafka, passwords are taken as UTF-8
// without SASLprep.
//
//   client-first   n,,n=user,r=cnonce         server-first  r=cnonce+snonce,s=salt,i=iterations
//   client-final   c=biws,r=…,p=proof         server-final  v=signature
//   StoredKey = H(ClientKey), ClientKey = HMAC(SaltedPassword, "Client Key")
//   proof = ClientKey xor HMAC(StoredKey, auth)

import { createHash, createHmac, pbkdf2Sync, timingSafeEqual } from "node:crypto";

export type ScramMechanism = "SCRAM-SHA-256" | "SCRAM-SHA-512";

/** What a server keeps of a password. */
export interface ScramCredential {
  readonly salt: Buffer;
  readonly iterations: number;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

/** A SASL message that is malformed, or the other side's proof that does not hold. */
export class SaslError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "SaslError";
  }
}

const digestOf = (mechanism: ScramMechanism) =>
  mechanism === "SCRAM-SHA-256" ? "sha256" : "sha512";
const digestBytes = (mechanism: ScramMechanism) => (mechanism === "SCRAM-SHA-256" ? 32 : 64);
const hmac = (mechanism: ScramMechanism, key: Buffer, text: string) =>
  createHmac(digestOf(mechanism), key).update(text).digest();
const hash = (mechanism: ScramMechanism, bytes: Buffer) =>
  createHash(digestOf(mechanism)).update(bytes).digest();

function xor(a: Buffer, b: Buffer): Buffer {
  return Buffer.from(a.map((byte, i) => byte ^ (b[i] ?? 0)));
}

export function scramSaltedPassword(
  mechanism: ScramMechanism,
  password: string,
  salt: Buffer,
  iterations: number,
): Buffer {
  return pbkdf2Sync(password, salt, iterations, digestBytes(mechanism), digestOf(mechanism));
}

/** Derives what a server stores. Kafka wants 4096 to 16384 iterations. */
export function scramCredential(
  mechanism: ScramMechanism,
  password: string,
  salt: Buffer,
  iterations: number,
): ScramCredential {
  const salted = scramSaltedPassword(mechanism, password, salt, iterations);
  return {
    salt,
    iterations,
    storedKey: hash(mechanism, hmac(mechanism, salted, "Client Key")),
    serverKey: hmac(mechanism, salted, "Server Key"),
  };
}

/**
 * A credential for a user who does not exist: the same salt for the same name each time, keys nobody has the password
 * of, so that the exchange looks like any other and ends in the same failure. `secret` is the server's own.
 */
export function fakeScramCredential(
  mechanism: ScramMechanism,
  username: string,
  secret: Buffer,
  iterations: number,
): ScramCredential {
  const derive = (purpose: string) => hmac(mechanism, secret, `${purpose}\0${username}`);
  return {
    salt: derive("salt").subarray(0, 16),
    iterations,
    storedKey: derive("stored"),
    serverKey: derive("server"),
  };
}

export interface ScramClient {
  readonly first: Buffer;
  /** Answers server-first with client-final. Throws SaslError. */
  final(serverFirst: Buffer): Buffer;
  /** Checks the server's signature, after `final`. Throws SaslError. */
  verify(serverFinal: Buffer): void;
}

const ITERATIONS_MAX = 1_000_000;

/** `nonce` is fresh printable ASCII without commas. */
export function scramClient(
  mechanism: ScramMechanism,
  username: string,
  password: string,
  nonce: string,
): ScramClient {
  const bare = `n=${username.replaceAll("=", "=3D").replaceAll(",", "=2C")},r=${nonce}`;
  let expected: Buffer | undefined;
  return {
    first: Buffer.from(`n,,${bare}`),
    final(serverFirst) {
      const text = serverFirst.toString("utf8");
      const fields = attributes(text);
      const iterations = Number(fields.get("i"));
      const salt = Buffer.from(fields.get("s") ?? "", "base64");
      const fullNonce = fields.get("r") ?? "";
      if (!fullNonce.startsWith(nonce) || fullNonce === nonce)
        throw new SaslError("the server's nonce does not continue ours");
      if (!Number.isInteger(iterations) || iterations < 1 || iterations > ITERATIONS_MAX)
        throw new SaslError(`the server asks for ${fields.get("i")} iterations`);
      const salted = scramSaltedPassword(mechanism, password, salt, iterations);
      const clientKey = hmac(mechanism, salted, "Client Key");
      const withoutProof = `c=biws,r=${fullNonce}`;
      const auth = `${bare},${text},${withoutProof}`;
      const proof = xor(clientKey, hmac(mechanism, hash(mechanism, clientKey), auth));
      expected = hmac(mechanism, hmac(mechanism, salted, "Server Key"), auth);
      return Buffer.from(`${withoutProof},p=${proof.toString("base64")}`);
    },
    verify(serverFinal) {
      const fields = attributes(serverFinal.toString("utf8"));
      const signature = Buffer.from(fields.get("v") ?? "", "base64");
      if (!expected || !equal(signature, expected))
        throw new SaslError(
          `the server does not know the password (${fields.get("e") ?? "no proof"})`,
        );
    },
  };
}

export interface ScramClientFirst {
  readonly username: string;
  readonly nonce: string;
  /** The part both sides sign. */
  readonly bare: string;
  /** GS2 header, repeated by the client in its final message. */
  readonly gs2Header: string;
}

/** Reads client-first on the server. Throws SaslError; channel binding and a foreign authorization id are refused. */
export function parseScramClientFirst(bytes: Buffer): ScramClientFirst {
  const match = /^([ny]),(?:a=([^,]*))?,(n=([^,]*),r=([\x21-\x2b\x2d-\x7e]+)(?:,.*)?)$/s.exec(
    bytes.toString("utf8"),
  );
  if (!match) throw new SaslError("malformed SCRAM client-first message");
  const [, flag, authzid, bare = "", name = "", nonce = ""] = match;
  if (/=(?!2C|3D)/.test(name)) throw new SaslError("malformed SCRAM user name");
  const username = unescapeName(name);
  if (authzid !== undefined && authzid !== "" && unescapeName(authzid) !== username)
    throw new SaslError("acting as another user is not supported");
  const gs2Header = `${flag},${authzid === undefined ? "" : `a=${authzid}`},`;
  return { username, nonce, bare, gs2Header };
}

const unescapeName = (name: string) => name.replaceAll("=2C", ",").replaceAll("=3D", "=");

/** Server-first for a client-first. `serverNonce` is fresh printable ASCII without commas. */
export function scramServerFirst(
  client: ScramClientFirst,
  credential: ScramCredential,
  serverNonce: string,
): string {
  const salt = credential.salt.toString("base64");
  return `r=${client.nonce}${serverNonce},s=${salt},i=${credential.iterations}`;
}

/**
 * Checks client-final; answers server-final, or undefined when the proof is wrong. Comparison is constant-time. Throws
 * SaslError on a malformed message.
 */
export function scramServerFinal(
  mechanism: ScramMechanism,
  client: ScramClientFirst,
  serverFirst: string,
  clientFinal: Buffer,
  credential: ScramCredential,
): Buffer | undefined {
  const match = /^(c=([^,]*),r=([^,]*)(?:,[^p].*)?),p=([A-Za-z0-9+/=]+)$/s.exec(
    clientFinal.toString("utf8"),
  );
  if (!match) throw new SaslError("malformed SCRAM client-final message");
  const [, withoutProof = "", binding = "", nonce = "", proofText = ""] = match;
  const auth = `${client.bare},${serverFirst},${withoutProof}`;
  const proof = Buffer.from(proofText, "base64");
  if (proof.length !== digestBytes(mechanism)) return undefined;
  const clientKey = xor(proof, hmac(mechanism, credential.storedKey, auth));
  const proven = equal(hash(mechanism, clientKey), credential.storedKey);
  const sameHeader = Buffer.from(binding, "base64").toString("utf8") === client.gs2Header;
  // The end is enough, as for Apache Kafka: older releases of librdkafka (2.0.2) put their own nonce before the whole.
  const sameNonce = nonce.endsWith(attributes(serverFirst).get("r") ?? serverFirst);
  if (!proven || !sameHeader || !sameNonce) return undefined;
  return Buffer.from(`v=${hmac(mechanism, credential.serverKey, auth).toString("base64")}`);
}

const equal = (a: Buffer, b: Buffer) => a.length === b.length && timingSafeEqual(a, b);

/** `k=value` pairs; the first of each key counts. */
function attributes(text: string): Map<string, string> {
  const pairs = text.split(",").map((part): [string, string] => [part.slice(0, 1), part.slice(2)]);
  return new Map(pairs.reverse());
}

export interface PlainLogin {
  readonly username: string;
  readonly password: string;
}

export const plainMessage = (username: string, password: string): Buffer =>
  Buffer.from(`\0${username}\0${password}`);

/** `authzid NUL username NUL password`. Throws SaslError. */
export function parsePlain(bytes: Buffer): PlainLogin {
  const parts = bytes.toString("utf8").split("\0");
  const [authzid, username, password] = parts;
  if (parts.length !== 3 || !username || !password)
    throw new SaslError("malformed PLAIN message: user name and password are needed");
  if (authzid && authzid !== username)
    throw new SaslError("acting as another user is not supported");
  return { username, password };
}

/** Client's first message; an error comes back as JSON in the server's answer. */
export const oauthBearerMessage = (token: string): Buffer =>
  Buffer.from(`n,,\x01auth=Bearer ${token}\x01\x01`);
