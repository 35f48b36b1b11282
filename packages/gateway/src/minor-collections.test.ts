import { expect, test } from "vitest";
import { minorCollections } from "./minor-collections.ts";

test("a collection is asked for by every eight megabytes read, not by every read", () => {
  let asked = 0;
  const bytesRead = minorCollections(() => void asked++);
  for (let i = 0; i < 300; i++) bytesRead(65_536);
  expect(asked).toBe(2);
});

test("what lies outside the heap and is not used any more is gone after one, with V8's own collector", async () => {
  const bytesRead = minorCollections();
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 128; i++) Buffer.from(new ArrayBuffer(65_536)).fill(1);
  expect(process.memoryUsage().arrayBuffers - before).toBeGreaterThan(4 * 1024 * 1024);
  bytesRead(8 * 1024 * 1024);
  // Freed by a helper thread, soon.
  await expect
    .poll(() => process.memoryUsage().arrayBuffers - before)
    .toBeLessThan(2 * 1024 * 1024);
});
