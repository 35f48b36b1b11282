// Which of DynamoDB's errors are worth another attempt, how long to wait, and what is said when attempts run out.
import { setTimeout as sleep } from "node:timers/promises";
import { StoreError } from "./errors.ts";

export interface RetryOptions {
  readonly attemptsMax?: number | undefined;
  /** Longest wait before the second attempt; it doubles with each. */
  readonly backoffMs?: number | undefined;
  /** 0 to 1: which part of the longest wait is waited ("full jitter"). */
  readonly jitter?: (() => number) | undefined;
}

export type Attempted<T> =
  | { readonly conflict: true; readonly attempts: number; readonly result?: never }
  | { readonly conflict: false; readonly attempts: number; readonly result: T };

const throttles = new Set([
  "ThrottlingException",
  "ProvisionedThroughputExceededException",
  "RequestLimitExceeded",
  "LimitExceededException",
]);

/** The caller's or the operator's mistake: another attempt would meet it again. */
const hopeless = new Set([
  "ValidationException",
  "ResourceNotFoundException",
  "AccessDeniedException",
  "UnrecognizedClientException",
  "IncompleteSignatureException",
  "InvalidSignatureException",
  "MissingAuthenticationTokenException",
  "CredentialsProviderError",
  "ItemCollectionSizeLimitExceededException",
  "SerializationException",
]);

const waitMsMax = 2000;

/** Runs a call until it succeeds, meets its condition's failure, or attempts run out (`throttled`, `unavailable`). */
export function retrying({ attemptsMax = 6, backoffMs = 25, jitter = Math.random }: RetryOptions) {
  return async function attempt<T>(call: () => Promise<T>): Promise<Attempted<T>> {
    let retriedBelow = 0;
    for (let attempts = 1; ; attempts++) {
      try {
        return { conflict: false, attempts, result: await call() };
      } catch (error) {
        const { name } = error as Error;
        // An injected client may retry on its own; its attempts count as ours.
        const metadata = (error as { $metadata?: { attempts?: number } }).$metadata;
        retriedBelow += (metadata?.attempts ?? 1) - 1;
        if (name === "ConditionalCheckFailedException") {
          return { conflict: true, attempts: attempts + retriedBelow };
        }
        if (hopeless.has(name) || attempts >= attemptsMax) throw toStoreError(error);
        await sleep(jitter() * Math.min(waitMsMax, backoffMs * 2 ** (attempts - 1)));
      }
    }
  };
}

function toStoreError(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const { name, message } = error as Error;
  const kind = throttles.has(name) ? "throttled" : "unavailable";
  return new StoreError(kind, `DynamoDB: ${name}: ${message}`, error);
}
