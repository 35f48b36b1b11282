// Which of DynamoDB's errors are worth another attempt, how long to wait, and what is said when attempts run out.
import { setTimeout as sleepMs } from "node:timers/promises";
import { StoreError, type StoreErrorKind } from "./errors.ts";

export interface RetryOptions {
  readonly attemptsMax?: number | undefined;
  /** Longest wait before the second attempt; it doubles with each. */
  readonly backoffMs?: number | undefined;
  /** 0 to 1: which part of the longest wait is waited ("full jitter"). */
  readonly jitter?: (() => number) | undefined;
  /** Waits between attempts. */
  readonly sleep?: ((ms: number) => Promise<unknown>) | undefined;
}

export type Attempted<T> = {
  /** An attempt before the last one ended without an answer: it may be what a condition met. */
  readonly mayHaveRun: boolean;
} & (
  | { readonly conflict: true; readonly result?: never }
  | { readonly conflict: false; readonly result: T }
);

/** Refused before anything happened. */
const throttles = new Set([
  "ThrottlingException",
  "ProvisionedThroughputExceededException",
  "RequestLimitExceeded",
  "LimitExceededException",
]);

/** The caller's or the operator's mistake: another attempt would meet it again. */
const hopeless: ReadonlyMap<string, StoreErrorKind> = new Map([
  ["ValidationException", "invalid"],
  ["SerializationException", "invalid"],
  ["ItemCollectionSizeLimitExceededException", "invalid"],
  ["ResourceNotFoundException", "unavailable"],
  ["AccessDeniedException", "unavailable"],
  ["UnrecognizedClientException", "unavailable"],
  ["IncompleteSignatureException", "unavailable"],
  ["InvalidSignatureException", "unavailable"],
  ["MissingAuthenticationTokenException", "unavailable"],
  ["CredentialsProviderError", "unavailable"],
]);

const waitMsMax = 2000;

/** Runs a call until it succeeds, meets its condition's failure, or attempts run out (`throttled`, `unavailable`). */
export function retrying(options: RetryOptions) {
  const { attemptsMax = 6, backoffMs = 25, jitter = Math.random, sleep = sleepMs } = options;
  return async function attempt<T>(call: () => Promise<T>): Promise<Attempted<T>> {
    let mayHaveRun = false;
    for (let attempts = 1; ; attempts++) {
      try {
        return { conflict: false, mayHaveRun, result: await call() };
      } catch (error) {
        const { name } = error as Error;
        // An injected client may retry on its own, and does not say what its attempts met.
        const metadata = (error as { $metadata?: { attempts?: number } }).$metadata;
        if ((metadata?.attempts ?? 1) > 1) mayHaveRun = true;
        if (name === "ConditionalCheckFailedException") return { conflict: true, mayHaveRun };
        if (hopeless.has(name) || attempts >= attemptsMax) throw toStoreError(error);
        if (!throttles.has(name)) mayHaveRun = true;
        await sleep(jitter() * Math.min(waitMsMax, backoffMs * 2 ** (attempts - 1)));
      }
    }
  };
}

function toStoreError(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const { name, message } = error as Error;
  const kind = hopeless.get(name) ?? (throttles.has(name) ? "throttled" : "unavailable");
  return new StoreError(kind, `DynamoDB: ${name}: ${message}`, error);
}
