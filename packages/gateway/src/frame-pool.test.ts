// Memory that is used again.
import { expect, test } from "vitest";
import { framePool } from "./frame-pool.ts";

const kib = 1024;
const mib = 1024 * kib;

test("what was given back is taken again, for any size of its class", () => {
  const pool = framePool();
  const slab = pool.take(70 * kib);
  expect(slab.length).toBe(128 * kib);
  pool.give(slab);
  expect(pool.take(128 * kib) === slab).toBe(true);
  expect(pool.take(65 * kib) === slab).toBe(false);
});

test.each([0, 1, 64 * kib, 64 * kib + 1, mib, 16 * mib, 16 * mib + 1, 100 * mib])(
  "%i bytes fit into what is taken for them",
  (size) => {
    expect(framePool().take(size).length).toBeGreaterThanOrEqual(size);
  },
);

test("no more lies idle than allowed, and nothing larger than its largest class", () => {
  const pool = framePool(128 * kib);
  const [a, b] = [pool.take(100 * kib), pool.take(100 * kib)];
  pool.give(a);
  pool.give(b);
  expect(pool.take(100 * kib) === a).toBe(true);
  expect(pool.take(100 * kib) === b).toBe(false);
  const huge = pool.take(17 * mib);
  pool.give(huge);
  expect(pool.take(17 * mib) === huge).toBe(false);
});

test("memory of another size than a class is not taken in", () => {
  const pool = framePool();
  pool.give(Buffer.alloc(65 * kib));
  expect(pool.take(65 * kib).length).toBe(128 * kib);
});

test("what lay unused between two trims goes, what was used stays", () => {
  const pool = framePool();
  const [a, b] = [pool.take(kib), pool.take(kib)];
  pool.give(a);
  pool.give(b);
  pool.trim();
  pool.give(pool.take(kib));
  pool.trim();
  const left = [pool.take(kib), pool.take(kib)];
  expect(left.filter((slab) => slab === a || slab === b)).toHaveLength(1);
});
