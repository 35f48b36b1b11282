import { expect, test } from "vitest";
import { usd } from "./money.ts";
import { bookInForce, costPerHourMax, defaultPriceBook, PriceBook } from "./price-book.ts";

test("the default book is a valid one", () => {
  expect(PriceBook.parse(defaultPriceBook)).toEqual(defaultPriceBook);
});

test("a cluster knows at birth what an hour can cost at most", () => {
  expect(costPerHourMax(defaultPriceBook, "standard", 5)).toBe(usd("0.75"));
  expect(costPerHourMax(defaultPriceBook, "dev", 1)).toBe(usd("0.05"));
});

test("the newest version that has begun is in force; none is an error of ours", () => {
  const next = { ...defaultPriceBook, version: 2, startsAt: "2026-11-24T05:00:00.000Z" };
  const versions = [next, defaultPriceBook];
  expect(bookInForce(versions, "2026-11-24T04:59:59.999Z").version).toBe(1);
  expect(bookInForce(versions, "2026-11-24T05:00:00.000Z").version).toBe(2);
  expect(() => bookInForce([next], "2026-11-24T04:00:00.000Z")).toThrow();
});
