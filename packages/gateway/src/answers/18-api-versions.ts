// ApiVersions: exactly the allow-list. Features are not relayed: transaction.version 2 without the versions it needs
// would make clients send what is refused.
import { encodeResponse } from "@headgate/kafka/codec";
import { ErrorCode } from "@headgate/kafka/errors";
import { responseFrame } from "@headgate/kafka/frame";
import { Api } from "@headgate/kafka/generated/types";
import { allowList } from "../allow-list.ts";

const apiKeys = allowList.map((rule) => ({
  apiKey: rule.apiKey,
  minVersion: rule.advertisedMin ?? rule.min,
  maxVersion: rule.max,
}));

const bodies = new Map<number, Buffer>();

/** The answer's body, for a version of the allow-list. */
export function apiVersionsBody(version: number): Buffer {
  let body = bodies.get(version);
  if (!body) {
    body = encodeResponse(Api.ApiVersions, version, { apiKeys });
    bodies.set(version, body);
  }
  return body;
}

const own = apiKeys.filter((api) => api.apiKey === Api.ApiVersions);

/** Answers a version above ours: every client reads version 0, and asks again within the range it names. */
export function apiVersionsUnsupported(correlationId: number): Buffer {
  const body = encodeResponse(Api.ApiVersions, 0, {
    errorCode: ErrorCode.UNSUPPORTED_VERSION,
    apiKeys: own,
  });
  return responseFrame(Api.ApiVersions, 0, correlationId, body);
}
