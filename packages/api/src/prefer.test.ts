import { expect, test } from "vitest";
import { waitSeconds } from "./prefer.ts";

test.each([
  [undefined, 0],
  ["", 0],
  ["wait=10", 10],
  ["WAIT = 10", 10],
  ['wait="10"', 10],
  ["respond-async, wait=5; q=1", 5],
  ["handling=strict,wait=7,return=minimal", 7],
  ["wait=0", 0],
  ["wait=61", 60],
  ["wait=999999999", 60],
  ["wait=-1", 0],
  ["wait=1.5", 0],
  ["wait=soon", 0],
  ["await=10", 0],
])("Prefer: %s waits %i seconds", (header, seconds) => {
  expect(waitSeconds(header)).toBe(seconds);
});
