// The two SASL requests of a connection: their order, their errors, and logging in again.
import { verifiersOf } from "@headgate/control/verifiers";
import type { Binding } from "@headgate/core/binding";
import { newSecret } from "@headgate/core/ids";
import { decodeResponse, encodeRequest } from "@headgate/kafka/codec";
import { ErrorCode } from "@headgate/kafka/errors";
import { Api } from "@headgate/kafka/generated/types";
import { plainMessage } from "@headgate/kafka/sasl";
import { systemRandom } from "@headgate/store/system";
import { beforeEach, describe, expect, test } from "vitest";
import { testBinding, testSession } from "../test/session.ts";
import { routeFor } from "./allow-list.ts";
import type { ConnectionHost } from "./host.ts";
import { type LoginFrames, loginFrames } from "./login-frames.ts";
import type { Session } from "./session.ts";

const secret = newSecret(systemRandom);
const verifiers = await verifiersOf(secret, systemRandom);
let bindings: Binding[];
let opened: Session | string;
let used: string[];
let frames: LoginFrames;

beforeEach(() => {
  bindings = [testBinding(undefined, {}, { verifiers })];
  opened = testSession();
  used = [];
  const host: Partial<ConnectionHost> = {
    nowMs: () => 1_000_000,
    findBinding: async (apiKey) => bindings.find((each) => each.apiKey === apiKey),
    openSession: async () => opened,
    keyUsed: (binding) => void used.push(binding.apiKey),
  };
  frames = loginFrames(host as ConnectionHost);
});

async function handshake(mechanism: string, version = 1) {
  const body = encodeRequest(Api.SaslHandshake, version, { mechanism });
  const result = await frames.answer(routeFor(Api.SaslHandshake, version)!, body, undefined);
  const { errorCode } = decodeResponse(Api.SaslHandshake, version, result.body);
  return [result.kind, errorCode];
}

async function authenticate(authBytes: Buffer, before?: Binding, version = 2) {
  const body = encodeRequest(Api.SaslAuthenticate, version, { authBytes });
  const result = await frames.answer(routeFor(Api.SaslAuthenticate, version)!, body, before);
  return { kind: result.kind, ...decodeResponse(Api.SaslAuthenticate, version, result.body) };
}

const right = () => plainMessage(bindings[0]!.apiKey, secret);
const { SASL_AUTHENTICATION_FAILED, ILLEGAL_SASL_STATE } = ErrorCode;

test.each([0, 1, 2])("a login in version %i opens a session and notes the key's use", async (v) => {
  expect(await handshake("PLAIN")).toEqual(["going on", 0]);
  expect(await authenticate(right(), undefined, v)).toMatchObject({
    kind: "session",
    errorCode: 0,
    sessionLifetimeMs: 0n,
  });
  expect(used).toEqual([bindings[0]!.apiKey]);
});

describe("a handshake", () => {
  test("of version 0 ends the connection: raw SASL would follow", async () => {
    expect(await handshake("PLAIN", 0)).toEqual(["failed", ErrorCode.UNSUPPORTED_VERSION]);
  });

  test("for an unknown mechanism may be followed by another", async () => {
    expect(await handshake("GSSAPI")).toEqual(["going on", ErrorCode.UNSUPPORTED_SASL_MECHANISM]);
    expect(await handshake("PLAIN")).toEqual(["going on", 0]);
  });

  test("comes before authentication", async () => {
    expect(await authenticate(right())).toMatchObject({
      kind: "failed",
      errorCode: ILLEGAL_SASL_STATE,
    });
  });
});

describe("a key that", () => {
  test("expires tells clients when to log in again", async () => {
    bindings[0] = { ...bindings[0]!, expiresAt: new Date(1_060_000).toISOString() };
    await handshake("PLAIN");
    expect(await authenticate(right())).toMatchObject({ sessionLifetimeMs: 60_000n });
  });

  test("has expired meanwhile opens nothing, and takes no connection from the cluster", async () => {
    bindings[0] = { ...bindings[0]!, expiresAt: new Date(1_000_000).toISOString() };
    opened = "nothing may be opened";
    await handshake("PLAIN");
    const answer = await authenticate(right());
    expect(answer).toMatchObject({ kind: "failed", errorCode: SASL_AUTHENTICATION_FAILED });
    expect(answer.errorMessage).toMatch(/key or its secret is wrong/);
    expect(used).toEqual([]);
  });

  test("finds its cluster full is told so", async () => {
    opened = "This cluster has its 100 connections.";
    await handshake("PLAIN");
    expect(await authenticate(right())).toMatchObject({ kind: "failed", errorMessage: opened });
  });
});

describe("logging in again", () => {
  const first = async () => {
    await handshake("PLAIN");
    await authenticate(right());
    return bindings[0]!;
  };

  test("is for the same key with the same mechanism", async () => {
    const before = await first();
    await handshake("PLAIN");
    expect(await authenticate(right(), before)).toMatchObject({ kind: "session" });
  });

  test("is not for another key", async () => {
    const before = await first();
    bindings.push({ ...before, apiKey: "ak_1111111111111111" });
    await handshake("PLAIN");
    const other = plainMessage("ak_1111111111111111", secret);
    expect(await authenticate(other, before)).toMatchObject({
      kind: "failed",
      errorMessage: "The key may not change.",
    });
  });

  test("is not for another mechanism", async () => {
    await first();
    expect(await handshake("SCRAM-SHA-256")).toEqual(["failed", ILLEGAL_SASL_STATE]);
  });

  test("needs a handshake of its own", async () => {
    const before = await first();
    expect(await authenticate(right(), before)).toMatchObject({ errorCode: ILLEGAL_SASL_STATE });
  });
});
