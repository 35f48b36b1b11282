import { expect, test } from "vitest";
import { parseKey } from "./session.ts";

test("a key is its two halves, with spaces around it forgiven and nothing else", () => {
  const key = { id: "ak_3r852kvxntharqgy", secret: "hgs_23gtv7taevrg3z03" };
  expect(parseKey(`  ${key.id}:${key.secret}\n`)).toEqual(key);
  for (const text of [
    "",
    "ak_a",
    "ak_a:",
    "hgs_a:ak_a",
    "ak_a:hgs_a:x",
    "ak_a: hgs_a",
    "AK_A:hgs_a",
    "ak_ä:hgs_a",
  ]) {
    expect(`${text} ${parseKey(text)}`).toBe(`${text} undefined`);
  }
});
