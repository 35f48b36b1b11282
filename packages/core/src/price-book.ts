// Prices are versions of a book, immutable once in force; a change is a new version with a start time.
import { z } from "zod";
import type { Tier } from "./cluster.ts";
import { assert } from "./errors.ts";
import { usd } from "./money.ts";
import { Timestamp } from "./resource.ts";
import { Quantity } from "./usage.ts";

/** Pico-dollars, as decimal text. */
const TierPrices = z.object({
  perMillionMessagesPico: Quantity,
  perUnitHourPico: Quantity,
  perGibMonthPico: Quantity,
});

export const PriceBook = z.object({
  id: z.string(),
  version: z.int().min(1),
  startsAt: Timestamp,
  currency: z.literal("USD"),
  tiers: z.object({ dev: TierPrices, standard: TierPrices, high: TierPrices }),
  creditPerMonthPico: Quantity,
});
export type PriceBook = z.infer<typeof PriceBook>;

const prices = (messages: string, unitHour: string, gibMonth: string) => ({
  perMillionMessagesPico: String(usd(messages)),
  perUnitHourPico: String(usd(unitHour)),
  perGibMonthPico: String(usd(gibMonth)),
});

/** The book a new installation starts with (docs/pricing.md). */
export const defaultPriceBook: PriceBook = {
  id: "default",
  version: 1,
  startsAt: "1970-01-01T00:00:00.000Z",
  currency: "USD",
  tiers: {
    dev: prices("0.05", "0.05", "0.10"),
    standard: prices("0.10", "0.15", "0.25"),
    high: prices("0.20", "0.30", "0.30"),
  },
  creditPerMonthPico: String(usd("1")),
};

/** Most a cluster can cost in an hour, storage apart: its ceiling of units at the unit price. Pico-dollars. */
export function costPerHourMax(book: PriceBook, tier: Tier, unitsMax: number): bigint {
  return BigInt(unitsMax) * BigInt(book.tiers[tier].perUnitHourPico);
}

/** The version in force when an hour begins (`at`, its timestamp): prices switch only where hours do. */
export function bookInForce(versions: readonly PriceBook[], at: string): PriceBook {
  const started = versions.filter((book) => book.startsAt <= at);
  const newest = started.reduce<PriceBook | undefined>(
    (best, book) => (best === undefined || book.version > best.version ? book : best),
    undefined,
  );
  assert(newest !== undefined, `a price book is in force at ${at}`);
  return newest;
}
