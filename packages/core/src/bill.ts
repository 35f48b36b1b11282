// An invoice: lines with quantity, unit price, exact and rounded amount, and the evidence. The total is the sum of the
// rounded lines. It carries its own copy of the prices it used, so that history never follows later changes.
import { z } from "zod";
import { Tier } from "./cluster.ts";
import { ClusterId, TenantId } from "./ids.ts";
import { PriceBook } from "./price-book.ts";
import { Timestamp } from "./resource.ts";
import { Hour, OffsetRange, Quantity } from "./usage.ts";

export const LineKind = z.enum(["written", "read", "reserve", "storage", "credit"]);

export const InvoiceLine = z.object({
  kind: LineKind,
  description: z.string(),
  cluster: ClusterId.optional(),
  clusterName: z.string().optional(),
  tier: Tier.optional(),
  /** Version of the price book the line was rated by. */
  priceVersion: z.int(),
  /** Messages written or read, byte-hours stored, unit-hours reserved. */
  quantity: Quantity,
  unit: z.enum(["message", "unit-hour", "byte-hour", "month"]),
  /** Decimal dollars per `unitPriceQuantity`, as published. */
  unitPrice: z.string(),
  unitPriceQuantity: z.string(),
  /** Decimal dollars to the pico-dollar: before rounding. */
  exactAmount: z.string(),
  /** Decimal dollars, two places: what is charged. */
  amount: z.string(),
  /** Records (log offsets) behind a written line. */
  records: Quantity.optional(),
  /** Hours in which the ceiling of the units used decided, so that the line is below quantity times price. */
  hoursAtCeiling: z.int().optional(),
  /** The offsets behind a written line, by hour. */
  offsetRanges: z.array(OffsetRange.extend({ hour: Hour })).optional(),
});
export type InvoiceLine = z.infer<typeof InvoiceLine>;

export const Invoice = z.object({
  kind: z.literal("Invoice"),
  id: z.string(),
  tenant: TenantId,
  /** Calendar month, UTC: `2026-11`. */
  period: z.string().regex(/^\d{4}-\d{2}$/),
  state: z.enum(["open"]),
  currency: z.literal("USD"),
  lines: z.array(InvoiceLine),
  total: z.string(),
  /** The versions the lines were rated by. */
  priceBooks: z.array(PriceBook),
  /** What keeps this from becoming final: each a sentence. */
  findings: z.array(z.string()),
  /** Records in the log that no gateway counted (a crashed gateway, transaction markers); billed. */
  unattributedRecords: Quantity,
  asOf: Timestamp,
});
export type Invoice = z.infer<typeof Invoice>;
