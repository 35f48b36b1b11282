// A token bucket per API key, in this process. Headers: draft-ietf-httpapi-ratelimit-headers.
import type { Clock } from "@headgate/core/clock";
import { AppError } from "@headgate/core/errors";

export interface BucketSize {
  /** Requests that may come at once. */
  readonly burst: number;
  readonly perSecond: number;
}

export interface Taken {
  readonly allowed: boolean;
  /** Whole requests left at this moment. */
  readonly remaining: number;
  /** Until the bucket is full again. */
  readonly resetSeconds: number;
  /** Until one request fits again. */
  readonly retryAfterSeconds: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

export const bucketSizeDefault: BucketSize = { burst: 500, perSecond: 100 };

export type RateLimiter = ReturnType<typeof rateLimiter>;

/** Buckets by key. A full bucket is forgotten, so the map holds only keys in use. */
export function rateLimiter(clock: Clock, size: BucketSize = bucketSizeDefault) {
  const buckets = new Map<string, Bucket>();
  let sweptAtMs = clock.nowMs();
  const fill = (bucket: Bucket, nowMs: number): number => {
    const elapsedSeconds = Math.max(0, nowMs - bucket.atMs) / 1000;
    return Math.min(size.burst, bucket.tokens + elapsedSeconds * size.perSecond);
  };
  const sweep = (nowMs: number): void => {
    if (nowMs - sweptAtMs < 60_000) return;
    sweptAtMs = nowMs;
    for (const [key, bucket] of buckets) {
      if (fill(bucket, nowMs) >= size.burst) buckets.delete(key);
    }
  };
  return {
    policy: `"key";q=${size.burst};w=${Math.ceil(size.burst / size.perSecond)}`,
    take(key: string): Taken {
      const nowMs = clock.nowMs();
      sweep(nowMs);
      const tokens = fill(buckets.get(key) ?? { tokens: size.burst, atMs: nowMs }, nowMs);
      const allowed = tokens >= 1;
      const left = allowed ? tokens - 1 : tokens;
      buckets.set(key, { tokens: left, atMs: nowMs });
      return {
        allowed,
        remaining: Math.floor(left),
        resetSeconds: Math.ceil((size.burst - left) / size.perSecond),
        retryAfterSeconds: Math.max(1, Math.ceil((1 - left) / size.perSecond)),
      };
    },
  };
}

/** `RateLimit` header of what was taken. */
export function rateLimitHeader({ remaining, resetSeconds }: Taken): string {
  return `"key";r=${remaining};t=${resetSeconds}`;
}

/** Throws `rate.limited` when the bucket was empty. */
export function checkTaken({ allowed, retryAfterSeconds }: Taken): void {
  if (allowed) return;
  throw new AppError("rate.limited", {
    detail: `This key has used up its requests; one more fits in ${retryAfterSeconds} s.`,
    retryAfterSeconds,
  });
}
