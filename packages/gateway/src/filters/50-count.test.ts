// Counting from batch headers: what a broker accepted, and what a consumer got.
import { encodeBatch } from "@headgate/kafka/records";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import type { TopicEntry } from "../cluster-state.ts";
import { type Attributed, usageBook } from "../usage-book.ts";
import { Delivery, isBillable, isFirstAck, noteProduced, producedBatches } from "./50-count.ts";

const topic: TopicEntry = { name: "t", id: "" };

interface BatchOptions {
  readonly baseOffset?: number;
  readonly attributes?: number;
  readonly producerId?: bigint;
}

/** A batch of `count` records as a broker would hand it out. */
function batch(count: number, options: BatchOptions = {}): Buffer {
  const { baseOffset = 0, attributes = 0, producerId = -1n } = options;
  const bytes = encodeBatch(
    Array.from({ length: count }, (_, i) => ({ value: Buffer.from(`v${i}`), timestampMs: 1 })),
    { producerId, producerEpoch: 0, baseSequence: 0 },
  );
  bytes.writeBigInt64BE(BigInt(baseOffset), 0);
  bytes.writeInt16BE(attributes, 21);
  return bytes;
}

const transactional = 0x10;
const control = 0x20;
const logAppendTime = 0x08;

function marker(baseOffset: number, producerId: bigint, type: "abort" | "commit"): Buffer {
  const key = Buffer.from([0, 0, 0, type === "abort" ? 0 : 1]);
  const bytes = encodeBatch([{ key, value: Buffer.alloc(6), timestampMs: 1 }], {
    producerId,
    producerEpoch: 0,
    baseSequence: -1,
  });
  bytes.writeBigInt64BE(BigInt(baseOffset), 0);
  bytes.writeInt16BE(transactional | control, 21);
  return bytes;
}

describe("what was handed over", () => {
  const noted = (bytes: Buffer, recordsMax = 1000) => {
    const batches = producedBatches();
    const fits = noteProduced(batches, topic, 3, bytes, 0, bytes.length, recordsMax);
    return { fits, ...batches };
  };

  test("is the header's count and the bytes of the record set, whatever the compression", () => {
    for (const attributes of [0, 1, 2, 3, 4]) {
      const bytes = batch(7, { attributes, producerId: 5n });
      expect(noted(bytes)).toMatchObject({
        fits: true,
        records: [7],
        bytes: [bytes.length],
        producerIds: [5],
      });
    }
  });

  test("over the limit is told, and not noted", () => {
    expect(noted(batch(8), 8).fits).toBe(true);
    expect(noted(batch(9), 8)).toMatchObject({ fits: false, records: [] });
  });

  test("that is no batch at all is noted as no records: the broker refuses it", () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from("nonsense"), batch(3).subarray(0, 60)])
      expect(noted(bytes)).toMatchObject({ fits: true, records: [0], producerIds: [-1] });
    const random = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(random, (bytes) => {
        noted(bytes);
      }),
    );
  });
});

describe("an acknowledged batch", () => {
  test("of an idempotent producer counts once, however often it is repeated, in any order of retries", () => {
    // A producer's batches have rising offsets; a retry is acknowledged with the offset of the first try.
    const producers = fc.array(fc.record({ producer: fc.nat(3), again: fc.array(fc.nat(4)) }), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(producers, (sent) => {
        const seen = new Map<number, number>();
        const offsets = new Map<number, number[]>();
        let end = 0;
        let counted = 0;
        for (const { producer, again } of sent) {
          const mine = offsets.get(producer) ?? [];
          offsets.set(producer, mine);
          mine.push(end);
          if (isFirstAck(seen, producer, end)) counted++;
          end++;
          for (const back of again) {
            const old = mine.at(-1 - back);
            if (old !== undefined && isFirstAck(seen, producer, old)) counted++;
          }
        }
        expect(counted).toBe(end);
      }),
      { seed: 1 },
    );
  });

  test("without a producer id counts each time", () => {
    const seen = new Map<number, number>();
    expect([isFirstAck(seen, -1, 5), isFirstAck(seen, -1, 5)]).toEqual([true, true]);
    expect(seen.size).toBe(0);
  });

  test("is remembered of so many producers and no more, the longest known is forgotten", () => {
    const seen = new Map<number, number>();
    for (let producer = 0; producer <= 1000; producer++) isFirstAck(seen, producer, 1);
    expect(seen.size).toBe(1000);
    expect(seen.has(0)).toBe(false);
  });
});

