// Consumer groups as the API shows them, and the port that reads them from wherever a cluster's brokers are. Numbers
// are decimal text: offsets may pass 2^53.
import type { Placement } from "@headgate/core/cluster";
import { Quantity } from "@headgate/core/usage";
import { z } from "@hono/zod-openapi";

export const GroupSummary = z.object({
  kind: z.literal("Group"),
  name: z.string(),
  /** Kafka's own word: `Stable`, `Empty`, `PreparingRebalance`, … */
  state: z.string(),
  /** `classic` (JoinGroup) or `consumer` (KIP-848); `share` and `streams` where a broker has them. */
  type: z.string(),
});
export type GroupSummary = z.infer<typeof GroupSummary>;

export const GroupMember = z.object({
  id: z.string(),
  clientId: z.string(),
  assignments: z.array(z.object({ topic: z.string(), partitions: z.array(z.int().min(0)) })),
});

export const GroupPartition = z.object({
  topic: z.string(),
  partition: z.int().min(0),
  /** The next offset the group reads; absent when it has committed none. */
  committed: Quantity.optional(),
  /** Log end offset (high watermark). */
  end: Quantity,
  /** `end` less `committed`, or without a commit all that the log still holds; never below 0. */
  lag: Quantity,
});
export type GroupPartition = z.infer<typeof GroupPartition>;

export const Group = GroupSummary.extend({
  members: z.array(GroupMember),
  /** Every partition the group committed to or is assigned. */
  partitions: z.array(GroupPartition),
  /** Sum over `partitions`. */
  lag: Quantity,
});
export type Group = z.infer<typeof Group>;

export type GroupPlace = Pick<Placement, "cell" | "prefix">;

/** Names are as the tenant knows them. Methods throw KafkaError or ConnectionError when the cell does not answer. */
export interface GroupReader {
  /** In no particular order. */
  list(place: GroupPlace): Promise<GroupSummary[]>;
  read(place: GroupPlace, name: string): Promise<Group | undefined>;
  /** A group with members is left alone. */
  remove(place: GroupPlace, name: string): Promise<"removed" | "absent" | "not empty">;
}
