// The partitions one request names, in its order, so that the answer can be matched to what was asked. Names decide,
// not objects: an entry may be learned anew while the request is under way. Where a request names a partition twice the
// broker takes the last one, and so does this.
import type { TopicEntry } from "./cluster-state.ts";

/** Up to as many are searched; more get an index, so that a request with ten thousand costs no square of it. */
const searchedMax = 16;

export class AskedPartitions {
  readonly topics: TopicEntry[] = [];
  readonly partitions: number[] = [];
  #index: Map<string, Map<number, number>> | undefined;

  get size(): number {
    return this.topics.length;
  }

  add(topic: TopicEntry, partition: number): void {
    this.topics.push(topic);
    this.partitions.push(partition);
  }

  /** The position of the partition, -1 when it was not asked for. */
  find(topic: TopicEntry, partition: number): number {
    const { topics, partitions } = this;
    if (topics.length > searchedMax) {
      this.#index ??= indexOf(topics, partitions);
      return this.#index.get(topic.name)?.get(partition) ?? -1;
    }
    for (let i = topics.length - 1; i >= 0; i--)
      if (partitions[i] === partition && isSame(topics[i]!, topic)) return i;
    return -1;
  }

  /** The topic that was asked for by `id` (Kafka's text form). */
  topicById(id: string): TopicEntry | undefined {
    return this.topics.find((topic) => topic.id === id);
  }
}

const isSame = (a: TopicEntry, b: TopicEntry): boolean => a === b || a.name === b.name;

function indexOf(topics: readonly TopicEntry[], partitions: readonly number[]) {
  const index = new Map<string, Map<number, number>>();
  for (let i = 0; i < topics.length; i++) {
    const { name } = topics[i]!;
    let positions = index.get(name);
    if (!positions) {
      positions = new Map();
      index.set(name, positions);
    }
    positions.set(partitions[i]!, i);
  }
  return index;
}
