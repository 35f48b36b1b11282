import { expect, test } from "vitest";
import { AppError, assert, type ErrorCode, errorTable, toAppError } from "./errors.ts";

const rows = Object.entries(errorTable) as [ErrorCode, (typeof errorTable)[ErrorCode]][];

test.each(rows)(
  "%s tells the user in whole sentences what is wrong and what mends it",
  (_, row) => {
    expect(row.title).toMatch(/^[A-Z].*[.]$/);
    expect(row.fix).toMatch(/^[a-zA-Z]\S* \S.*[^ ]$/);
    expect(row.status).toBeGreaterThanOrEqual(400);
    expect(row.status).toBeLessThan(600);
  },
);

test("an error carries its row, its own words, and hides its cause from the message", () => {
  const cause = new Error("SQLITE_FULL");
  const error = new AppError("store.full", { detail: "The disk has 0 bytes left.", cause });
  expect(error).toMatchObject({ status: 507, kafkaCode: 56, retryable: true });
  expect(error.message).toBe("The disk has 0 bytes left.");
  expect(error.fix).toBe(errorTable["store.full"].fix);
  expect(error.cause).toBe(cause);
  expect(new AppError("internal", { cause }).message).not.toContain("SQLITE");
});

test("a foreign error becomes internal and keeps its cause; one of ours stays itself", () => {
  const foreign = new TypeError("x is not a function");
  expect(toAppError(foreign)).toMatchObject({ code: "internal", cause: foreign });
  const ours = new AppError("topic.unknown");
  expect(toAppError(ours)).toBe(ours);
});

test("a broken invariant is an error of ours that names it for the log only", () => {
  expect(() => assert(true, "fine")).not.toThrow();
  try {
    assert(false, "one owner");
    expect.unreachable();
  } catch (error) {
    expect(error).toMatchObject({ code: "internal" });
    expect((error as AppError).message).not.toContain("one owner");
    expect(String((error as AppError).cause)).toContain("one owner");
  }
});
