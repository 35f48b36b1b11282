// SASL is answered here: the credential says who the tenant is, and nothing of it goes upstream. An unknown key takes
// the same steps and fails at the same place as a wrong secret.
import { createHash, randomBytes } from "node:crypto";
import { secretMatches } from "@headgate/control/verifiers";
import { type ScramVerifier, scramIterations } from "@headgate/core/api-key";
import type { Binding } from "@headgate/core/binding";
import { errorTable } from "@headgate/core/errors";
import {
  fakeScramCredential,
  parsePlain,
  parseScramClientFirst,
  SaslError,
  type ScramClientFirst,
  type ScramCredential,
  type ScramMechanism,
  scramServerFinal,
  scramServerFirst,
} from "@headgate/kafka/sasl";

export const mechanisms = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] as const;
export type Mechanism = (typeof mechanisms)[number];

export const isMechanism = (name: string): name is Mechanism =>
  (mechanisms as readonly string[]).includes(name);

/** What a SaslAuthenticate message led to. */
export type LoginStep =
  | { readonly kind: "challenge"; readonly authBytes: Buffer }
  | { readonly kind: "done"; readonly authBytes: Buffer; readonly binding: Binding }
  | { readonly kind: "failed"; readonly reason: string };

export interface Login {
  readonly mechanism: Mechanism;
  step(message: Buffer): Promise<LoginStep>;
}

export type FindBinding = (apiKey: string) => Promise<Binding | undefined>;

export const loginFailed = `Authentication failed: ${errorTable["auth.failed"].title} ${errorTable["auth.failed"].fix}`;

const failed: LoginStep = { kind: "failed", reason: loginFailed };

// Of a secret nobody has: the comparison happens for unknown keys too.
const nobody = { secretSha256: createHash("sha256").update(randomBytes(32)).digest("hex") };
const fakeSecret = randomBytes(32);

/** One login with `mechanism`; a new one is needed after it ended. */
export function createLogin(mechanism: Mechanism, find: FindBinding): Login {
  return mechanism === "PLAIN" ? plain(find) : scram(mechanism, find);
}

function plain(find: FindBinding): Login {
  return {
    mechanism: "PLAIN",
    async step(message) {
      let credentials: { username: string; password: string };
      try {
        credentials = parsePlain(message);
      } catch (error) {
        return malformed(error);
      }
      const binding = await find(credentials.username);
      const matches = secretMatches(binding?.verifiers ?? nobody, credentials.password);
      return binding && matches ? { kind: "done", authBytes: Buffer.alloc(0), binding } : failed;
    },
  };
}

function scram(mechanism: ScramMechanism, find: FindBinding): Login {
  let client: ScramClientFirst | undefined;
  let serverFirst = "";
  let credential: ScramCredential | undefined;
  let binding: Binding | undefined;
  return {
    mechanism,
    async step(message) {
      try {
        if (!client || !credential) {
          client = parseScramClientFirst(message);
          binding = await find(client.username);
          credential = binding
            ? credentialOf(mechanism, binding)
            : fakeScramCredential(mechanism, client.username, fakeSecret, scramIterations);
          const nonce = randomBytes(18).toString("base64url");
          serverFirst = scramServerFirst(client, credential, nonce);
          return { kind: "challenge", authBytes: Buffer.from(serverFirst) };
        }
        const final = scramServerFinal(mechanism, client, serverFirst, message, credential);
        return binding && final ? { kind: "done", authBytes: final, binding } : failed;
      } catch (error) {
        return malformed(error);
      }
    },
  };
}

function credentialOf(mechanism: ScramMechanism, { verifiers }: Binding): ScramCredential {
  const kept: ScramVerifier =
    mechanism === "SCRAM-SHA-256" ? verifiers.scram256 : verifiers.scram512;
  return {
    salt: Buffer.from(kept.salt, "base64"),
    iterations: kept.iterations,
    storedKey: Buffer.from(kept.storedKey, "base64"),
    serverKey: Buffer.from(kept.serverKey, "base64"),
  };
}

function malformed(error: unknown): LoginStep {
  if (!(error instanceof SaslError)) throw error;
  return { kind: "failed", reason: `Authentication failed: ${error.message}.` };
}
