import fc from "fast-check";
import { expect, test } from "vitest";
import { rateLimiter } from "./rate-limit.ts";

test("never more requests pass in any stretch of time than the burst and what flowed in", () => {
  const steps = fc.array(fc.record({ afterMs: fc.nat(3000), asks: fc.nat(30) }), { maxLength: 40 });
  fc.assert(
    fc.property(
      steps,
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 20 }),
      (all, burst, perSecond) => {
        let nowMs = 1_000_000;
        const limiter = rateLimiter({ nowMs: () => nowMs }, { burst, perSecond });
        const passed: number[] = [];
        for (const { afterMs, asks } of all) {
          nowMs += afterMs;
          for (let i = 0; i < asks; i += 1) if (limiter.take("a").allowed) passed.push(nowMs);
        }
        for (let from = 0; from < passed.length; from += 1) {
          for (let to = from; to < passed.length; to += 1) {
            const seconds = (passed[to]! - passed[from]!) / 1000;
            expect(to - from + 1).toBeLessThanOrEqual(burst + seconds * perSecond + 1e-6);
          }
        }
      },
    ),
    { numRuns: 50 },
  );
});

test("who waits as long as told gets through, and a clock that goes back takes nothing away", () => {
  let nowMs = 0;
  const limiter = rateLimiter({ nowMs: () => nowMs }, { burst: 2, perSecond: 0.5 });
  limiter.take("a");
  limiter.take("a");
  const refused = limiter.take("a");
  expect(refused).toMatchObject({
    allowed: false,
    remaining: 0,
    retryAfterSeconds: 2,
    resetSeconds: 4,
  });
  nowMs -= 5000;
  expect(limiter.take("a").allowed).toBe(false);
  nowMs += 2000;
  expect(limiter.take("a").allowed).toBe(true);
});

test("keys that rest are forgotten and come back with a full bucket", () => {
  let nowMs = 0;
  const limiter = rateLimiter({ nowMs: () => nowMs }, { burst: 1, perSecond: 1 });
  expect(limiter.take("a").allowed).toBe(true);
  nowMs += 120_000;
  limiter.take("b");
  expect(limiter.take("a").allowed).toBe(true);
});
