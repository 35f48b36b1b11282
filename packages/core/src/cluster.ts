// A logical Kafka cluster: a namespace with a bootstrap address, streaming units and a tier. The tenant sees no broker.
import { z } from "zod";
import { CellId, ClusterId, PhysicalPrefix } from "./ids.ts";
import { baseStatus, Labels, Name, resource } from "./resource.ts";

/** `dev`: one copy, a lost disk loses data. `standard`: three copies. `high`: three zones, never sleeps. */
export const Tier = z.enum(["dev", "standard", "high"]);
export type Tier = z.infer<typeof Tier>;

export const StreamingUnits = z
  .strictObject({ min: z.int().min(0).max(100), max: z.int().min(1).max(100) })
  .refine((su) => su.min <= su.max, "min must not be above max");
export type StreamingUnits = z.infer<typeof StreamingUnits>;

export const ClusterSpec = z.strictObject({
  tier: Tier.default("dev"),
  streamingUnits: StreamingUnits.default({ min: 0, max: 5 }),
  /** Seconds without use before it may sleep. */
  idleAfterSeconds: z.int().min(60).max(86_400).default(600),
  /** Whether a producer or consumer naming an unknown topic creates it. */
  autoCreateTopics: z.boolean().default(false),
  /** Refuses deletion while true. */
  protected: z.boolean().default(false),
  labels: Labels.default({}),
});
export type ClusterSpec = z.infer<typeof ClusterSpec>;

export const ClusterStatus = z.object({
  ...baseStatus,
  /** Where Kafka clients connect: `host:port`. */
  bootstrap: z.string().optional(),
  /** What it can cost at most, per hour, in US dollars (decimal text), storage apart. */
  costPerHourMax: z.string().optional(),
});
export type ClusterStatus = z.infer<typeof ClusterStatus>;

/** Where a cluster lives. The provisioner writes it, gateways read it, tenants never see it. */
export const Placement = z.object({
  cell: CellId,
  prefix: PhysicalPrefix,
  /** Kafka principal of the cluster's upstream connections, without `User:`. */
  principal: z.string(),
});
export type Placement = z.infer<typeof Placement>;

export const Cluster = resource("Cluster", ClusterId, Name, ClusterSpec, ClusterStatus);
export type Cluster = z.infer<typeof Cluster>;

/** Copies of each record and how many must acknowledge, by tier. A cell with fewer brokers caps both. */
export const replication: Record<Tier, { factor: number; minInsyncReplicas: number }> = {
  dev: { factor: 1, minInsyncReplicas: 1 },
  standard: { factor: 3, minInsyncReplicas: 2 },
  high: { factor: 3, minInsyncReplicas: 2 },
};

/** What one streaming unit allows (docs/ARCHITECTURE.md, Words). Averaged over 10 s. */
export const perStreamingUnit = {
  bytesInPerSecond: 1_048_576,
  bytesOutPerSecond: 3_145_728,
  requestsPerSecond: 500,
  connections: 100,
  connectionsPerSecond: 20,
  connectionBurst: 200,
  partitions: 100,
} as const;

/** Partitions a cluster may have: a quota of its own, by the ceiling of its streaming units. */
export function partitionsMax(spec: Pick<ClusterSpec, "streamingUnits">): number {
  return spec.streamingUnits.max * perStreamingUnit.partitions;
}
