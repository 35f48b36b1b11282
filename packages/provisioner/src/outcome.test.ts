import { AppError } from "@headgate/core/errors";
import { ConnectionError } from "@headgate/kafka/connection";
import { ErrorCode, KafkaError } from "@headgate/kafka/errors";
import { StoreError } from "@headgate/store/errors";
import fc from "fast-check";
import { expect, test } from "vitest";
import { backoffMs, outcomeOf } from "./outcome.ts";

test.each([
  ["INVALID_CONFIG", new KafkaError(ErrorCode.INVALID_CONFIG, "no such policy")],
  ["POLICY_VIOLATION", new KafkaError(ErrorCode.POLICY_VIOLATION)],
  ["topic.config_invalid", new AppError("topic.config_invalid", { detail: "no such policy" })],
])("%s ends in stuck, with the reason a tenant is shown", (reason, error) => {
  const outcome = { do: "stuck", generation: 7, reason, message: error.message };
  expect(outcomeOf(error, 7)).toEqual(outcome);
});

test.each([
  ["a leader that moves", new KafkaError(ErrorCode.NOT_LEADER_OR_FOLLOWER)],
  ["a broker that took too long", new KafkaError(ErrorCode.REQUEST_TIMED_OUT)],
  ["an error nobody knows", new KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR)],
  ["a connection that broke", new ConnectionError("closed", "gone")],
  ["a cell that is off", new AppError("cell.unavailable")],
  ["a full disk", new StoreError("full", "no space left")],
  ["a lost lease or a lost race", new StoreError("conflict", "somebody else wrote")],
  ["a defect of ours", new TypeError("x is undefined")],
])("%s is tried again", (_, error) => {
  expect(outcomeOf(error, 7)).toEqual({ do: "retry", error });
});

const dice = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test("a wait lies between 50 ms and a ceiling that doubles with each try, up to 30 s", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 }), dice, (attempt, thrown) => {
      const waitMs = backoffMs(attempt, thrown);
      expect(waitMs).toBeGreaterThanOrEqual(50);
      expect(waitMs).toBeLessThanOrEqual(Math.min(30_000, 50 * 2 ** attempt));
    }),
  );
  expect([1, 2, 3].map((attempt) => backoffMs(attempt, 0.5))).toEqual([75, 125, 225]);
});

test("the dice decides the whole wait, so that many failures at once do not come back together", () => {
  expect(backoffMs(10, 0)).toBe(50);
  expect(backoffMs(10, 0.999_999)).toBeGreaterThan(29_900);
});
