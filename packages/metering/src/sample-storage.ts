// What a cluster keeps: the sizes of its partitions in the brokers' log directories, one copy of each.
import type { KafkaAdmin } from "@headgate/kafka/admin";
import { KafkaError } from "@headgate/kafka/errors";
import { Api } from "@headgate/kafka/generated/types";

/** Topics named in one sample; with names of 238 characters it stays below the size of an item. */
const topicsMax = 1000;

/** Bytes of one copy, in all and by topic (without the prefix). Replicas differ a little; the largest counts. */
export async function storedBytes(
  admin: Pick<KafkaAdmin, "ask" | "brokers" | "metadata">,
  prefix: string,
  topics: readonly string[],
): Promise<{ bytes: bigint; topics: Record<string, string> }> {
  const described = await admin.metadata({ names: topics.map((topic) => prefix + topic) });
  const asked = described.flatMap(({ name, partitions }) =>
    name === null || partitions.length === 0
      ? []
      : [{ topic: name, partitions: partitions.map(({ partition }) => partition) }],
  );
  const sizes = new Map<string, Map<number, bigint>>();
  if (asked.length > 0) {
    for (const { id } of await admin.brokers()) await addSizes(admin, id, asked, sizes);
  }
  const totals = [...sizes]
    .map(([name, partitions]) => ({
      topic: name.slice(prefix.length),
      bytes: [...partitions.values()].reduce((total, size) => total + size, 0n),
    }))
    .sort((a, b) => (a.bytes < b.bytes ? 1 : -1));
  return {
    bytes: totals.reduce((total, { bytes }) => total + bytes, 0n),
    topics: Object.fromEntries(
      totals.slice(0, topicsMax).map(({ topic, bytes }) => [topic, String(bytes)]),
    ),
  };
}

async function addSizes(
  admin: Pick<KafkaAdmin, "ask">,
  broker: number,
  topics: { topic: string; partitions: number[] }[],
  sizes: Map<string, Map<number, bigint>>,
): Promise<void> {
  const answer = await admin.ask(broker, Api.DescribeLogDirs, { topics }, { repeatable: true });
  if (answer.errorCode !== 0) throw new KafkaError(answer.errorCode);
  for (const dir of answer.results) {
    // A missing directory would make a sample too small for its whole hour.
    if (dir.errorCode !== 0) throw new KafkaError(dir.errorCode);
    for (const { name, partitions } of dir.topics) {
      const known = sizes.get(name) ?? new Map<number, bigint>();
      sizes.set(name, known);
      for (const { partitionIndex, partitionSize, isFutureKey } of partitions) {
        const before = known.get(partitionIndex) ?? 0n;
        if (!isFutureKey && partitionSize > before) known.set(partitionIndex, partitionSize);
      }
    }
  }
}
