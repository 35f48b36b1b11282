// Time and randomness come in from outside, so that every decision in core is a pure function of its arguments.

export interface Clock {
  /** Milliseconds since the Unix epoch, UTC. */
  nowMs(): number;
}

export interface RandomSource {
  /** `size` cryptographically random bytes. */
  bytes(size: number): Uint8Array;
}

/** RFC 3339 in UTC with milliseconds, the one time format of every resource and event. */
export function toTimestamp(ms: number): string {
  const days = Math.floor(ms / 86_400_000);
  const { year, month, day } = civilFromDays(days);
  let rest = ms - days * 86_400_000;
  const millis = rest % 1000;
  rest = (rest - millis) / 1000;
  const two = (n: number) => String(n).padStart(2, "0");
  const time = `${two(Math.floor(rest / 3600))}:${two(Math.floor(rest / 60) % 60)}:${two(rest % 60)}`;
  return `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}T${time}.${String(millis).padStart(3, "0")}Z`;
}

/** The UTC hour a moment lies in, as it stands in keys and on bills: `2026-11-24T04`. */
export function hourOf(ms: number): string {
  return toTimestamp(ms).slice(0, 13);
}

/** Milliseconds since the epoch at which an hour (`2026-11-24T04`) begins. */
export function hourStartMs(hour: string): number {
  const [year, month, day, hours] = hour.split(/[-T]/).map(Number);
  return (daysFromCivil(year!, month!, day!) * 24 + hours!) * 3_600_000;
}

/** The calendar month of an hour or timestamp: `2026-11`. */
export function monthOf(time: string): string {
  return time.slice(0, 7);
}

/** Hours in the UTC calendar month `2026-11`: what a GiB-month is divided by. */
export function hoursInMonth(month: string): number {
  const [year, number] = month.split("-").map(Number);
  const next =
    number === 12 ? daysFromCivil(year! + 1, 1, 1) : daysFromCivil(year!, number! + 1, 1);
  return (next - daysFromCivil(year!, number!, 1)) * 24;
}

/** The hour after `hour`. */
export function nextHour(hour: string): string {
  return hourOf(hourStartMs(hour) + 3_600_000);
}

// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": proleptic Gregorian calendar.
function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

function civilFromDays(days: number): { year: number; month: number; day: number } {
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const doe = z - era * 146_097;
  const yoe = Math.floor(
    (doe - Math.floor(doe / 1460) + Math.floor(doe / 36_524) - Math.floor(doe / 146_096)) / 365,
  );
  const doy = doe - (365 * yoe + Math.floor(yoe / 4) - Math.floor(yoe / 100));
  const mp = Math.floor((5 * doy + 2) / 153);
  const month = mp + (mp < 10 ? 3 : -9);
  const day = doy - Math.floor((153 * mp + 2) / 5) + 1;
  return { year: yoe + era * 400 + (month <= 2 ? 1 : 0), month, day };
}
