import fc from "fast-check";
import { expect, test } from "vitest";
import { TopicSpec } from "./topic.ts";
import { brokerTopicConfig } from "./topic-config.ts";
import {
  nextTopicChange,
  type ObservedTopic,
  type TopicChange,
  type TopicGoal,
} from "./topic-plan.ts";

const config = fc.dictionary(
  fc.constantFrom("retention.ms", "cleanup.policy", "min.insync.replicas", "segment.bytes"),
  fc.constantFrom("1", "2", "3"),
);
const goal: fc.Arbitrary<TopicGoal> = fc.record({
  spec: fc
    .record({ partitions: fc.integer({ min: 1, max: 6 }), config })
    .map((spec) => TopicSpec.parse(spec)),
  deleted: fc.boolean(),
  replicationFactor: fc.constantFrom(1, 3),
  minInsyncReplicas: fc.constantFrom(1, 2),
});
const observed: fc.Arbitrary<ObservedTopic> = fc.oneof(
  fc.constant({ state: "absent" } as const),
  fc.record({
    state: fc.constant("present" as const),
    topicId: fc.constant("id"),
    partitions: fc.integer({ min: 1, max: 6 }),
    config,
  }),
);

/** What a broker makes of a change; applying one twice is the same as once, as on a real one. */
function apply(topic: ObservedTopic, change: TopicChange): ObservedTopic {
  if (change.do === "delete") return { state: "absent" };
  if (change.do === "create") {
    return topic.state === "present"
      ? topic
      : { state: "present", topicId: "new", partitions: change.partitions, config: change.config };
  }
  if (topic.state !== "present") throw new Error(`${change.do} on a topic that is not there`);
  if (change.do === "addPartitions") {
    if (change.partitions < topic.partitions) throw new Error("partitions cannot be removed");
    return { ...topic, partitions: change.partitions };
  }
  const kept = Object.entries(topic.config).filter(([key]) => !change.unset.includes(key));
  return { ...topic, config: { ...Object.fromEntries(kept), ...change.set } };
}

test("from any state the changes reach the goal in at most three steps and then rest", () => {
  fc.assert(
    fc.property(goal, observed, fc.boolean(), (wanted, start, twice) => {
      let topic = start;
      let steps = 0;
      for (
        let change = nextTopicChange(wanted, topic);
        change;
        change = nextTopicChange(wanted, topic)
      ) {
        topic = apply(topic, change);
        if (twice) topic = apply(topic, change);
        expect(++steps).toBeLessThanOrEqual(3);
      }
      if (wanted.deleted) {
        expect(topic).toEqual({ state: "absent" });
        return;
      }
      if (topic.state !== "present") return expect.unreachable();
      const before = start.state === "present" ? start.partitions : 0;
      expect(topic.partitions).toBe(Math.max(before, wanted.spec.partitions));
      expect(topic.config).toEqual(brokerTopicConfig(wanted.spec.config, wanted.minInsyncReplicas));
    }),
  );
});

test("nothing is changed on a topic whose state is not known", () => {
  fc.assert(
    fc.property(goal, (wanted) => {
      expect(nextTopicChange(wanted, { state: "unknown" })).toBeUndefined();
    }),
  );
});
