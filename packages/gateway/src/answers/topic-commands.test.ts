// What all answers about topics have in common.
import type { Control } from "@headgate/control/control";
import { AppError } from "@headgate/core/errors";
import { ErrorCode } from "@headgate/kafka/errors";
import { describe, expect, test } from "vitest";
import { type Commands, onceEach, outcomeOf } from "./topic-commands.ts";

describe("each item of a request", () => {
  const each = (names: readonly string[]) =>
    onceEach(
      names,
      (name) => name,
      async (name) => ({ errorCode: 0, errorMessage: `did ${name}` }),
    );

  test("is answered once, in order; one that stands there twice is refused", async () => {
    const answers = await each(["a", "b", "a", "c", "a"]);
    expect(answers.map(({ item, result }) => [item, result.errorCode])).toEqual([
      ["a", ErrorCode.INVALID_REQUEST],
      ["b", 0],
      ["c", 0],
    ]);
  });

  test("is refused when there are too many, before anything is done", async () => {
    const names = Array.from({ length: 1001 }, (_, i) => `t${i}`);
    const answers = await each(names);
    expect(new Set(answers.map(({ result }) => result.errorCode))).toEqual(
      new Set([ErrorCode.POLICY_VIOLATION]),
    );
    expect(answers).toHaveLength(1001);
    expect((await each(names.slice(1)))[0]?.result.errorCode).toBe(0);
  });
});

describe("an error", () => {
  const logged: string[] = [];
  const commands: Commands = {
    control: {} as Control,
    log: (message) => void logged.push(message),
  };

  test("is told in Kafka's code, with the fix", () => {
    const { errorCode, errorMessage } = outcomeOf(commands, new AppError("topic.unknown"));
    expect(errorCode).toBe(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    expect(errorMessage).toMatch(/There is no such topic\. Create it/);
  });

  test("tells every fault, up to what a string of Kafka's may hold", () => {
    const faults = (count: number) =>
      new AppError("topic.config_unknown", {
        errors: Array.from({ length: count }, (_, i) => ({
          pointer: `/spec/config/k${i}`,
          code: "topic.config_unknown",
          detail: `There is no setting k${i}.`,
        })),
      });
    const two = outcomeOf(commands, faults(2)).errorMessage!;
    expect(two).toMatch(/no setting k0\. There is no setting k1\./);
    const many = outcomeOf(commands, faults(50_000)).errorMessage!;
    expect(Buffer.byteLength(many)).toBeLessThan(32_767);
  });

  test("that is ours and not theirs is logged, and tells nothing", () => {
    const { errorCode, errorMessage } = outcomeOf(commands, new Error("secret path"));
    expect(errorCode).toBe(ErrorCode.UNKNOWN_SERVER_ERROR);
    expect(errorMessage).not.toMatch(/secret/);
    expect(logged).toEqual(["Topic command failed"]);
  });
});
