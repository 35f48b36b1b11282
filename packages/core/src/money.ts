// Money is integer pico-dollars (1e-12 USD) in BigInt; it is rounded once per invoice line, half to even, to cents.

export type PicoUsd = bigint;
export const picoPerUsd = 1_000_000_000_000n;
export const picoPerCent = picoPerUsd / 100n;

/** Quotient rounded half to even; `by` > 0. */
export function divideHalfEven(value: bigint, by: bigint): bigint {
  const negative = value < 0n;
  const magnitude = negative ? -value : value;
  const quotient = magnitude / by;
  const twice = (magnitude % by) * 2n;
  const up = twice > by || (twice === by && quotient % 2n === 1n);
  const rounded = up ? quotient + 1n : quotient;
  return negative ? -rounded : rounded;
}

/** Pico-dollars → whole cents, half to even. */
export function toCents(pico: PicoUsd): bigint {
  return divideHalfEven(pico, picoPerCent);
}

/** `0.25` → pico-dollars; at most 12 decimals. */
export function usd(text: string): PicoUsd {
  const match = /^(-?)(\d+)(?:[.](\d{1,12}))?$/.exec(text);
  if (!match) throw new RangeError(`not an amount in dollars: ${text}`);
  const pico = BigInt(match[2]!) * picoPerUsd + BigInt((match[3] ?? "").padEnd(12, "0"));
  return match[1] ? -pico : pico;
}

/** Pico-dollars as exact decimal dollars without trailing zeros, at least two decimals: `0.0000001`, `1.50`. */
export function formatUsd(pico: PicoUsd): string {
  const magnitude = pico < 0n ? -pico : pico;
  const decimals = String(magnitude % picoPerUsd)
    .padStart(12, "0")
    .replace(/0+$/, "")
    .padEnd(2, "0");
  return `${pico < 0n ? "-" : ""}${magnitude / picoPerUsd}.${decimals}`;
}

/** Cents as dollars with two decimals. */
export function formatCents(cents: bigint): string {
  return formatUsd(cents * picoPerCent);
}
