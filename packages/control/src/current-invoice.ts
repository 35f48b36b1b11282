// The invoice of the month that is not over: the same lines, rated the same way, as when it closes.

import type { Invoice } from "@headgate/core/bill";
import { hourOf, monthOf, nextHour, toTimestamp } from "@headgate/core/clock";
import type { TenantId } from "@headgate/core/ids";
import { bookOfHour, invoiceLines, totalOf } from "@headgate/core/invoice-lines";
import { type MeteredCluster, Reconciliation, unattributedIn } from "@headgate/core/metering";
import { reconciliationsOf } from "@headgate/store/keys";
import { allBetween } from "@headgate/store/resources";
import type { Store } from "@headgate/store/store";
import type { Control } from "./control.ts";
import { countedHours, meteredClusters, pricesOf } from "./metered-hours.ts";

/** Lines with their evidence, up to the newest snapshot. Throws StoreError. */
export async function currentInvoice(
  control: Pick<Control, "store">,
  tenant: TenantId,
  nowMs: number,
): Promise<Invoice> {
  const { store } = control;
  const period = monthOf(toTimestamp(nowMs));
  const span = { from: `${period}-01T00`, before: nextHour(hourOf(nowMs)) };
  const books = await pricesOf(store, tenant);
  const metered = await meteredClusters(store, tenant);
  const counted = [];
  for (const cluster of metered) {
    counted.push(await countedHours(store, tenant, cluster, span, nowMs));
  }
  const lines = invoiceLines(period, counted, books);
  const compared = await compare(store, tenant, metered, period);
  const used = new Set(lines.map((line) => line.priceVersion));
  used.add(bookOfHour(books, hourOf(nowMs)).version);
  return {
    kind: "Invoice",
    id: `inv-${tenant}-${period}`,
    tenant,
    period,
    state: "open",
    currency: "USD",
    lines,
    total: totalOf(lines),
    priceBooks: books.filter((book) => used.has(book.version)),
    findings: compared.findings,
    unattributedRecords: String(compared.unattributed),
    asOf: toTimestamp(nowMs),
  };
}

/** What the comparison of gateway counts and logs says about a month. */
async function compare(
  store: Store,
  tenant: TenantId,
  metered: readonly MeteredCluster[],
  month: string,
): Promise<{ findings: string[]; unattributed: bigint }> {
  const findings: string[] = [];
  let unattributed = 0n;
  for (const { cluster } of metered) {
    const family = reconciliationsOf(tenant, cluster);
    for (const { value } of await allBetween(store, Reconciliation, family.pk, {})) {
      unattributed += unattributedIn(value, month);
      const said = value.findings.filter((finding) => monthOf(finding.at) === month);
      findings.push(...said.map((finding) => finding.text));
    }
  }
  return { findings, unattributed };
}
