// ULIDs: in the order they were made, whatever the clock does.
import fc from "fast-check";
import { expect, test } from "vitest";
import { seededRandom } from "../test/clock.ts";
import { ulidFloor, ulidMs, ulids } from "./ulid.ts";

const at = (ms: number) => ({ nowMs: () => ms });

test("the time is written as the specification's example writes it", () => {
  // github.com/ulid/javascript, README: "decodeTime" and its inverse.
  const [ulid] = [ulids(at(1_469_918_176_385), seededRandom())()];
  expect(ulid.slice(0, 10)).toBe("01ARYZ6S41");
  expect(ulid).toMatch(/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
  expect(ulidMs("01ARYZ6S41TSV4RRFFQ69G5FAV")).toBe(1_469_918_176_385);
});

test("a source rises strictly, whatever its clock does", () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 5 }), { minLength: 2, maxLength: 50 }), (times) => {
      let i = 0;
      const next = ulids({ nowMs: () => times[i++]! }, seededRandom());
      const made = times.map(() => next());
      expect([...new Set(made)].sort()).toEqual(made);
      expect(made.map(ulidMs)).toEqual(times.map((_, n) => Math.max(...times.slice(0, n + 1))));
    }),
  );
});

test("when the random part is used up, the next millisecond is borrowed", () => {
  const next = ulids(at(7), { bytes: (size) => new Uint8Array(size).fill(255) });
  const made = [next(), next(), next()];
  expect(made[0]).toMatch(/Z{16}$/);
  expect(made.map(ulidMs)).toEqual([7, 8, 8]);
  expect([...made].sort()).toEqual(made);
});

test("two sources at the same moment differ", () => {
  const [a, b] = [ulids(at(7), seededRandom(1)), ulids(at(7), seededRandom(2))];
  const made = Array.from({ length: 1000 }, () => [a(), b()]).flat();
  expect(new Set(made).size).toBe(2000);
});

test("the floor of a millisecond is after everything of the one before, and before all of its own", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 48 - 1 }), fc.nat(), (ms, seed) => {
      const floor = ulidFloor(ms);
      expect(ulidMs(floor)).toBe(ms);
      expect(ulids(at(ms), seededRandom(seed))() >= floor).toBe(true);
      const full = ulids(at(ms - 1), { bytes: (size) => new Uint8Array(size).fill(255) });
      expect(full() < floor).toBe(true);
    }),
  );
  expect(ulidFloor(-5)).toBe(ulidFloor(0));
});
