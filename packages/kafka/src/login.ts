// Logging a connection in: SaslHandshake and SaslAuthenticate (KIP-43, KIP-152) with one of the mechanisms of sasl.ts.

import { randomBytes } from "node:crypto";
import { ErrorCode, KafkaError } from "./errors.ts";
import { Api, type Requests, type Responses } from "./generated/types.ts";
import { oauthBearerMessage, plainMessage, type ScramMechanism, scramClient } from "./sasl.ts";

export type Sasl =
  | {
      readonly mechanism: "PLAIN" | ScramMechanism;
      readonly username: string;
      readonly password: string;
    }
  /** `token` is asked at each login, so tokens may be short-lived. */
  | { readonly mechanism: "OAUTHBEARER"; readonly token: () => string | Promise<string> };

/** Sends one request of the login; the connection is otherwise silent. */
export type Ask = <K extends 17 | 36>(apiKey: K, value: Requests[K]) => Promise<Responses[K]>;

/** Answers the session's lifetime in ms, 0 for an unlimited one. Throws KafkaError, or SaslError from SCRAM. */
export async function login(ask: Ask, sasl: Sasl): Promise<number> {
  const { mechanism } = sasl;
  const handshake = await ask(Api.SaslHandshake, { mechanism });
  if (handshake.errorCode !== 0)
    throw new KafkaError(
      handshake.errorCode,
      `${mechanism} is not offered, only ${handshake.mechanisms.join(", ")}`,
    );
  const send = async (authBytes: Buffer) => {
    const answer = await ask(Api.SaslAuthenticate, { authBytes });
    if (answer.errorCode !== 0) throw new KafkaError(answer.errorCode, answer.errorMessage);
    return answer;
  };
  if (sasl.mechanism === "OAUTHBEARER") {
    const answer = await send(oauthBearerMessage(await sasl.token()));
    // A refused token is told in a challenge; only the acknowledgement makes the broker fail the login.
    if (answer.authBytes.length > 0)
      throw new KafkaError(ErrorCode.SASL_AUTHENTICATION_FAILED, answer.authBytes.toString("utf8"));
    return Number(answer.sessionLifetimeMs);
  }
  const { username, password } = sasl;
  if (sasl.mechanism === "PLAIN")
    return Number((await send(plainMessage(username, password))).sessionLifetimeMs);
  const nonce = randomBytes(24).toString("base64url");
  const client = scramClient(sasl.mechanism, username, password, nonce);
  const first = await send(client.first);
  const final = await send(client.final(first.authBytes));
  client.verify(final.authBytes);
  return Number(final.sessionLifetimeMs);
}
