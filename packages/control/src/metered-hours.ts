// Everything that was counted for a tenant in a span of hours, from the store alone: offset boundaries say what was
// written, gateway windows what was read and the bytes, samples what is kept. Usage and invoices are made of it.
import { hourOf, nextHour } from "@headgate/core/clock";
import type { ClusterId, TenantId } from "@headgate/core/ids";
import type { MeteredHour } from "@headgate/core/invoice-lines";
import { MeteredCluster, settingsIn, withSettings } from "@headgate/core/metering";
import { rangesByHour } from "@headgate/core/offset-chain";
import { defaultPriceBook, type PriceBook } from "@headgate/core/price-book";
import {
  type Attribution,
  type OffsetRange,
  type OffsetSnapshot,
  recordsInRanges,
  type StorageSample,
  type UsageWindow,
} from "@headgate/core/usage";
import { clusters } from "@headgate/store/clusters";
import { meteredOf } from "@headgate/store/keys";
import { offsets } from "@headgate/store/offsets";
import { priceBooks } from "@headgate/store/price-books";
import { allBetween } from "@headgate/store/resources";
import type { Store } from "@headgate/store/store";
import { tenants } from "@headgate/store/tenants";
import { type HourSpan, usage } from "@headgate/store/usage";

/** One hour of one cluster with all that is known of it. */
export interface CountedHour extends MeteredHour {
  readonly attribution: readonly Attribution[];
  readonly sample: StorageSample | undefined;
}

export interface CountedCluster {
  readonly id: ClusterId;
  readonly name: string;
  /** Rising; only hours in which something was counted, kept or reserved. */
  readonly hours: readonly CountedHour[];
}

/** Every cluster the tenant has or had, with its settings over time. */
export async function meteredClusters(store: Store, tenant: TenantId): Promise<MeteredCluster[]> {
  const records = await allBetween(store, MeteredCluster, meteredOf(tenant).pk, {});
  const known = new Map(records.map(({ value }) => [value.cluster, value]));
  let cursor: string | undefined;
  do {
    const page = await clusters(store).list(tenant, { limit: 100, cursor });
    for (const { value } of page.items) {
      // Metering may not have seen it, or its newest settings, yet.
      known.set(value.id, withSettings(known.get(value.id), value));
    }
    cursor = page.cursor;
  } while (cursor !== undefined);
  return [...known.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** What was counted of one cluster. `nowMs` ends what is reserved. */
export async function countedHours(
  store: Store,
  tenant: TenantId,
  cluster: MeteredCluster,
  span: HourSpan,
  nowMs: number,
): Promise<CountedCluster> {
  const id = cluster.cluster;
  const windows = group(await usage(store).windows(tenant, id, span), (window) => window.hour);
  const chunks = await usage(store).attribution(tenant, id, span);
  const attribution = group(chunks, (chunk) => chunk.hour);
  const samples = new Map(
    (await usage(store).storage(tenant, id, span)).map((sample) => [sample.hour, sample]),
  );
  const written = await writtenByHour(store, tenant, id, span);
  const hours = new Set([...windows.keys(), ...samples.keys(), ...written.keys()]);
  for (const hour of reservedHours(cluster, span, nowMs)) hours.add(hour);
  return {
    id,
    name: cluster.name,
    hours: [...hours].sort().map((hour) => {
      const ranges = written.get(hour) ?? [];
      const sample = samples.get(hour);
      const { tier, unitsMin } = settingsIn(cluster, hour);
      return {
        hour,
        usage: {
          ...sumOf(windows.get(hour) ?? []),
          recordsIn: recordsInRanges(ranges),
          bytesStored: BigInt(sample?.bytes ?? 0),
        },
        tier,
        // An hour after its end may still hold late counts, but no reserve.
        unitsMin: cluster.endedBefore !== undefined && hour >= cluster.endedBefore ? 0 : unitsMin,
        ranges,
        attribution: (attribution.get(hour) ?? []).flatMap((chunk) => chunk.rows),
        sample,
      };
    }),
  };
}

/** All versions of the tenant's price book. The default one is put once, by whoever needs it first. */
export async function pricesOf(store: Store, tenant: TenantId): Promise<PriceBook[]> {
  const record = await tenants(store).get(tenant);
  const id = record?.value.spec.priceBook ?? defaultPriceBook.id;
  const versions = await priceBooks(store).versions(id);
  if (versions.length > 0) return versions;
  await priceBooks(store).put(defaultPriceBook);
  return priceBooks(store).versions(defaultPriceBook.id);
}

async function writtenByHour(
  store: Store,
  tenant: TenantId,
  cluster: ClusterId,
  span: HourSpan,
): Promise<Map<string, OffsetRange[]>> {
  // The end of an hour is the next boundary, whichever hour that is of; so all of them from the first hour on. They are
  // read before the latest, which is never behind them then.
  const from = { from: span.from, before: "LATEST" };
  const boundaries = group(await offsets(store).boundaries(tenant, cluster, from), topicIdOf);
  const latest = new Map(
    (await offsets(store).allLatest(tenant, cluster)).map((snapshot) => [
      snapshot.topicId,
      snapshot,
    ]),
  );
  const hours = new Map<string, OffsetRange[]>();
  for (const [topicId, chain] of boundaries) {
    for (const [hour, ranges] of rangesByHour(chain, latest.get(topicId))) {
      if (hour < span.before) hours.set(hour, [...(hours.get(hour) ?? []), ...ranges]);
    }
  }
  return hours;
}

const topicIdOf = (snapshot: OffsetSnapshot) => snapshot.topicId;

function* reservedHours(cluster: MeteredCluster, span: HourSpan, nowMs: number): Generator<string> {
  if (cluster.settings.every(({ unitsMin }) => unitsMin === 0)) return;
  // Hours as text cannot go through Math.min: the later begin and the earlier end are the ends of sorted pairs.
  const [, begun] = [cluster.settings[0]!.from, span.from].sort();
  const [before] = [cluster.endedBefore ?? nextHour(hourOf(nowMs)), span.before].sort();
  for (let hour = begun!; hour < before!; hour = nextHour(hour)) {
    if (settingsIn(cluster, hour).unitsMin > 0) yield hour;
  }
}

function sumOf(windows: readonly UsageWindow[]) {
  const sum = (field: "recordsOut" | "bytesIn" | "bytesOut") =>
    windows.reduce((total, window) => total + BigInt(window.totals[field]), 0n);
  return { recordsOut: sum("recordsOut"), bytesIn: sum("bytesIn"), bytesOut: sum("bytesOut") };
}

function group<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  return Map.groupBy(items, key);
}
