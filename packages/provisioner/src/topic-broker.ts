// One topic on its cell: what is there, and the four changes. Every change may be repeated: what an earlier try has
// done already counts as done.
import type { ObservedTopic, TopicChange } from "@headgate/core/topic-plan";
import type { KafkaAdmin } from "@headgate/kafka/admin";
import type { Outcome as ItemOutcome, PartitionDescription } from "@headgate/kafka/admin/topics";
import { ErrorCode, KafkaError } from "@headgate/kafka/errors";
import { Api } from "@headgate/kafka/generated/types";

/** Reads metadata and the configs set on the topic itself, both in one round trip. */
export async function observeTopic(admin: KafkaAdmin, physical: string): Promise<ObservedTopic> {
  const [[topic], [config]] = await Promise.all([
    admin.metadata({ names: [physical] }),
    admin.describeConfigs([{ type: "topic", name: physical }]),
  ]);
  if (topic?.error?.code === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) return { state: "absent" };
  // Created or deleted between the two reads, or a broker that is behind: look again.
  if (!topic || topic.error || !config || config.error) return { state: "unknown" };
  const own = [...config.entries].filter(([, entry]) => entry.isOwn && entry.value !== null);
  return {
    state: "present",
    topicId: topic.topicId,
    partitions: topic.partitions.length,
    config: Object.fromEntries(own.map(([key, entry]) => [key, entry.value ?? ""])),
  };
}

/** Makes one change; answers the id of a topic that was created now. Throws KafkaError when the broker refuses. */
export async function changeTopic(
  admin: KafkaAdmin,
  physical: string,
  change: TopicChange,
  topicId: string | undefined,
): Promise<string | undefined> {
  switch (change.do) {
    case "create": {
      const { partitions, replicationFactor, config: configs } = change;
      const topic = { name: physical, partitions, replicationFactor, configs };
      const [created] = await admin.createTopics([topic]);
      accept(created, "TOPIC_ALREADY_EXISTS");
      return created?.error ? undefined : created?.topicId;
    }
    case "addPartitions": {
      // What a controller says that has them already, though the broker observed had not heard. Observing again tells.
      const [added] = await admin.createPartitions([{ name: physical, count: change.partitions }]);
      accept(added, "INVALID_PARTITIONS");
      return undefined;
    }
    case "setConfig": {
      const set = Object.entries(change.set).map(([key, value]) => ({
        key,
        op: "set" as const,
        value,
      }));
      const unset = change.unset.map((key) => ({ key, op: "delete" as const }));
      const ops = [...set, ...unset];
      const changes = [{ type: "topic" as const, name: physical, ops }];
      accept((await admin.incrementalAlterConfigs(changes))[0]);
      return undefined;
    }
    case "delete": {
      // By id: a topic made anew under the same name is not the one that was to go.
      const which = topicId === undefined ? { names: [physical] } : { ids: [topicId] };
      const gone = ["UNKNOWN_TOPIC_OR_PARTITION", "UNKNOWN_TOPIC_ID"];
      accept((await admin.deleteTopics(which))[0], ...gone);
      return undefined;
    }
  }
}

const leaderWaitMs = 3000;

/**
 * Waits, a few milliseconds as a rule, until every partition has a leader that knows it, so that a produce right after
 * Ready works; false when that takes too long. Sees at least `partitions` of them.
 */
export async function awaitLeaders(
  admin: KafkaAdmin,
  physical: string,
  partitions: number,
): Promise<boolean> {
  const led = await poll(leaderWaitMs, async () => {
    const [topic] = await admin.metadata({ names: [physical] });
    if (!topic || topic.error || topic.partitions.length < partitions) return undefined;
    if (topic.partitions.some((each) => each.leaderId < 0 || each.error)) return undefined;
    return (await areServed(admin, physical, topic.partitions)) ? true : undefined;
  });
  return led ?? false;
}

/**
 * Metadata names a leader before that broker has opened the log, and until then it refuses; so each leader is asked.
 */
async function areServed(
  admin: KafkaAdmin,
  name: string,
  partitions: readonly PartitionDescription[],
): Promise<boolean> {
  const byLeader = Map.groupBy(partitions, ({ leaderId }) => leaderId);
  const asked = [...byLeader].map(async ([leader, led]) => {
    const latest = { currentLeaderEpoch: -1, timestamp: -1n };
    const topic = {
      name,
      partitions: led.map(({ partition }) => ({ partitionIndex: partition, ...latest })),
    };
    const request = { replicaId: -1, isolationLevel: 0, topics: [topic] };
    const answer = await admin.ask(leader, Api.ListOffsets, request, { repeatable: true });
    return answer.topics.every((each) => each.partitions.every(({ errorCode }) => errorCode === 0));
  });
  return (await Promise.all(asked)).every(Boolean);
}

/** Whether brokers have forgotten the topic; waits a little for it. */
export async function awaitGone(admin: KafkaAdmin, physical: string): Promise<boolean> {
  const gone = await poll(leaderWaitMs, async () => {
    const [topic] = await admin.metadata({ names: [physical] });
    return topic?.error?.code === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION ? true : undefined;
  });
  return gone ?? false;
}

/** Asks until there is an answer, with pauses from 2 to 50 ms; undefined when time is out. */
export async function poll<T>(
  waitMs: number,
  ask: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const deadlineMs = performance.now() + waitMs;
  for (let pauseMs = 2; ; pauseMs = Math.min(50, pauseMs * 2)) {
    const answer = await ask();
    if (answer !== undefined || performance.now() >= deadlineMs) return answer;
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

function accept(outcome: ItemOutcome | undefined, ...tolerated: string[]): void {
  if (!outcome) throw new KafkaError(ErrorCode.UNKNOWN_SERVER_ERROR, "an answer without the topic");
  if (outcome.error && !tolerated.includes(outcome.error.errorName)) throw outcome.error;
}
