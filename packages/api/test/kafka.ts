import { type KafkaAdmin, kafkaAdmin } from "@headgate/kafka/admin";
import { inject, vi } from "vitest";

/** An admin of the test run's broker. */
export function testAdmin(): KafkaAdmin {
  const { bootstrap, adminUsername: username, adminPassword: password } = inject("kafka");
  return kafkaAdmin({ bootstrap, sasl: { mechanism: "PLAIN", username, password } });
}

/** Makes a topic and a group that has committed `committed` to its only partition. */
export async function groupWithOffset(
  admin: KafkaAdmin,
  prefix: string,
  group: string,
  committed: bigint,
): Promise<void> {
  const topic = `${prefix}${group}-topic`;
  await admin.createTopics([{ name: topic, partitions: 1, replicationFactor: 1 }]);
  await settled(async () => {
    const [outcome] = await admin.offsetCommit(prefix + group, [
      { topic, partition: 0, offset: committed },
    ]);
    if (outcome?.error) throw outcome.error;
  });
}

/** A broker answers CreateTopics before all of it knows the topic: until then others are refused. */
export function settled(act: () => Promise<void>): Promise<void> {
  return vi.waitFor(act, { timeout: 10_000, interval: 20 });
}
