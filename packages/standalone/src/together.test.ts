import { expect, test } from "vitest";
import { together } from "./together.ts";

test("a failure is told at once, and thrown only when everything that was begun has ended", async () => {
  const slow = Promise.withResolvers<string>();
  const order: string[] = [];
  const both = together([Promise.reject(new Error("no port")), slow.promise], () => {
    order.push("told");
    slow.resolve("opened");
  });
  void slow.promise.then(() => order.push("opened"));
  await expect(both).rejects.toThrow("no port");
  expect(order).toEqual(["told", "opened"]);
});

test("of several failures the first is thrown", async () => {
  const later = new Promise<never>((_, reject) => setImmediate(reject, new Error("second")));
  const both = together([later, Promise.reject(new Error("first"))]);
  await expect(both).rejects.toThrow("first");
});

test("results keep their places", async () => {
  expect(await together([Promise.resolve(1), Promise.resolve("two")])).toEqual([1, "two"]);
});
