// Numbers, money and times as people read them. Pure: `nowMs` comes from the caller. Quantities arrive as decimal text
// of any size, so they are grouped as text or BigInt and never pass through a float.

const english = new Intl.NumberFormat("en-US");
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

/** `"1234567"` → `1,234,567`, exact at any size. */
export function formatCount(quantity: string | number): string {
  return english.format(typeof quantity === "string" ? BigInt(quantity) : quantity);
}

/** Bytes in binary units, three significant digits: `1.21 MiB`. */
export function formatBytes(bytes: string | number): string {
  let value = Number(bytes);
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let unit = 0;
  while (Math.abs(value) >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  const shown = unit === 0 ? String(Math.round(value)) : value.toPrecision(3);
  return `${Number(shown)} ${units[unit]}`;
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
  ["second", 1000],
  ["minute", 60_000],
  ["hour", 3_600_000],
  ["day", 86_400_000],
  ["month", 30 * 86_400_000],
  ["year", 365 * 86_400_000],
] as const;

/** `5 minutes ago`; within two seconds, `just now`. */
export function formatRelative(atMs: number, nowMs: number): string {
  const distance = Math.abs(nowMs - atMs);
  if (distance < 2000) return "just now";
  const [unit, size] = steps.findLast(([, least]) => distance >= least) ?? steps[0];
  return relative.format(Math.trunc((atMs - nowMs) / size), unit);
}

/** `2026-11-24 04:05:06 UTC`: unambiguous, sorts, the same for all who share a screen. */
export function formatAbsolute(at: string): string {
  return `${at.slice(0, 10)} ${at.slice(11, 19)} UTC`;
}

/** `2026-11-24T04` → `24 Nov, 04:00`. */
export function formatHour(hour: string): string {
  const month = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
  return `${Number(hour.slice(8, 10))} ${month[Number(hour.slice(5, 7)) - 1]}, ${hour.slice(11)}:00`;
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
