// A topic: its schema, its name rules and what its partitions may become. Addressed by name within its cluster.
import { z } from "zod";
import { AppError, type FieldError } from "./errors.ts";
import { prefixBytes, TopicHandle } from "./ids.ts";
import { baseStatus, Labels, resource } from "./resource.ts";
import { checkTopicConfig } from "./topic-config.ts";

/** Kafka allows 249 characters; the cell's prefix takes its share. */
export const topicNameLengthMax = 249 - prefixBytes;

export const TopicName = z
  .string()
  .regex(/^[a-zA-Z0-9._-]+$/, "letters, digits, dots, underscores and hyphens only")
  .max(topicNameLengthMax, `at most ${topicNameLengthMax} characters`)
  .refine((name) => name !== "." && name !== "..", "must not be '.' or '..'");
export type TopicName = z.infer<typeof TopicName>;

export const partitionsDefault = 3;

export const TopicSpec = z.strictObject({
  partitions: z
    .int("must be a whole number")
    .min(1, "must be at least 1")
    .default(partitionsDefault),
  /** Only what the tenant set; Kafka's own names and values (`retention.ms`). */
  config: z.record(z.string(), z.string()).default({}),
  /** Refuses deletion while true. */
  protected: z.boolean().default(false),
  labels: Labels.default({}),
});
export type TopicSpec = z.infer<typeof TopicSpec>;

export const TopicStatus = z.object({
  ...baseStatus,
  /** Partitions that exist now. */
  partitions: z.int().min(0).optional(),
  /** Kafka's topic id (base64, KIP-516): new for each re-creation under the same name. */
  topicId: z.string().optional(),
});
export type TopicStatus = z.infer<typeof TopicStatus>;

export const Topic = resource("Topic", TopicHandle, TopicName, TopicSpec, TopicStatus);
export type Topic = z.infer<typeof Topic>;

/** Throws `topic.name_invalid` saying which rule the name breaks. */
export function checkTopicName(name: string): asserts name is TopicName {
  const result = TopicName.safeParse(name);
  if (!result.success) {
    const shown = name.length > 40 ? `${name.slice(0, 40)}… (${name.length} characters)` : name;
    throw new AppError("topic.name_invalid", {
      detail: `'${shown}': ${result.error.issues.map((issue) => issue.message).join("; ")}.`,
    });
  }
}

export interface TopicChangeContext {
  /** The spec in force, or undefined for a new topic. */
  readonly current: TopicSpec | undefined;
  /** Partitions of all other topics of the cluster. */
  readonly partitionsElsewhere: number;
  readonly partitionsMax: number;
}

/** Checks a whole new spec against what is there; throws one AppError that names every fault. */
export function checkTopicSpec(spec: TopicSpec, context: TopicChangeContext): void {
  const errors: FieldError[] = [
    ...checkPartitions(spec, context),
    ...checkTopicConfig(spec.config),
  ];
  const first = errors[0];
  if (first) throw new AppError(first.code, { detail: first.detail, errors });
}

function checkPartitions(spec: TopicSpec, context: TopicChangeContext): FieldError[] {
  const pointer = "/spec/partitions";
  const room = context.partitionsMax - context.partitionsElsewhere;
  if (context.current !== undefined && spec.partitions < context.current.partitions) {
    const detail = `The topic has ${context.current.partitions} partitions; ${spec.partitions} would remove some.`;
    return [{ pointer, code: "topic.partitions_decrease", detail }];
  }
  if (spec.partitions > context.partitionsMax) {
    const detail = `${spec.partitions} partitions; this cluster may have ${context.partitionsMax} in all.`;
    return [{ pointer, code: "topic.partitions_invalid", detail }];
  }
  if (spec.partitions > room && spec.partitions !== context.current?.partitions) {
    const detail = `${spec.partitions} partitions; ${Math.max(0, room)} of this cluster's ${context.partitionsMax} are left.`;
    return [{ pointer, code: "quota.exceeded", detail }];
  }
  return [];
}
