// What a tenant used, by hour, topic or service account, and what it costs: read from the store, rated by core.
import { hourOf, hourStartMs, nextHour, toTimestamp } from "@headgate/core/clock";
import { AppError } from "@headgate/core/errors";
import type { TenantId } from "@headgate/core/ids";
import { bookOfHour } from "@headgate/core/invoice-lines";
import { formatUsd } from "@headgate/core/money";
import type { PriceBook } from "@headgate/core/price-book";
import { amountOf, type RatedHour, rateHour, toPico } from "@headgate/core/rating/rate-hour";
import {
  messagesOf,
  type UsageAmounts,
  type UsageGroupBy,
  type UsageReport,
  type UsageRow,
} from "@headgate/core/usage";
import type { Control } from "./control.ts";
import { type CountedHour, countedHours, meteredClusters, pricesOf } from "./metered-hours.ts";

export interface UsageQuery {
  /** Name of one cluster; all of the tenant's otherwise. */
  readonly cluster?: string | undefined;
  /** Timestamps; widened to whole UTC hours. */
  readonly from: string;
  readonly to: string;
  readonly groupBy: UsageGroupBy;
}

const hoursMax = 24 * 366;
const hourMs = 3_600_000;

/** Throws `request.invalid` for a window that is empty or longer than a year, `resource.not_found`. */
export async function readUsage(
  control: Pick<Control, "store" | "clock">,
  tenant: TenantId,
  query: UsageQuery,
): Promise<UsageReport> {
  const { store, clock } = control;
  const asOf = toTimestamp(clock.nowMs());
  const span = spanOf(query);
  const named = (await meteredClusters(store, tenant)).filter(
    ({ name }) => query.cluster === undefined || name === query.cluster,
  );
  if (query.cluster !== undefined && named.length === 0) {
    throw new AppError("resource.not_found", { detail: `There is no cluster ${query.cluster}.` });
  }
  const books = await pricesOf(store, tenant);
  const rows = new Map<string, Tally>();
  const totals = tally();
  for (const cluster of named) {
    const counted = await countedHours(store, tenant, cluster, span, clock.nowMs());
    for (const hour of counted.hours) addHour(rows, hour, books, query.groupBy);
    for (const hour of counted.hours) addWhole(totals, hour, ratedBy(books, hour));
    totals.bytesStored = (totals.bytesStored ?? 0n) + newestSample(counted.hours);
  }
  return {
    kind: "Usage",
    ...(query.cluster === undefined ? {} : { cluster: query.cluster }),
    from: toTimestamp(hourStartMs(span.from)),
    to: toTimestamp(hourStartMs(span.before)),
    groupBy: query.groupBy,
    rows: [...rows]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, row]): UsageRow => ({ [query.groupBy]: key, ...amountsOf(row) })),
    totals: amountsOf(totals),
    asOf,
  };
}

function spanOf({ from, to }: UsageQuery): { from: string; before: string } {
  const [fromMs, toMs] = [Date.parse(from), Date.parse(to)];
  if (Number.isNaN(fromMs) || Number.isNaN(toMs)) {
    throw new AppError("request.invalid", { detail: "from and to must be timestamps (RFC 3339)." });
  }
  if (fromMs >= toMs) throw new AppError("request.invalid", { detail: "from must be before to." });
  if (toMs - fromMs > hoursMax * hourMs) {
    throw new AppError("request.invalid", { detail: "The window may be a year long at most." });
  }
  const last = hourOf(toMs);
  return { from: hourOf(fromMs), before: hourStartMs(last) === toMs ? last : nextHour(last) };
}

/** Sums in base units; `cost` is a numerator over `rateDenominator`. */
interface Tally {
  recordsWritten: bigint;
  recordsRead: bigint;
  bytesIn: bigint;
  bytesOut: bigint;
  messages: bigint;
  bytesStored: bigint | undefined;
  cost: bigint;
}

function tally(): Tally {
  return {
    recordsWritten: 0n,
    recordsRead: 0n,
    bytesIn: 0n,
    bytesOut: 0n,
    messages: 0n,
    bytesStored: undefined,
    cost: 0n,
  };
}

function amountsOf(of: Tally): UsageAmounts {
  return {
    recordsWritten: String(of.recordsWritten),
    recordsRead: String(of.recordsRead),
    bytesIn: String(of.bytesIn),
    bytesOut: String(of.bytesOut),
    messages: String(of.messages),
    ...(of.bytesStored === undefined ? {} : { bytesStored: String(of.bytesStored) }),
    cost: formatUsd(toPico(of.cost)),
  };
}

function ratedBy(books: readonly PriceBook[], { hour, usage, tier, unitsMin }: CountedHour) {
  return rateHour(hour, usage, tier, unitsMin, bookOfHour(books, hour));
}

