import fc from "fast-check";
import { expect, test } from "vitest";
import type { AppError } from "./errors.ts";
import { checkTopicName, checkTopicSpec, TopicName, TopicSpec } from "./topic.ts";

const legal = "abcXYZ019._-";

test("exactly the names Kafka takes, less the cell's prefix, are legal", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...legal), maxLength: 260 }), (name) => {
      const fits = name.length >= 1 && name.length <= 238 && name !== "." && name !== "..";
      expect(TopicName.safeParse(name).success).toBe(fits);
    }),
  );
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), (name) => {
      if (!/^[a-zA-Z0-9._-]+$/.test(name)) expect(TopicName.safeParse(name).success).toBe(false);
    }),
  );
});

test.each([
  ["", /letters/],
  [".", /must not be/],
  ["a/b", /letters/],
  ["a\n", /letters/],
  ["x".repeat(251), /251 characters.*at most 238/],
])("the name %j is refused with the rule it breaks", (name, rule) => {
  const error = caught(() => checkTopicName(name));
  expect(error.code).toBe("topic.name_invalid");
  expect(error.message).toMatch(rule);
  expect(error.message.length).toBeLessThan(200);
});

const spec = (partitions: number, config: Record<string, string> = {}) =>
  TopicSpec.parse({ partitions, config });
const fresh = { current: undefined, partitionsElsewhere: 90, partitionsMax: 100 };

test("a spec fills its defaults and refuses what it does not know", () => {
  expect(TopicSpec.parse({})).toEqual({ partitions: 3, config: {}, protected: false, labels: {} });
  for (const bad of [
    { partitions: 0 },
    { partitions: 1.5 },
    { replicas: 3 },
    { config: { a: 1 } },
  ]) {
    expect(TopicSpec.safeParse(bad).success).toBe(false);
  }
});

test("partitions may use what the cluster has left, and not one more", () => {
  expect(() => checkTopicSpec(spec(10), fresh)).not.toThrow();
  expect(caught(() => checkTopicSpec(spec(11), fresh)).code).toBe("quota.exceeded");
  expect(caught(() => checkTopicSpec(spec(1e9), fresh)).code).toBe("topic.partitions_invalid");
});

test("partitions never shrink, and a full cluster still takes changes that need none", () => {
  const context = { current: spec(6), partitionsElsewhere: 100, partitionsMax: 100 };
  expect(caught(() => checkTopicSpec(spec(5), context)).code).toBe("topic.partitions_decrease");
  expect(() => checkTopicSpec(spec(6, { "retention.ms": "1000" }), context)).not.toThrow();
  expect(caught(() => checkTopicSpec(spec(7), context)).code).toBe("quota.exceeded");
});

test("every fault is named, not just the first", () => {
  const error = caught(() =>
    checkTopicSpec(spec(1e9, { nonsense: "1", "retention.ms": "soon" }), fresh),
  );
  expect(error.errors.map((e) => [e.pointer, e.code])).toEqual([
    ["/spec/partitions", "topic.partitions_invalid"],
    ["/spec/config/nonsense", "topic.config_unknown"],
    ["/spec/config/retention.ms", "topic.config_invalid"],
  ]);
});

function caught(act: () => void): AppError {
  try {
    act();
  } catch (error) {
    return error as AppError;
  }
  return expect.unreachable();
}
