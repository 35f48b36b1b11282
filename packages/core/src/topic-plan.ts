// Desired topic against observed topic → the next changes. Pure; each change is idempotent on a real broker.
import type { TopicSpec } from "./topic.ts";
import { brokerTopicConfig } from "./topic-config.ts";

export type ObservedTopic =
  | { readonly state: "absent" }
  | { readonly state: "unknown" }
  | {
      readonly state: "present";
      readonly topicId: string;
      readonly partitions: number;
      /** Only settings set on the topic itself. */
      readonly config: Readonly<Record<string, string>>;
    };

export type TopicChange =
  | {
      readonly do: "create";
      readonly partitions: number;
      readonly replicationFactor: number;
      readonly config: Record<string, string>;
    }
  | { readonly do: "addPartitions"; readonly partitions: number }
  | {
      readonly do: "setConfig";
      readonly set: Record<string, string>;
      readonly unset: readonly string[];
    }
  | { readonly do: "delete" };

export interface TopicGoal {
  readonly spec: TopicSpec;
  readonly deleted: boolean;
  readonly replicationFactor: number;
  readonly minInsyncReplicas: number;
}

/** The one next change, or undefined when the world is as it should be. `unknown` must be observed again first. */
export function nextTopicChange(goal: TopicGoal, observed: ObservedTopic): TopicChange | undefined {
  if (observed.state === "unknown") return undefined;
  if (goal.deleted) return observed.state === "present" ? { do: "delete" } : undefined;
  const config = brokerTopicConfig(goal.spec.config, goal.minInsyncReplicas);
  if (observed.state === "absent") {
    const { partitions } = goal.spec;
    return { do: "create", partitions, replicationFactor: goal.replicationFactor, config };
  }
  if (observed.partitions < goal.spec.partitions) {
    return { do: "addPartitions", partitions: goal.spec.partitions };
  }
  const set = Object.fromEntries(
    Object.entries(config).filter(([key, value]) => observed.config[key] !== value),
  );
  const unset = Object.keys(observed.config).filter((key) => !Object.hasOwn(config, key));
  if (Object.keys(set).length + unset.length > 0) return { do: "setConfig", set, unset };
  return undefined;
}
