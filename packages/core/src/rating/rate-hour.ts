// The price in one formula, per cluster and hour: max(min·S, min(messages·M, used·S)) plus storage. Pure and exact.
import { hoursInMonth, monthOf } from "../clock.ts";
import type { Tier } from "../cluster.ts";
import { divideHalfEven, type PicoUsd, picoPerCent } from "../money.ts";
import type { PriceBook } from "../price-book.ts";
import { bytesPerGib, type HourUsage, messagesOf, usedUnits } from "../usage.ts";

/**
 * Amounts are kept as fractions so that nothing is rounded before the invoice line: pico-dollars = numerator /
 * `rateDenominator`. It is divided by a million (messages) and by GiB times the hours of every month there is.
 */
export const rateDenominator = [672n, 696n, 720n, 744n]
  .map((hours) => bytesPerGib * hours)
  .reduce(leastCommonMultiple, 1_000_000n);

export interface RatedHour {
  readonly hour: string;
  readonly messagesIn: bigint;
  readonly messagesOut: bigint;
  readonly usedUnits: bigint;
  /** Whether the units used made the messages cheaper than their number does. */
  readonly isAtCeiling: boolean;
  /** Numerators over `rateDenominator`. Of the hour's amount, the written and read share, in proportion to messages. */
  readonly written: bigint;
  readonly read: bigint;
  /** The part of a reserve that no message used up. */
  readonly reserve: bigint;
  readonly storage: bigint;
}

/**
 * Rates one hour of one cluster. `unitsMin` is the reserve. A negative `recordsIn` (the log went back: records billed
 * earlier are lost) is credited at the message price, outside the ceiling.
 */
export function rateHour(
  hour: string,
  usage: HourUsage,
  tier: Tier,
  unitsMin: number,
  book: PriceBook,
): RatedHour {
  const price = book.tiers[tier];
  const messagesIn = messagesOf(usage.recordsIn, usage.bytesIn);
  const messagesOut = messagesOf(usage.recordsOut, usage.bytesOut);
  const units = usedUnits(usage);
  const perMessage = BigInt(price.perMillionMessagesPico) * (rateDenominator / 1_000_000n);
  const perUnit = BigInt(price.perUnitHourPico) * rateDenominator;

  const charged = messagesIn > 0n ? messagesIn : 0n;
  const messages = charged + messagesOut;
  const byMessages = messages * perMessage;
  const ceiling = units * perUnit;
  const used = byMessages < ceiling ? byMessages : ceiling;
  const reserved = BigInt(unitsMin) * perUnit;
  // Rounded down by less than 1e-31 dollars where the ceiling decides; the read share is the rest, so both add up.
  const written = messages > 0n ? (used * charged) / messages : 0n;
  return {
    hour,
    messagesIn,
    messagesOut,
    usedUnits: units,
    isAtCeiling: byMessages > ceiling,
    written: written + (messagesIn - charged) * perMessage,
    read: used - written,
    reserve: reserved > used ? reserved - used : 0n,
    storage: usage.bytesStored * perByteHour(book, tier, hour),
  };
}

function perByteHour(book: PriceBook, tier: Tier, hour: string): bigint {
  const gibMonth = bytesPerGib * BigInt(hoursInMonth(monthOf(hour)));
  return BigInt(book.tiers[tier].perGibMonthPico) * (rateDenominator / gibMonth);
}

/** The whole hour: a numerator over `rateDenominator`. */
export function amountOf(rated: RatedHour): bigint {
  return rated.written + rated.read + rated.reserve + rated.storage;
}

/** A numerator over `rateDenominator` as pico-dollars, half to even: what is shown as the exact amount. */
export function toPico(numerator: bigint): PicoUsd {
  return divideHalfEven(numerator, rateDenominator);
}

/** A numerator over `rateDenominator` as cents, half to even: the one rounding of an invoice line. */
export function toCentsExactly(numerator: bigint): bigint {
  return divideHalfEven(numerator, rateDenominator * picoPerCent);
}

function leastCommonMultiple(a: bigint, b: bigint): bigint {
  return (a / greatestCommonDivisor(a, b)) * b;
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : greatestCommonDivisor(b, a % b);
}
