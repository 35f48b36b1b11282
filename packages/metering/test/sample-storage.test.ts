import { KafkaError } from "@headgate/kafka/errors";
import { afterEach, beforeEach, expect, test } from "vitest";
import { storedBytes } from "../src/sample-storage.ts";
import { type Bed, meteringBed } from "./bed.ts";

let bed: Bed;

beforeEach(() => {
  bed = meteringBed();
});

afterEach(() => bed.close());

test("the sizes of a cluster's partitions are summed up by topic, and a neighbour's are not among them", async () => {
  const [cluster, neighbour] = [await bed.cluster("one"), await bed.cluster("two")];
  await bed.topic(cluster, "small");
  await bed.topic(cluster, "large", 2);
  await bed.topic(neighbour, "large");
  await bed.write(cluster, "small", 1);
  await bed.write(cluster, "large", 200, 0);
  await bed.write(cluster, "large", 200, 1);
  await bed.write(neighbour, "large", 5000);
  const { prefix } = cluster.placement!;
  const { bytes, topics } = await storedBytes(bed.admin, prefix, ["small", "large", "absent"]);
  expect(Object.keys(topics)).toEqual(["large", "small"]);
  expect(bytes).toBe(BigInt(topics.large!) + BigInt(topics.small!));
  // 61 bytes of header, and each record a few bytes around its one byte of value.
  expect(Number(topics.small)).toBeGreaterThan(61);
  expect(Number(topics.large)).toBeGreaterThan(2 * (61 + 200 * 7));
  expect(Number(topics.large)).toBeLessThan(5000 * 7);
});

test("no topics keep no bytes, without asking anybody", async () => {
  const { prefix } = (await bed.cluster()).placement!;
  const asked = await storedBytes({ ...bed.admin, ask: neverAsked }, prefix, []);
  expect(asked).toEqual({ bytes: 0n, topics: {} });
});

const neverAsked = () => Promise.reject(new Error("asked"));

interface Replica {
  readonly partitionIndex: number;
  readonly partitionSize: bigint;
  readonly isFutureKey?: boolean;
}

/** Brokers that answer DescribeLogDirs as given, around the real admin. */
function brokers(answers: Record<number, { errorCode?: number; partitions: Replica[] }>) {
  const there = [...Object.keys(answers)].map((id) => ({ id: Number(id), host: "h", port: 1 }));
  return {
    brokers: async () => there.map((broker) => ({ ...broker, rack: null })),
    metadata: async () => [
      {
        ...{ name: "c000000000.t", topicId: "t", isInternal: false },
        partitions: [0, 1].map((partition) => ({
          partition,
          leaderId: 1,
          leaderEpoch: 0,
          replicas: [],
          isr: [],
        })),
      },
    ],
    ask: async (id: number) => {
      const { errorCode = 0, partitions } = answers[id]!;
      const full = partitions.map((p) => ({ offsetLag: 0n, isFutureKey: false, ...p }));
      return {
        errorCode: 0,
        results: [{ errorCode, topics: [{ name: "c000000000.t", partitions: full }] }],
      };
    },
  } as unknown as Parameters<typeof storedBytes>[0];
}

test("of several copies the largest counts once, and one that is still being moved not at all", async () => {
  const admin = brokers({
    1: {
      partitions: [
        { partitionIndex: 0, partitionSize: 100n },
        { partitionIndex: 1, partitionSize: 7n },
      ],
    },
    2: {
      partitions: [
        { partitionIndex: 0, partitionSize: 120n },
        { partitionIndex: 1, partitionSize: 900n, isFutureKey: true },
      ],
    },
  });
  const { bytes, topics } = await storedBytes(admin, "c000000000.", ["t"]);
  expect(bytes).toBe(127n);
  expect(topics).toEqual({ t: "127" });
});

test("a log directory that cannot be read fails the sample: a whole hour would be billed too low", async () => {
  const failed = { errorCode: 56, partitions: [] };
  const admin = brokers({
    1: { partitions: [{ partitionIndex: 0, partitionSize: 1n }] },
    2: failed,
  });
  await expect(storedBytes(admin, "c000000000.", ["t"])).rejects.toThrow(KafkaError);
});
