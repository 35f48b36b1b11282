// A broker's settings as far as tools read them before they create topics. Values are the service's defaults, not the
// cell's.

import { partitionsDefault } from "@headgate/core/topic";
import { messageBytesMax } from "@headgate/core/topic-config";

const defaultConfig = 5;
const weekMs = 7 * 24 * 3_600_000;

/** Entries of a DescribeConfigs result; `keys` null means all. */
export function brokerConfigs(keys: readonly string[] | null, autoCreateTopics: boolean) {
  const values: Record<string, string> = {
    "auto.create.topics.enable": String(autoCreateTopics),
    "default.replication.factor": "-1",
    "delete.topic.enable": "true",
    "log.cleanup.policy": "delete",
    "log.retention.ms": String(weekMs),
    "message.max.bytes": String(messageBytesMax),
    "num.partitions": String(partitionsDefault),
  };
  return Object.entries(values)
    .filter(([name]) => keys === null || keys.includes(name))
    .map(([name, value]) => ({ name, value, readOnly: true, configSource: defaultConfig }));
}
