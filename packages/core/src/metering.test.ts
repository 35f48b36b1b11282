import fc from "fast-check";
import { expect, test } from "vitest";
import { hourOf, nextHour, toTimestamp } from "./clock.ts";
import { Tier } from "./cluster.ts";
import type { ClusterId } from "./ids.ts";
import {
  MeteredCluster,
  Reconciliation,
  reconcile,
  settingsIn,
  unattributedIn,
  withLoss,
  withSettings,
} from "./metering.ts";

const createdMs = Date.UTC(2026, 10, 24, 4);
const minute = 60_000;

interface Change {
  readonly minutes: number;
  readonly tier: Tier;
  readonly min: number;
}

const changes: fc.Arbitrary<Change[]> = fc.array(
  fc.record({
    minutes: fc.integer({ min: 0, max: 100 }),
    tier: fc.constantFrom(...Tier.options),
    min: fc.integer({ min: 0, max: 2 }),
  }),
  { minLength: 1, maxLength: 12 },
);

const clusterAt = (atMs: number, { tier, min }: Omit<Change, "minutes">) => ({
  id: "cl_0123456789abcdef" as ClusterId,
  name: "default",
  createdAt: toTimestamp(createdMs),
  updatedAt: toTimestamp(atMs),
  spec: {
    tier,
    streamingUnits: { min, max: 5 },
    idleAfterSeconds: 600,
    autoCreateTopics: false,
    protected: false,
    labels: {},
  },
});

test("a change of tier or reserve never reaches into an hour that has begun", () => {
  fc.assert(
    fc.property(changes, (list) => {
      let atMs = createdMs;
      let record: MeteredCluster | undefined;
      for (const change of list) {
        atMs += change.minutes * minute;
        const before = record;
        record = withSettings(before, clusterAt(atMs, change));
        expect(MeteredCluster.parse(record)).toEqual(record);
        if (before === undefined) continue;
        for (let hour = hourOf(createdMs); hour <= hourOf(atMs); hour = nextHour(hour)) {
          expect(settingsIn(record, hour)).toEqual(settingsIn(before, hour));
        }
        expect(settingsIn(record, nextHour(hourOf(atMs)))).toMatchObject({
          tier: change.tier,
          unitsMin: change.min,
        });
        const starts = record.settings.map(({ from }) => from);
        expect(starts).toEqual([...new Set(starts)].sort());
      }
    }),
  );
});

test("settings that stay are the same record, so that nothing is written for them", () => {
  const first = withSettings(undefined, clusterAt(createdMs, { tier: "dev", min: 0 }));
  expect(withSettings(first, clusterAt(createdMs + 90 * minute, { tier: "dev", min: 0 }))).toBe(
    first,
  );
});

const fresh: Reconciliation = {
  topic: "orders",
  topicId: "id",
  countedClosed: "0",
  openFrom: "2026-11-24T04",
  lost: "0",
  unattributed: [],
  findings: [],
};
const november = Date.UTC(2026, 10, 24, 4);
const december = Date.UTC(2026, 11, 1, 0, 5);

test("what no gateway counted is in the month it was first seen in, and months add up", () => {
  const sample = fc.record({
    days: fc.integer({ min: 0, max: 20 }),
    log: fc.bigInt({ min: 0n, max: 1000n }),
    counted: fc.bigInt({ min: 0n, max: 1000n }),
  });
  fc.assert(
    fc.property(fc.array(sample, { minLength: 1, maxLength: 12 }), (samples) => {
      let atMs = november;
      let record = fresh;
      for (const { days, log, counted } of samples) {
        atMs += days * 24 * 60 * minute;
        record = reconcile(record, { atMs, countedBefore: 0n, log, countedAfter: counted });
        expect(Reconciliation.parse(record)).toEqual(record);
        const months = record.unattributed.map(({ month }) => month);
        expect(months).toEqual([...new Set(months)].sort());
        const sum = months.reduce((total, month) => total + unattributedIn(record, month), 0n);
        expect(sum).toBe(log > counted ? log - counted : 0n);
      }
    }),
  );
});

test("a month nobody looked at has nothing unattributed", () => {
  const seen = reconcile(fresh, { atMs: december, countedBefore: 5n, log: 9n, countedAfter: 5n });
  expect([unattributedIn(seen, "2026-11"), unattributedIn(seen, "2026-12")]).toEqual([0n, 4n]);
});

test("counters ahead of the log block the invoice once, and say by how much", () => {
  const ahead = { atMs: november, countedBefore: 12n, log: 10n, countedAfter: 12n };
  const blocked = reconcile(fresh, ahead);
  expect(blocked.findings).toEqual([
    { at: toTimestamp(november), blocking: true, text: expect.stringContaining("2 more records") },
  ]);
  expect(reconcile(blocked, ahead)).toBe(blocked);
});

test("records that went with the log are no counters ahead of it", () => {
  const lost = withLoss(fresh, november, 4n);
  expect(lost.findings).toMatchObject([{ blocking: false }]);
  expect(withLoss(lost, november, 4n)).toBe(lost);
  const compared = reconcile(lost, {
    atMs: november,
    countedBefore: 10n,
    log: 6n,
    countedAfter: 10n,
  });
  expect(compared).toBe(lost);
});

test("what blocks an invoice outlives any number of other findings", () => {
  let record = reconcile(fresh, { atMs: november, countedBefore: 2n, log: 1n, countedAfter: 2n });
  for (let lost = 1n; lost <= 120n; lost++) record = withLoss(record, november, lost);
  expect(record.findings.length).toBeLessThanOrEqual(50);
  expect(record.findings.filter(({ blocking }) => blocking)).toHaveLength(1);
  expect(record.findings.at(-1)!.blocking).toBe(false);
});
