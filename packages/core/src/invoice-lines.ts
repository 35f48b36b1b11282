// From metered hours to the lines of an invoice: each rounded once, their sum the total, the credit never below zero.

import type { InvoiceLine } from "./bill.ts";
import { hourStartMs, hoursInMonth, monthOf, toTimestamp } from "./clock.ts";
import type { Tier } from "./cluster.ts";
import type { ClusterId } from "./ids.ts";
import { formatCents, formatUsd, toCents } from "./money.ts";
import { bookInForce, type PriceBook } from "./price-book.ts";
import { type RatedHour, rateHour, toCentsExactly, toPico } from "./rating/rate-hour.ts";
import { bytesPerGib, type HourUsage, type OffsetRange } from "./usage.ts";

/** One hour of one cluster with the settings it is rated by and the offsets that prove what was written. */
export interface MeteredHour {
  readonly hour: string;
  readonly usage: HourUsage;
  readonly tier: Tier;
  readonly unitsMin: number;
  readonly ranges: readonly OffsetRange[];
}

export interface MeteredCluster {
  readonly id: ClusterId;
  readonly name: string;
  readonly hours: readonly MeteredHour[];
}

/** Hours of one cluster that have the same prices: one line per kind comes of them. */
interface Batch {
  readonly cluster: MeteredCluster;
  readonly tier: Tier;
  readonly book: PriceBook;
  readonly hours: { readonly metered: MeteredHour; readonly rated: RatedHour }[];
}

/**
 * Lines of one month, clusters in the order given, the credit last. `books` are all versions of the tenant's price
 * book; hours lie in `month` (`2026-11`).
 */
export function invoiceLines(
  month: string,
  clusters: readonly MeteredCluster[],
  books: readonly PriceBook[],
): InvoiceLine[] {
  const lines = clusters.flatMap((cluster) => batchesOf(cluster, books).flatMap(linesOf));
  const credit = creditLine(month, centsOf(lines), books);
  return credit ? [...lines, credit] : lines;
}

/** The sum of the rounded lines, as dollars. */
export function totalOf(lines: readonly InvoiceLine[]): string {
  return formatCents(centsOf(lines));
}

/** Price of the version in force when an hour begins. */
export function bookOfHour(books: readonly PriceBook[], hour: string): PriceBook {
  return bookInForce(books, toTimestamp(hourStartMs(hour)));
}

function batchesOf(cluster: MeteredCluster, books: readonly PriceBook[]): Batch[] {
  const batches = new Map<string, Batch>();
  for (const metered of cluster.hours) {
    const { hour, usage, tier, unitsMin } = metered;
    const book = bookOfHour(books, hour);
    const key = `${book.version}/${tier}`;
    const batch = batches.get(key) ?? { cluster, tier, book, hours: [] };
    batches.set(key, batch);
    batch.hours.push({ metered, rated: rateHour(hour, usage, tier, unitsMin, book) });
  }
  return [...batches.values()];
}

function linesOf(batch: Batch): InvoiceLine[] {
  return [writtenLine(batch), readLine(batch), reserveLine(batch), storageLine(batch)].filter(
    (line) => line.quantity !== "0" || line.exactAmount !== "0.00",
  );
}

function writtenLine(batch: Batch): InvoiceLine {
  const offsetRanges = batch.hours.flatMap(({ metered }) =>
    metered.ranges.map((range) => ({ ...range, hour: metered.hour })),
  );
  return {
    ...messageLine(batch, "written", "Messages written", ({ rated }) => rated.messagesIn),
    records: String(sum(batch.hours, ({ metered }) => metered.usage.recordsIn)),
    offsetRanges,
  };
}

function readLine(batch: Batch): InvoiceLine {
  return {
    ...messageLine(batch, "read", "Messages read", ({ rated }) => rated.messagesOut),
    records: String(sum(batch.hours, ({ metered }) => metered.usage.recordsOut)),
  };
}

function messageLine(
  batch: Batch,
  kind: "written" | "read",
  description: string,
  messages: (hour: Batch["hours"][number]) => bigint,
): InvoiceLine {
  return {
    kind,
    description,
    ...priced(
      batch,
      sum(batch.hours, ({ rated }) => rated[kind]),
    ),
    quantity: String(sum(batch.hours, messages)),
    unit: "message",
    unitPrice: formatUsd(BigInt(batch.book.tiers[batch.tier].perMillionMessagesPico)),
    unitPriceQuantity: "1000000",
    hoursAtCeiling: batch.hours.filter(({ rated }) => rated.isAtCeiling).length,
  };
}

function reserveLine(batch: Batch): InvoiceLine {
  const reserved = batch.hours.filter(({ rated }) => rated.reserve > 0n);
  return {
    kind: "reserve",
    description: "Streaming units reserved, less what messages already paid in the same hours",
    ...priced(
      batch,
      sum(reserved, ({ rated }) => rated.reserve),
    ),
    quantity: String(sum(reserved, ({ metered }) => BigInt(metered.unitsMin))),
    unit: "unit-hour",
    unitPrice: formatUsd(BigInt(batch.book.tiers[batch.tier].perUnitHourPico)),
    unitPriceQuantity: "1",
  };
}

function storageLine(batch: Batch): InvoiceLine {
  const hours = BigInt(hoursInMonth(monthOf(batch.hours[0]!.metered.hour)));
  return {
    kind: "storage",
    description: "Bytes kept, by hourly samples, all copies included",
    ...priced(
      batch,
      sum(batch.hours, ({ rated }) => rated.storage),
    ),
    quantity: String(sum(batch.hours, ({ metered }) => metered.usage.bytesStored)),
    unit: "byte-hour",
    unitPrice: formatUsd(BigInt(batch.book.tiers[batch.tier].perGibMonthPico)),
    unitPriceQuantity: String(bytesPerGib * hours),
  };
}

function priced({ cluster, tier, book }: Batch, numerator: bigint) {
  return {
    cluster: cluster.id,
    clusterName: cluster.name,
    tier,
    priceVersion: book.version,
    exactAmount: formatUsd(toPico(numerator)),
    amount: formatCents(toCentsExactly(numerator)),
  };
}

/** The monthly credit, as far as there is something to pay. */
function creditLine(
  month: string,
  cents: bigint,
  books: readonly PriceBook[],
): InvoiceLine | undefined {
  const book = bookOfHour(books, `${month}-01T00`);
  const monthly = toCents(BigInt(book.creditPerMonthPico));
  const used = cents < monthly ? cents : monthly;
  if (used <= 0n) return undefined;
  return {
    kind: "credit",
    description: `Monthly credit of ${formatCents(monthly)}`,
    priceVersion: book.version,
    quantity: "1",
    unit: "month",
    unitPrice: formatCents(-monthly),
    unitPriceQuantity: "1",
    exactAmount: formatCents(-used),
    amount: formatCents(-used),
  };
}

/** Amounts have two decimals, so the digits alone are the cents. */
function centsOf(lines: readonly InvoiceLine[]): bigint {
  return lines.reduce((cents, line) => cents + BigInt(line.amount.replace(".", "")), 0n);
}

function sum<T>(items: readonly T[], value: (item: T) => bigint): bigint {
  return items.reduce((total, item) => total + value(item), 0n);
}
