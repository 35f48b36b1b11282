// What a tenant reads of a bed: usage and the invoice, as the API would answer them.
import { currentInvoice } from "@headgate/control/current-invoice";
import { readUsage } from "@headgate/control/usage-report";
import type { Invoice } from "@headgate/core/bill";
import { hourOf, hourStartMs, toTimestamp } from "@headgate/core/clock";
import type { UsageReport } from "@headgate/core/usage";
import { type Bed, hourMs, settleMs } from "./bed.ts";

export function report(bed: Bed, groupBy: UsageReport["groupBy"]): Promise<UsageReport> {
  const from = toTimestamp(hourStartMs("2026-11-01T00"));
  const to = toTimestamp(bed.nowMs() + hourMs);
  return readUsage(bed.control, bed.tenant, { from, to, groupBy });
}

/** Records written, by hour or topic; what is 0 is left out. */
export async function written(
  bed: Bed,
  groupBy: "hour" | "topic" = "hour",
): Promise<Record<string, number>> {
  const { rows } = await report(bed, groupBy);
  const counts = rows.map((row) => [row[groupBy]!, Number(row.recordsWritten)] as const);
  return Object.fromEntries(counts.filter(([, records]) => records !== 0));
}

export function invoice(bed: Bed): Promise<Invoice> {
  return currentInvoice(bed.control, bed.tenant, bed.nowMs());
}

/** Rounds until no comparison waits for later counts. */
export async function settle(bed: Bed, meter: { round(): Promise<boolean> }): Promise<void> {
  while (await meter.round()) bed.pass(settleMs);
}

/** The n-th hour after the one a bed begins in. */
export const hour = (n: number): string => hourOf(Date.UTC(2026, 10, 10, 4 + n));
