// The bill against a plain model of it, over random histories: records written, read, counted, flushed or lost with a
// dying gateway; hours that turn; logs that lose records; topics made again; metering that dies at any write, and in
// twos.
import type { Invoice } from "@headgate/core/bill";
import { hourOf } from "@headgate/core/clock";
import type { ClusterRecord } from "@headgate/store/clusters";
import fc from "fast-check";
import { expect, test } from "vitest";
import { life } from "../../store/test/mortal.ts";
import { type Bed, hourMs, meteringBed, minuteMs } from "./bed.ts";
import { type CountingGateway, countingGateway } from "./gateway.ts";
import { billModel, type ModelTopic } from "./model.ts";
import { invoice, report, settle } from "./readings.ts";

const partitions = 2;
const topic = fc.constantFrom("a", "b");
const bytes = fc.integer({ min: 1, max: 30_000 });

const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      write: topic,
      partition: fc.integer({ min: 0, max: partitions - 1 }),
      records: fc.integer({ min: 1, max: 9 }),
      bytes,
      isCounted: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ read: topic, records: fc.integer({ min: 1, max: 9 }), bytes }),
  },
  { weight: 2, arbitrary: fc.constant({ flush: true } as const) },
  { weight: 1, arbitrary: fc.constant({ gatewayDies: true } as const) },
  { weight: 4, arbitrary: fc.record({ minutes: fc.integer({ min: 1, max: 150 }) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      diesAt: fc.integer({ min: 1, max: 14 }),
      carriedOut: fc.boolean(),
      others: fc.integer({ min: 0, max: 2 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ drop: topic }) },
  { weight: 1, arbitrary: fc.record({ loses: topic, records: fc.integer({ min: 1, max: 5 }) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

test("whatever happens, the bill is the model's, to the record and the pico-dollar", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (history) => {
      const bed = meteringBed();
      try {
        await expectModelsBill(bed, history);
      } finally {
        await bed.close();
      }
    }),
    { numRuns: 12 },
  );
}, 120_000);

async function expectModelsBill(bed: Bed, history: readonly Step[]): Promise<void> {
  const cluster = await bed.cluster();
  const world = worldOf(bed, cluster);
  for (const each of history) await world.take(each);
  await world.flush();
  await world.round();
  await settle(bed, bed.meter(cluster));

  const { model } = world;
  const rows = (await report(bed, "hour")).rows.map((row) => [
    row.hour!,
    {
      written: Number(row.recordsWritten),
      read: Number(row.recordsRead),
      bytesIn: Number(row.bytesIn),
      bytesOut: Number(row.bytesOut),
    },
  ]);
  const isSomething = ([, counts]: (typeof rows)[number]) => Object.values(counts!).some(Boolean);
  expect(Object.fromEntries(rows.filter(isSomething))).toEqual(
    Object.fromEntries([...model.hours].filter(isSomething)),
  );
  const bill = await invoice(bed);
  for (const direction of ["written", "read"] as const) {
    const lines = bill.lines.filter(({ kind }) => kind === direction);
    const messages = model.messages(direction);
    expect(lines.map(({ quantity }) => quantity)).toEqual(messages === 0 ? [] : [String(messages)]);
    // Five cents per million messages on `dev`, and never near the ceiling here.
    expect(lines.map(({ exactAmount }) => pico(exactAmount))).toEqual(
      messages === 0 ? [] : [BigInt(messages) * 50_000n],
    );
  }
  expectJoined(bill);
  expect(bill.findings).toHaveLength(world.losses);
  expect(bill.findings.every((text) => /credited/.test(text))).toBe(true);
  if (!world.hasDropped) {
    const missing = world.topics().map((t) => Math.max(0, total(t.ends) + t.lost - t.counted));
    expect(bill.unattributedRecords).toBe(String(total(missing)));
  }
}

function worldOf(bed: Bed, cluster: ClusterRecord) {
  const model = billModel();
  const topics = new Map<string, ModelTopic>();
  let gateway: CountingGateway = countingGateway(bed, cluster);
  /** What the gateway counted and has not carried to the store. */
  let unflushed: (() => void)[] = [];
  let countingSinceMs = bed.nowMs();
  let losses = 0;
  let hasDropped = false;
  const now = () => hourOf(bed.nowMs());

  const made = async (name: string): Promise<ModelTopic> => {
    const known = topics.get(name);
    if (known) return known;
    const id = await bed.topic(cluster, name, partitions);
    const fresh = { id, ends: [0, 0], lost: 0, counted: 0, seen: undefined };
    topics.set(name, fresh);
    return fresh;
  };
  const count = (later: () => void) => {
    if (unflushed.length === 0) countingSinceMs = bed.nowMs();
    unflushed.push(later);
  };
  const flush = async () => {
    await gateway.flush();
    for (const apply of unflushed) apply();
    unflushed = [];
  };
  const round = async (lives = [life()]) => {
    const rounds = lives.map(async (each) =>
      bed
        .meter(cluster, each)
        .round()
        .catch((error: unknown) => {
          if (!each.isOver) throw error;
        }),
    );
    await Promise.all(rounds);
    // Who died is followed by another at once.
    if (lives.some((each) => each.isOver)) await bed.meter(cluster).round();
    for (const each of topics.values()) model.look(each, now());
  };
  const write = async (one: Extract<Step, { write: string }>) => {
    const target = await made(one.write);
    await bed.write(cluster, one.write, one.records, one.partition);
    target.ends[one.partition]! += one.records;
    if (!one.isCounted) return;
    gateway.wrote(one.write, target.id, one.records, one.bytes);
    const hour = now();
    count(() => {
      target.counted += one.records;
      model.at(hour).bytesIn += one.bytes;
    });
  };
  const read = async (one: Extract<Step, { read: string }>) => {
    const target = await made(one.read);
    gateway.read(one.read, target.id, one.records, one.bytes);
    const hour = now();
    count(() => {
      model.at(hour).read += one.records;
      model.at(hour).bytesOut += one.bytes;
    });
  };
  const drop = async (name: string) => {
    const target = topics.get(name);
    if (!target) return;
    hasDropped = true;
    await bed.drop(cluster, name);
    model.look(target, now());
    topics.delete(name);
  };
  const lose = async (name: string, records: number) => {
    const target = await made(name);
    const here = Math.min(records, target.ends[0]!);
    if (here === 0) return;
    // Seen before and after: what nobody saw cannot be told from records that never were.
    await flush();
    await round();
    bed.losesRecords(cluster, name, here);
    target.ends[0]! -= here;
    target.lost += here;
    losses += 1;
    await round();
  };
  return {
    model,
    flush,
    round,
    topics: () => [...topics.values()],
    get losses() {
      return losses;
    },
    get hasDropped() {
      return hasDropped;
    },
    async take(one: Step): Promise<void> {
      if ("write" in one) return write(one);
      if ("read" in one) return read(one);
      if ("flush" in one) return flush();
      if ("drop" in one) return drop(one.drop);
      if ("loses" in one) return lose(one.loses, one.records);
      if ("gatewayDies" in one) {
        gateway = countingGateway(bed, cluster);
        unflushed = [];
        return;
      }
      if ("minutes" in one) {
        // A gateway that cannot flush for long stops serving.
        const thenMs = bed.nowMs() + one.minutes * minuteMs;
        if (unflushed.length > 0 && thenMs - countingSinceMs > hourMs) await flush();
        bed.pass(one.minutes * minuteMs);
        return;
      }
      const others = Array.from({ length: one.others }, () => life());
      return round([life(one.diesAt, one.carriedOut), ...others]);
    },
  };
}

const total = (numbers: readonly number[]) => numbers.reduce((sum, each) => sum + each, 0);

/** Dollars with up to twelve places. */
function pico(dollars: string): bigint {
  const [whole, places = ""] = dollars.replace("-", "").split(".");
  const amount = BigInt(whole! + places.padEnd(12, "0"));
  return dollars.startsWith("-") ? -amount : amount;
}

/** Every partition's ranges begin at 0 and each where the one before ended. */
function expectJoined(bill: Invoice): void {
  const ranges = bill.lines.flatMap((line) => line.offsetRanges ?? []);
  const byLog = Map.groupBy(ranges, ({ topicId, partition }) => `${topicId} ${partition}`);
  for (const log of byLog.values()) {
    const sorted = log.toSorted((a, b) => (a.hour < b.hour ? -1 : 1));
    expect(sorted.map(({ from }) => from)).toEqual([
      "0",
      ...sorted.slice(0, -1).map(({ to }) => to),
    ]);
  }
}
