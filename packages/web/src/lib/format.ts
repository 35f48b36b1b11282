// Numbers, money and times as people read them. Pure: `nowMs` comes from the caller. Quantities arrive as decimal text
// of any size, so they are grouped as text or BigInt and never pass through a float.

const english = new Intl.NumberFormat("en-US");
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

/** `"1234567"` → `1,234,567`, exact at any size. */
export function formatCount(quantity: string | number): string {
  return english.format(typeof quantity === "string" ? BigInt(quantity) : quantity);
}

const byteUnits = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"] as const;

/** Bytes in binary units, three significant digits: `1.21 MiB`. */
export function formatBytes(bytes: string | number): string {
  let value = Number(bytes);
  let unit = 0;
  // What would be shown as 1,024 of a unit is 1 of the next.
  while (Math.abs(value) >= 1023.5 && unit < byteUnits.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
  return `${english.format(Number(digits))} ${byteUnits[unit]}`;
}

/** A rate per second: `0`, `0.4`, `12`, `3,400`. */
export function formatRate(perSecond: number): string {
  if (perSecond === 0) return "0";
  if (perSecond < 10) return String(Number(perSecond.toPrecision(2)));
  return english.format(Math.round(perSecond));
}

/** Decimal dollars as they came, with the sign in front: `$0.0000001`, `−$1.00`. */
export function formatUsd(amount: string): string {
  const [whole = "0", decimals] = amount.replace("-", "").split(".");
  const sign = amount.startsWith("-") ? "−" : "";
  return `${sign}$${formatCount(whole)}${decimals === undefined ? "" : `.${decimals}`}`;
}

/** The exact amount with zeros that say nothing cut off, two decimals at least. */
export function formatUsdExact(amount: string): string {
  const [whole = "0", decimals = ""] = amount.split(".");
  return formatUsd(`${whole}.${decimals.replace(/0+$/, "").padEnd(2, "0")}`);
}

const steps = [
  ["minute", 60_000],
  ["hour", 3_600_000],
  ["day", 86_400_000],
  ["month", 30 * 86_400_000],
  ["year", 365 * 86_400_000],
] as const;

/** `5 minutes ago`; within a minute `just now`, which need not count up in every row of a list. */
export function formatRelative(atMs: number, nowMs: number): string {
  const distance = Math.abs(nowMs - atMs);
  if (distance < 60_000) return "just now";
  const [unit, size] = steps.findLast(([, least]) => distance >= least) ?? steps[0];
  return relative.format(Math.trunc((atMs - nowMs) / size), unit);
}

/** `2026-11-24 04:05:06 UTC`: unambiguous, sorts, the same for all who share a screen. */
export function formatAbsolute(at: string): string {
  return `${at.slice(0, 10)} ${at.slice(11, 19)} UTC`;
}

const compact = new Intl.NumberFormat("en-US", {
  notation: "compact",
  maximumSignificantDigits: 3,
});

/** `1.2M`: where there is room for a magnitude only, and the exact number stands elsewhere. */
export function formatCompact(value: number): string {
  return compact.format(value);
}

const months =
  "January February March April May June July August September October November December".split(
    " ",
  );
const monthName = (time: string) => months[Number(time.slice(5, 7)) - 1] ?? "";

/** `2026-11-24T04` → `24 Nov`. */
export function formatDay(hour: string): string {
  return `${Number(hour.slice(8, 10))} ${monthName(hour).slice(0, 3)}`;
}

/** `2026-11-24T04` → `24 Nov, 04:00`. */
export function formatHour(hour: string): string {
  return `${formatDay(hour)}, ${hour.slice(11, 13)}:00`;
}

/** `2026-11` → `November 2026`. */
export function formatMonth(month: string): string {
  return `${monthName(month)} ${month.slice(0, 4)}`;
}

/** A span in milliseconds in the largest units that say it exactly: `7 d`, `90 min`, `for ever`. */
export function formatSpan(ms: string): string {
  const value = BigInt(ms);
  if (value < 0n) return "for ever";
  for (const [unit, size] of [
    ["d", 86_400_000n],
    ["h", 3_600_000n],
    ["min", 60_000n],
    ["s", 1000n],
  ] as const) {
    if (value >= size && value % size === 0n) return `${formatCount(String(value / size))} ${unit}`;
  }
  return `${formatCount(ms)} ms`;
}
