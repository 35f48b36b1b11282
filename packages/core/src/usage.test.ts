import fc from "fast-check";
import { expect, test } from "vitest";
import {
  compareSandwich,
  isClosedHour,
  messagesOf,
  recordsInRanges,
  usedUnits,
  writtenBetween,
} from "./usage.ts";

const MiB = 1_048_576n;

test.each([
  [0n, 0n, 0n],
  [1n, 1n, 1n],
  [1n, 4096n, 1n],
  [1n, 4097n, 2n],
  [100n, 4097n, 100n],
  [0n, 1n, 1n],
  [-3n, 4097n, -3n],
])("%s records of %s bytes are %s messages", (records, bytes, messages) => {
  expect(messagesOf(records, bytes)).toBe(messages);
});

test.each([
  [0n, 0n, 0n, 0n],
  [1n, 0n, 0n, 1n],
  [1n, 1n, 1n, 1n],
  [1n, 3600n * MiB, 0n, 1n],
  [1n, 3600n * MiB + 1n, 0n, 2n],
  [1n, 3600n * MiB, 10_800n * MiB + 1n, 2n],
])("%s records, %s bytes in and %s out use %s units", (recordsIn, bytesIn, bytesOut, units) => {
  expect(usedUnits({ recordsIn, recordsOut: 0n, bytesIn, bytesOut })).toBe(units);
});

const offsets = fc
  .array(fc.bigInt({ min: 0n, max: 10n ** 18n }), { maxLength: 8 })
  .map((ends) => Object.fromEntries(ends.map((end, partition) => [partition, String(end)])));
const snapshot = (at: Record<string, string>) => ({ topic: "orders", topicId: "id", offsets: at });

test("what was written adds up over any split of time, partitions being added and watermarks going back", () => {
  fc.assert(
    fc.property(fc.array(offsets, { minLength: 2, maxLength: 6 }), (steps) => {
      // Partitions never go away.
      const chain = steps.map((_, i) => snapshot(Object.assign({}, ...steps.slice(0, i + 1))));
      const parts = chain.slice(1).map((to, i) => recordsInRanges(writtenBetween(chain[i], to)));
      const whole = recordsInRanges(writtenBetween(chain[0], chain.at(-1)!));
      expect(parts.reduce((a, b) => a + b)).toBe(whole);
    }),
  );
});

test("a partition that the earlier snapshot lacks was written from 0", () => {
  const ranges = writtenBetween({ offsets: { 0: "5" } }, snapshot({ 0: "5", 1: "3", 10: "1" }));
  expect(ranges.map(({ partition, from, to }) => [partition, from, to])).toEqual([
    [1, "0", "3"],
    [10, "0", "1"],
  ]);
});

test("a log ahead of later counters is unattributed, counters ahead of a later log are a finding", () => {
  const of = (countedBefore: bigint, log: bigint, countedAfter: bigint) =>
    compareSandwich({ countedBefore, log, countedAfter });
  expect(of(90n, 100n, 100n)).toEqual({ unattributed: 0n, finding: false });
  expect(of(90n, 100n, 110n)).toEqual({ unattributed: 0n, finding: false });
  expect(of(90n, 100n, 97n)).toEqual({ unattributed: 3n, finding: false });
  expect(of(101n, 100n, 101n)).toEqual({ unattributed: 0n, finding: true });
});

test("an hour is closed from its last millisecond on", () => {
  const end = Date.parse("2026-11-24T05:00:00Z");
  expect(isClosedHour("2026-11-24T04", end - 1)).toBe(false);
  expect(isClosedHour("2026-11-24T04", end)).toBe(true);
});
