import { expect, test } from "vitest";
import { brokerTopicConfig, checkTopicConfig, topicSettings } from "./topic-config.ts";

const codes = (config: Record<string, string>) => checkTopicConfig(config).map((e) => e.code);

test.each([
  ["cleanup.policy", "compact,delete"],
  ["retention.ms", "-1"],
  ["retention.ms", "9223372036854775807"],
  ["max.message.bytes", "8388608"],
  ["min.cleanable.dirty.ratio", "0.5"],
  ["min.cleanable.dirty.ratio", "1"],
  ["segment.bytes", "1048576"],
  ["message.timestamp.type", "CreateTime"],
])("%s may be %s", (key, value) => {
  expect(checkTopicConfig({ [key]: value })).toEqual([]);
});

test.each([
  ["cleanup.policy", "none"],
  ["retention.ms", "-2"],
  ["retention.ms", "9223372036854775808"],
  ["retention.ms", "1e3"],
  ["retention.ms", ""],
  ["max.message.bytes", "8388609"],
  ["min.cleanable.dirty.ratio", "1.1"],
  ["min.cleanable.dirty.ratio", "-0"],
  ["segment.bytes", "1"],
  ["message.timestamp.type", "LogAppendTime"],
])("%s may not be '%s', and the answer says what may", (key, value) => {
  const [fault] = checkTopicConfig({ [key]: value });
  expect(fault).toMatchObject({ code: "topic.config_invalid", pointer: `/spec/config/${key}` });
  expect(fault!.detail).toMatch(/must be/);
});

test("what belongs to the operator is told apart from what does not exist", () => {
  expect(codes({ "unclean.leader.election.enable": "true" })).toEqual([
    "topic.config_operator_only",
  ]);
  expect(codes({ "retention.seconds": "1" })).toEqual(["topic.config_unknown"]);
  expect(codes({ constructor: "1", toString: "1" })).toEqual([
    "topic.config_unknown",
    "topic.config_unknown",
  ]);
});

test("a pointer to a strange setting is escaped (RFC 6901)", () => {
  expect(checkTopicConfig({ "a/b~c": "1" })[0]!.pointer).toBe("/spec/config/a~1b~0c");
});

test("every setting says what it is for", () => {
  for (const setting of Object.values(topicSettings)) expect(setting.description).toMatch(/[.]$/);
});

test("the tier caps min.insync.replicas, and sets it where the tenant did not", () => {
  const min = (asked: string | undefined, cap: number) =>
    brokerTopicConfig(asked ? { "min.insync.replicas": asked } : {}, cap)["min.insync.replicas"];
  expect([min(undefined, 2), min("1", 2), min("3", 2), min("2", 1)]).toEqual(["2", "1", "2", "1"]);
  expect(brokerTopicConfig({ "retention.ms": "5" }, 1)).toMatchObject({ "retention.ms": "5" });
});
