import fc from "fast-check";
import { expect, test } from "vitest";
import { hourOf } from "./clock.ts";
import { nextSnapshot, rangesByHour } from "./offset-chain.ts";
import { type OffsetSnapshot, recordsInRanges, writtenBetween } from "./usage.ts";

const start = Date.UTC(2026, 10, 24, 4);
const minute = 60_000;

/** The store of one chain: boundaries put once, the latest replaced. */
function chain() {
  const boundaries = new Map<string, OffsetSnapshot>();
  const lost: unknown[] = [];
  let latest: OffsetSnapshot | undefined;
  return {
    /** `crashAfter` writes of the step, if given, nothing more of it happens. */
    read(atMs: number, offsets: Record<string, string>, crashAfter = Number.POSITIVE_INFINITY) {
      const step = nextSnapshot(latest, {
        topic: "orders",
        topicId: "id",
        hour: hourOf(atMs),
        atMs,
        offsets,
      });
      for (const b of step.boundaries.slice(0, crashAfter))
        if (!boundaries.has(b.hour)) boundaries.set(b.hour, b);
      if (step.boundaries.length >= crashAfter) return;
      latest = step.latest ?? latest;
      lost.push(...step.lost);
    },
    byHour: () =>
      rangesByHour(
        [...boundaries.values()].sort((a, b) => (a.hour < b.hour ? -1 : 1)),
        latest,
      ),
    get size() {
      return boundaries.size;
    },
    lost,
    get lostInAll() {
      return latest?.lost;
    },
    get latest() {
      return latest;
    },
  };
}

const counts = (of: ReturnType<typeof chain>) =>
  Object.fromEntries([...of.byHour()].map(([hour, ranges]) => [hour, recordsInRanges(ranges)]));

const sumOf = (offsets: Record<string, string>) =>
  Object.values(offsets).reduce((total, end) => total + BigInt(end), 0n);

/**
 * Minutes since the read before (readers' clocks differ by up to two), how each of up to three partitions moved, and
 * after how many writes the reader died.
 */
const steps = fc.array(
  fc.record({
    minutes: fc.integer({ min: -2, max: 150 }),
    crashAfter: fc.option(fc.integer({ min: 0, max: 2 }), { nil: undefined, freq: 3 }),
    grow: fc.array(fc.integer({ min: -3, max: 20 }), { maxLength: 3 }),
  }),
  { maxLength: 30 },
);

test("all that was written is in some hour once, whatever the log did, whenever it was read, whoever died", () => {
  fc.assert(
    fc.property(steps, (list) => {
      const topic = chain();
      const log: number[] = [];
      let atMs = start;
      const offsets = () => Object.fromEntries([...log].map((end, p) => [p, String(end ?? 0)]));
      const total = () => Object.values(counts(topic)).reduce((a, b) => a + b, 0n);
      for (const { minutes, grow, crashAfter } of list) {
        atMs += minutes * minute;
        grow.forEach((by, p) => {
          log[p] = Math.max(0, (log[p] ?? 0) + by);
        });
        topic.read(atMs, offsets(), crashAfter);
        // Whoever died where: what is billed is what the latest says, to the record.
        if (topic.latest) expect(total()).toBe(sumOf(topic.latest.offsets));
      }
      topic.read(atMs, offsets());
      expect(total()).toBe(BigInt(log.reduce((a, b) => a + b, 0)));
      // Each range begins where the one before ended.
      const ends = new Map<number, string>();
      for (const ranges of topic.byHour().values()) {
        for (const { partition, from, to } of ranges) {
          expect(from).toBe(ends.get(partition) ?? "0");
          ends.set(partition, to);
        }
      }
    }),
    { numRuns: 300 },
  );
});

