// A cell is one physical Kafka cluster. Tenants never see it. Many clusters share one.
import { z } from "zod";
import { CellId } from "./ids.ts";
import { Timestamp } from "./resource.ts";

export const Cell = z.object({
  id: CellId,
  driver: z.enum(["embedded", "strimzi", "msk"]),
  /** Broker addresses (`host:port`) by node id, as the provisioner last saw them: where gateways dial. */
  brokers: z.record(z.string(), z.string()),
  brokerCount: z.int().min(0),
  phase: z.enum(["Pending", "Ready", "Failed"]),
  updatedAt: Timestamp,
});
export type Cell = z.infer<typeof Cell>;