describe("what a consumer got", () => {
  let who: Attributed;
  let book: ReturnType<typeof usageBook>;

  beforeEach(() => {
    book = usageBook("tn_0000000000000000", "cl_0000000000000000", 0);
    who = book.attributed("app", "test");
  });

  type Aborted = { producerId: number; firstOffset: number };
  const delivered = (sets: readonly Buffer[], fetchOffset = 0, aborted: Aborted[] = []) => {
    const bytes = Buffer.concat([Buffer.from("before"), ...sets, Buffer.from("after")]);
    const delivery = new Delivery();
    delivery.add(topic, bytes, 6, bytes.length - 5, fetchOffset, aborted);
    delivery.count(who);
    const [window] = book.turn(1);
    const { recordsOut = 0, bytesOut = 0 } = window?.totals ?? {};
    return { records: recordsOut, bytes: bytesOut, isEmpty: delivery.isEmpty };
  };

  test("is whole batches: a cut tail is fetched again, and counts then", () => {
    const [first, second] = [batch(3), batch(4, { baseOffset: 3 })];
    let sum = 0;
    for (const cut of [1, 13, second.length - 61, second.length - 60, second.length]) {
      sum += 3;
      expect(delivered([first, second.subarray(0, -cut)]).records).toBe(sum);
    }
    expect(delivered([first, second]).records).toBe(sum + 7);
  });

  test("begins at the fetch offset, in the middle of a batch or behind it", () => {
    const sets = [batch(10), batch(5, { baseOffset: 10 })];
    expect(delivered(sets, 7)).toMatchObject({
      records: 8,
      bytes: sets[0]!.length + sets[1]!.length,
    });
    expect(delivered(sets, 10)).toMatchObject({ records: 8 + 5 });
    expect(delivered(sets, 15)).toMatchObject({ records: 8 + 5, isEmpty: true });
  });

  test("is at most what a compacted batch still holds", () => {
    const compacted = batch(2, { baseOffset: 100 });
    // Its last offset stays, the records between are gone.
    compacted.writeInt32BE(9, 23);
    expect(delivered([compacted], 100).records).toBe(2);
    expect(delivered([compacted], 109).records).toBe(3);
  });

  test("is counted alike with the broker's time in it", () => {
    expect(delivered([batch(4, { attributes: logAppendTime })]).records).toBe(4);
  });

  test("leaves out control records", () => {
    const sets = [
      batch(2, { attributes: transactional, producerId: 9n }),
      marker(2, 9n, "commit"),
      batch(1, { baseOffset: 3 }),
    ];
    expect(delivered(sets).records).toBe(3);
  });

  test("leaves out aborted transactions under read_committed, up to their marker, and counts them otherwise", () => {
    const sets = [
      batch(2, { attributes: transactional, producerId: 9n }),
      batch(3, { baseOffset: 2, attributes: transactional, producerId: 8n }),
      batch(4, { baseOffset: 5 }),
      marker(9, 9n, "abort"),
      marker(10, 8n, "commit"),
      batch(5, { baseOffset: 11, attributes: transactional, producerId: 9n }),
      marker(16, 9n, "commit"),
    ];
    const aborted = [{ producerId: 9, firstOffset: 0 }];
    expect(delivered(sets, 0, aborted).records).toBe(3 + 4 + 5);
    // A consumer that reads uncommitted is told of no aborted transaction.
    expect(delivered(sets).records).toBe(12 + 14);
  });

  test("leaves out what a producer that does not use transactions never aborts", () => {
    const sets = [batch(2, { producerId: 9n })];
    expect(delivered(sets, 0, [{ producerId: 9, firstOffset: 0 }]).records).toBe(2);
  });

  test("of an empty answer is nothing, and not even a request", () => {
    expect(delivered([])).toEqual({ records: 0, bytes: 0, isEmpty: true });
    expect(isBillable(1, undefined)).toBe(false);
    expect(isBillable(1, new Delivery())).toBe(false);
    const delivery = new Delivery();
    const bytes = batch(1);
    delivery.add(topic, bytes, 0, bytes.length, 0, []);
    expect(isBillable(1, delivery)).toBe(true);
  });
});

test("heartbeats are free, other requests are not", () => {
  expect(isBillable(12, undefined)).toBe(false);
  for (const apiKey of [0, 2, 3, 8, 9, 11]) expect(isBillable(apiKey, undefined)).toBe(true);
});
