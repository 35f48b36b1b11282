// SaslHandshake and SaslAuthenticate of one connection (KIP-43, KIP-152, KIP-368). After the first login the same key
// may log in again with the same mechanism, nobody else.
import type { Binding } from "@headgate/core/binding";
import { decodeRequest, encodeResponse } from "@headgate/kafka/codec";
import { ErrorCode, errorName } from "@headgate/kafka/errors";
import { Api } from "@headgate/kafka/generated/types";
import type { Route } from "./allow-list.ts";
import {
  createLogin,
  isMechanism,
  type Login,
  loginFailed,
  mechanisms,
} from "./filters/10-authenticate.ts";
import type { ConnectionHost } from "./host.ts";
import type { Session } from "./session.ts";

export type LoginResult =
  | { readonly kind: "going on"; readonly body: Buffer }
  | { readonly kind: "session"; readonly body: Buffer; readonly session: Session }
  /** The answer is sent, then the connection ends. `reason` is for the log. */
  | { readonly kind: "failed"; readonly body: Buffer; readonly reason: string };

export interface LoginFrames {
  /** Whether an API belongs to logging in (and may come before it). */
  accepts(apiKey: number): boolean;
  answer(route: Route, body: Buffer, before: Binding | undefined): Promise<LoginResult>;
}

export function loginFrames(host: ConnectionHost): LoginFrames {
  let login: Login | undefined;
  let used: string | undefined;

  const handshake = (version: number, body: Buffer): LoginResult => {
    const { mechanism } = decodeRequest(Api.SaslHandshake, version, body);
    const answer = (errorCode: number) =>
      encodeResponse(Api.SaslHandshake, version, { errorCode, mechanisms: [...mechanisms] });
    const refused = (errorCode: number): LoginResult => ({
      kind: "failed",
      body: answer(errorCode),
      reason: errorName(errorCode),
    });
    // Version 0 is followed by SASL bytes without frames; every living client speaks 1.
    if (version === 0) return refused(ErrorCode.UNSUPPORTED_VERSION);
    if (!isMechanism(mechanism))
      return { kind: "going on", body: answer(ErrorCode.UNSUPPORTED_SASL_MECHANISM) };
    if (used !== undefined && used !== mechanism) return refused(ErrorCode.ILLEGAL_SASL_STATE);
    login = createLogin(mechanism, host.findBinding);
    return { kind: "going on", body: answer(0) };
  };

  const authenticate = async (
    version: number,
    body: Buffer,
    before: Binding | undefined,
  ): Promise<LoginResult> => {
    const failed = (errorCode: number, errorMessage: string): LoginResult => ({
      kind: "failed",
      body: encodeResponse(Api.SaslAuthenticate, version, { errorCode, errorMessage }),
      reason: errorMessage,
    });
    if (!login) return failed(ErrorCode.ILLEGAL_SASL_STATE, "SaslHandshake comes first.");
    const step = await login.step(decodeRequest(Api.SaslAuthenticate, version, body).authBytes);
    if (step.kind === "failed") return failed(ErrorCode.SASL_AUTHENTICATION_FAILED, step.reason);
    const { authBytes } = step;
    if (step.kind === "challenge")
      return {
        kind: "going on",
        body: encodeResponse(Api.SaslAuthenticate, version, { authBytes }),
      };
    if (before && before.apiKey !== step.binding.apiKey)
      return failed(ErrorCode.SASL_AUTHENTICATION_FAILED, "The key may not change.");
    const { expiresAt } = step.binding;
    const leftMs = expiresAt === undefined ? 0 : Date.parse(expiresAt) - host.nowMs();
    if (expiresAt !== undefined && leftMs <= 0)
      return failed(ErrorCode.SASL_AUTHENTICATION_FAILED, loginFailed);
    used = login.mechanism;
    login = undefined;
    const session = await host.openSession(step.binding);
    if (typeof session === "string") return failed(ErrorCode.SASL_AUTHENTICATION_FAILED, session);
    host.keyUsed(step.binding);
    const value = { authBytes, sessionLifetimeMs: BigInt(leftMs) };
    const answer = encodeResponse(Api.SaslAuthenticate, version, value);
    return { kind: "session", body: answer, session };
  };

  return {
    accepts: (apiKey) =>
      apiKey === Api.ApiVersions || apiKey === Api.SaslHandshake || apiKey === Api.SaslAuthenticate,
    async answer(route, body, before) {
      if (route.apiKey === Api.SaslHandshake) return handshake(route.version, body);
      return await authenticate(route.version, body, before);
    },
  };
}
