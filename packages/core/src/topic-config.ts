// Which topic settings a tenant may set, and to what. Everything else is refused, so that no setting reaches a shared
// broker unconsidered. The list holds what Kafka Streams, Connect and MirrorMaker set on the topics they create.
import type { FieldError } from "./errors.ts";

interface Setting {
  readonly check: (value: string) => string | undefined;
  readonly description: string;
}

const long = (min: bigint, max: bigint) => (value: string) => {
  if (!/^-?\d{1,19}$/.test(value)) return "must be a whole number";
  const number = BigInt(value);
  return number < min || number > max ? `must be from ${min} to ${max}` : undefined;
};

const ratio = (value: string) =>
  /^(0([.]\d{1,9})?|1([.]0{1,9})?)$/.test(value) ? undefined : "must be a number from 0 to 1";

const oneOf =
  (...allowed: string[]) =>
  (value: string) =>
    allowed.includes(value) ? undefined : `must be one of ${allowed.join(", ")}`;

const forever = 9_223_372_036_854_775_807n;

export const messageBytesMax = 8 * 1_048_576;

export const topicSettings: Readonly<Record<string, Setting>> = {
  "cleanup.policy": {
    check: oneOf("delete", "compact", "compact,delete", "delete,compact"),
    description: "Delete old records, keep the newest per key, or both.",
  },
  "retention.ms": {
    check: long(-1n, forever),
    description: "How long records are kept; -1 for ever.",
  },
  "retention.bytes": {
    check: long(-1n, forever),
    description: "Bytes kept per partition; -1 without limit.",
  },
  "max.message.bytes": {
    check: long(1n, BigInt(messageBytesMax)),
    description: "Largest record batch accepted.",
  },
  "compression.type": {
    check: oneOf("producer", "uncompressed", "gzip", "snappy", "lz4", "zstd"),
    description: "Compression of the log; producer keeps what was sent.",
  },
  "min.insync.replicas": { check: long(1n, 3n), description: "Capped by the tier." },
  "message.timestamp.type": {
    check: oneOf("CreateTime"),
    description: "Always CreateTime: counting depends on it.",
  },
  "min.compaction.lag.ms": {
    check: long(0n, forever),
    description: "Records younger than this are not compacted.",
  },
  "max.compaction.lag.ms": {
    check: long(1n, forever),
    description: "Records older than this are compacted.",
  },
  "min.cleanable.dirty.ratio": {
    check: ratio,
    description: "How dirty a log must be to be compacted.",
  },
  "delete.retention.ms": { check: long(0n, forever), description: "How long tombstones are kept." },
  "segment.ms": {
    check: long(60_000n, forever),
    description: "A segment is closed after this time.",
  },
  "segment.bytes": {
    check: long(1_048_576n, 1_073_741_824n),
    description: "A segment is closed at this size.",
  },
  "message.timestamp.before.max.ms": {
    check: long(0n, forever),
    description: "How old a record's time may be.",
  },
  "message.timestamp.after.max.ms": {
    check: long(0n, forever),
    description: "How far ahead a record's time may be.",
  },
};

/** Settings of Kafka that exist but belong to the operator: a clearer answer than "unknown". */
const operatorOnly = new Set([
  "unclean.leader.election.enable",
  "follower.replication.throttled.replicas",
  "leader.replication.throttled.replicas",
  "remote.storage.enable",
  "remote.log.copy.disable",
  "remote.log.delete.on.disable",
  "local.retention.ms",
  "local.retention.bytes",
  "flush.messages",
  "flush.ms",
  "file.delete.delay.ms",
  "index.interval.bytes",
  "segment.index.bytes",
  "segment.jitter.ms",
  "preallocate",
  "message.format.version",
  "message.downconversion.enable",
]);

/** Every fault of a config map, with a pointer to each. */
export function checkTopicConfig(config: Readonly<Record<string, string>>): FieldError[] {
  return Object.entries(config).flatMap(([key, value]): FieldError[] => {
    const pointer = `/spec/config/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    if (operatorOnly.has(key)) {
      return [
        { pointer, code: "topic.config_operator_only", detail: `${key} is set by the operator.` },
      ];
    }
    const setting = Object.hasOwn(topicSettings, key) ? topicSettings[key] : undefined;
    if (!setting)
      return [{ pointer, code: "topic.config_unknown", detail: `${key} is not a topic setting.` }];
    const fault = setting.check(value);
    return fault
      ? [{ pointer, code: "topic.config_invalid", detail: `${key} ${fault}, not '${value}'.` }]
      : [];
  });
}

/** What is set on the broker for a tenant's config: the tier caps min.insync.replicas, the rest stands. */
export function brokerTopicConfig(
  config: Readonly<Record<string, string>>,
  minInsyncReplicas: number,
): Record<string, string> {
  const asked = Number(config["min.insync.replicas"] ?? minInsyncReplicas);
  return { ...config, "min.insync.replicas": String(Math.min(asked, minInsyncReplicas)) };
}