function addHour(
  rows: Map<string, Tally>,
  hour: CountedHour,
  books: readonly PriceBook[],
  groupBy: UsageGroupBy,
): void {
  const rated = ratedBy(books, hour);
  if (groupBy === "hour") {
    const row = rowOf(rows, hour.hour);
    addWhole(row, hour, rated);
    row.bytesStored = (row.bytesStored ?? 0n) + hour.usage.bytesStored;
    return;
  }
  const parts = groupBy === "topic" ? partsByTopic(hour) : partsByAccount(hour);
  for (const [key, part] of parts) addPart(rowOf(rows, key), part, share(hour, rated, part, parts));
}

function addWhole(row: Tally, { usage }: CountedHour, rated: RatedHour): void {
  row.recordsWritten += usage.recordsIn;
  row.recordsRead += usage.recordsOut;
  row.bytesIn += usage.bytesIn;
  row.bytesOut += usage.bytesOut;
  row.messages += rated.messagesIn + rated.messagesOut;
  row.cost += amountOf(rated);
}

/** What one topic or account has of one hour. */
interface Part {
  recordsIn: bigint;
  recordsOut: bigint;
  bytesIn: bigint;
  bytesOut: bigint;
  bytesStored: bigint | undefined;
}

function addPart(row: Tally, part: Part, cost: bigint): void {
  row.recordsWritten += part.recordsIn;
  row.recordsRead += part.recordsOut;
  row.bytesIn += part.bytesIn;
  row.bytesOut += part.bytesOut;
  row.messages +=
    messagesOf(part.recordsIn, part.bytesIn) + messagesOf(part.recordsOut, part.bytesOut);
  // The newest sample: hours come in order.
  row.bytesStored = part.bytesStored ?? row.bytesStored;
  row.cost += cost;
}

/** A part's share of what the hour's messages and bytes cost: by its messages, and by the bytes it keeps. */
function share(
  { usage }: CountedHour,
  rated: RatedHour,
  part: Part,
  parts: ReadonlyMap<string, Part>,
): bigint {
  const whole = (of: (part: Part) => bigint) =>
    [...parts.values()].reduce((total, each) => total + of(each), 0n);
  const portion = (amount: bigint, of: (part: Part) => bigint) => {
    const all = whole(of);
    // Below none when the log went back: a credit, shared as the charge was.
    return all === 0n ? 0n : (amount * of(part)) / all;
  };
  const stored = usage.bytesStored > 0n ? (part.bytesStored ?? 0n) : 0n;
  return (
    portion(rated.written, (each) => messagesOf(each.recordsIn, each.bytesIn)) +
    portion(rated.read, (each) => messagesOf(each.recordsOut, each.bytesOut)) +
    (stored > 0n ? (rated.storage * stored) / usage.bytesStored : 0n)
  );
}

function partsByTopic(hour: CountedHour): Map<string, Part> {
  const parts = new Map<string, Part>();
  for (const range of hour.ranges) {
    partOf(parts, range.topic).recordsIn += BigInt(range.to) - BigInt(range.from);
  }
  for (const row of hour.attribution) addRead(partOf(parts, row.topic), row);
  for (const [topic, bytes] of Object.entries(hour.sample?.topics ?? {})) {
    partOf(parts, topic).bytesStored = BigInt(bytes);
  }
  return parts;
}

function partsByAccount(hour: CountedHour): Map<string, Part> {
  const parts = new Map<string, Part>();
  let attributed = 0n;
  for (const row of hour.attribution) {
    const part = partOf(parts, row.serviceAccount);
    part.recordsIn += BigInt(row.recordsIn);
    attributed += BigInt(row.recordsIn);
    addRead(part, row);
  }
  // The log decides what was written; while counts and watermarks are on their way it may also be behind.
  if (hour.usage.recordsIn > attributed) {
    partOf(parts, "unattributed").recordsIn += hour.usage.recordsIn - attributed;
  }
  return parts;
}

function addRead(part: Part, row: CountedHour["attribution"][number]): void {
  part.recordsOut += BigInt(row.recordsOut);
  part.bytesIn += BigInt(row.bytesIn);
  part.bytesOut += BigInt(row.bytesOut);
}

function partOf(parts: Map<string, Part>, key: string): Part {
  const none = { recordsIn: 0n, recordsOut: 0n, bytesIn: 0n, bytesOut: 0n };
  const part = parts.get(key) ?? { ...none, bytesStored: undefined };
  parts.set(key, part);
  return part;
}

function rowOf(rows: Map<string, Tally>, key: string): Tally {
  const row = rows.get(key) ?? tally();
  rows.set(key, row);
  return row;
}

function newestSample(hours: readonly CountedHour[]): bigint {
  return hours.findLast((hour) => hour.sample !== undefined)?.usage.bytesStored ?? 0n;
}
