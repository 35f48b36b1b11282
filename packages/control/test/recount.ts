// The price, worked out a second time and otherwise than the product does it: exact fractions of a dollar, straight
// from the published sentence. Shares no code with packages/core.

/** A fraction of a dollar; `of` > 0. */
export interface Dollars {
  readonly n: bigint;
  readonly of: bigint;
}

export const nothing: Dollars = { n: 0n, of: 1n };
export const add = (a: Dollars, b: Dollars): Dollars => ({
  n: a.n * b.of + b.n * a.of,
  of: a.of * b.of,
});
const less = (a: Dollars, b: Dollars) => a.n * b.of < b.n * a.of;
const minus = (a: Dollars, b: Dollars) => add(a, { n: -b.n, of: b.of });
const part = (a: Dollars, n: bigint, of: bigint): Dollars => ({ n: a.n * n, of: a.of * of });

/** Rounded half to even, to so many decimals. */
export function rounded({ n, of }: Dollars, decimals: number): string {
  const scale = 10n ** BigInt(decimals);
  const doubled = (n < 0n ? -n : n) * scale * 2n;
  let whole = doubled / (2n * of);
  const rest = doubled - whole * 2n * of;
  if (rest > of || (rest === of && whole % 2n === 1n)) whole += 1n;
  const text = String(whole).padStart(decimals + 1, "0");
  const shown = `${text.slice(0, -decimals)}.${text.slice(-decimals)}`;
  return n < 0n && whole > 0n ? `-${shown}` : shown;
}

/** Published prices, in cents: a million messages, a unit's hour, a GiB's month. */
export const prices = {
  dev: { million: 5n, unitHour: 5n, gibMonth: 10n },
  standard: { million: 10n, unitHour: 15n, gibMonth: 25n },
  high: { million: 20n, unitHour: 30n, gibMonth: 30n },
} as const;

export interface Hour {
  readonly recordsIn: bigint;
  readonly recordsOut: bigint;
  readonly bytesIn: bigint;
  readonly bytesOut: bigint;
  readonly stored: bigint;
}

const mebi = 1024n * 1024n;
const up = (n: bigint, of: bigint) => (n % of === 0n ? n / of : n / of + 1n);
const most = (...all: bigint[]) => all.sort((a, b) => (a < b ? -1 : 1)).at(-1)!;

export const messagesIn = (hour: Hour) => most(hour.recordsIn, up(hour.bytesIn, 4096n));
export const messagesOut = (hour: Hour) => most(hour.recordsOut, up(hour.bytesOut, 4096n));

/** What an hour of November costs, by line. */
export function bill(hour: Hour, tier: keyof typeof prices, unitsMin: bigint) {
  const { million, unitHour, gibMonth } = prices[tier];
  const [written, read] = [messagesIn(hour), messagesOut(hour)];
  const messages: Dollars = { n: (written + read) * million, of: 100_000_000n };
  const anything = written + read > 0n ? 1n : 0n;
  const units = most(anything, up(hour.bytesIn, 3600n * mebi), up(hour.bytesOut, 10_800n * mebi));
  const ceiling: Dollars = { n: units * unitHour, of: 100n };
  const used = less(messages, ceiling) ? messages : ceiling;
  const reserve: Dollars = { n: unitsMin * unitHour, of: 100n };
  const all = written + read === 0n ? 1n : written + read;
  return {
    written: part(used, written, all),
    read: part(used, read, all),
    reserve: less(used, reserve) ? minus(reserve, used) : nothing,
    storage: { n: hour.stored * gibMonth, of: 1024n * mebi * 720n * 100n },
  };
}