test("no hour is below zero while no log went back, whoever died and whatever their clocks said", () => {
  const growing = steps.map((list) =>
    list.map((step) => ({ ...step, grow: step.grow.map((by) => Math.max(0, by)) })),
  );
  fc.assert(
    fc.property(growing, (list) => {
      const topic = chain();
      const log: number[] = [];
      let atMs = start;
      for (const { minutes, grow, crashAfter } of list) {
        atMs += minutes * minute;
        grow.forEach((by, p) => {
          log[p] = (log[p] ?? 0) + by;
        });
        const offsets = Object.fromEntries([...log].map((end, p) => [p, String(end ?? 0)]));
        topic.read(atMs, offsets, crashAfter);
        for (const written of Object.values(counts(topic))) expect(written).toBeGreaterThan(0n);
      }
    }),
    { numRuns: 300 },
  );
});

test("with a read at the start of each hour, an hour holds exactly what was written in it", () => {
  const hourly = fc.array(fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 4 }), {
    maxLength: 12,
  });
  fc.assert(
    fc.property(hourly, (hours) => {
      const topic = chain();
      let end = 0;
      hours.forEach((grow, h) => {
        topic.read(start + h * 60 * minute, { 0: String(end) });
        grow.forEach((by, i) => {
          end += by;
          topic.read(start + (h * 60 + i + 1) * minute, { 0: String(end) });
        });
      });
      const expected = hours
        .map((grow, h) => [
          hourOf(start + h * 60 * minute),
          BigInt(grow.reduce((a, b) => a + b, 0)),
        ])
        .filter(([, written]) => written !== 0n);
      expect(counts(topic)).toEqual(Object.fromEntries(expected));
      expect(topic.size).toBeLessThanOrEqual(2 * expected.length + 1);
    }),
  );
});

test("what a topic holds when first seen was written in the hour it is first seen in", () => {
  const topic = chain();
  topic.read(start + 30 * minute, { 0: "500", 1: "0" });
  expect(counts(topic)).toEqual({ "2026-11-24T04": 500n });
});

test("an idle topic leaves one latest and no boundaries, and later growth is in the hour it came in", () => {
  const topic = chain();
  for (let h = 0; h < 48; h++) topic.read(start + h * 60 * minute, { 0: "0" });
  expect(topic.size).toBe(0);
  topic.read(start + 47 * 60 * minute + minute, { 0: "7" });
  expect(counts(topic)).toEqual({ "2026-11-26T03": 7n });
});

test("what came while nobody read belongs to the hour of the last read before it", () => {
  const topic = chain();
  topic.read(start, { 0: "1" });
  topic.read(start + 10 * 60 * minute, { 0: "9" });
  topic.read(start + 10 * 60 * minute + minute, { 0: "10" });
  expect(counts(topic)).toEqual({ "2026-11-24T04": 9n, "2026-11-24T14": 1n });
});

test("a watermark that went back is reported once and credited by the chain", () => {
  const topic = chain();
  topic.read(start, { 0: "100" });
  topic.read(start + minute, { 0: "60" });
  topic.read(start + 2 * minute, { 0: "80" });
  expect(topic.lost).toMatchObject([{ partition: 0, from: "100", to: "60" }]);
  expect(topic.lostInAll).toBe("40");
  expect(counts(topic)).toEqual({ "2026-11-24T04": 80n });
});

test("losses add up in the latest, whatever follows them", () => {
  const topic = chain();
  topic.read(start, { 0: "100", 1: "5" });
  expect(topic.lostInAll).toBeUndefined();
  topic.read(start + minute, { 0: "60", 1: "9" });
  topic.read(start + 61 * minute, { 0: "60", 1: "9" });
  topic.read(start + 62 * minute, { 0: "70", 1: "6" });
  expect(topic.lostInAll).toBe("43");
});

test("a latest still older than the newest boundary counts nothing below zero", () => {
  const at = (atMs: number, end: string): OffsetSnapshot => ({
    topic: "orders",
    topicId: "id",
    hour: hourOf(atMs),
    atMs,
    offsets: { 0: end },
  });
  const boundary = at(start + 61 * minute, "12");
  expect(rangesByHour([boundary], at(start + 59 * minute, "10")).size).toBe(0);
  expect(writtenBetween(at(start, "0"), boundary)).toHaveLength(1);
});
