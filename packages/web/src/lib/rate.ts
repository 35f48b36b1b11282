import { useEffect, useRef, useState } from "react";

interface Reading {
  readonly atMs: number;
  readonly written: number;
  readonly read: number;
}

export interface Rates {
  readonly written: number;
  readonly read: number;
  /** Written per second, oldest first. */
  readonly history: readonly number[];
}

const keptMs = 120_000;
const windowMs = 10_000;

/** Rate over the last readings: the growth of a cumulative count within `windowMs`. Pure. */
export function ratesOf(readings: readonly Reading[]): Omit<Rates, "history"> {
  const last = readings.at(-1);
  const first = readings.find((one) => last !== undefined && one.atMs >= last.atMs - windowMs);
  if (!last || !first || first === last) return { written: 0, read: 0 };
  const seconds = (last.atMs - first.atMs) / 1000;
  return {
    written: Math.max(0, last.written - first.written) / seconds,
    read: Math.max(0, last.read - first.read) / seconds,
  };
}

/** Follows two cumulative counts, read anew at `atMs`; what they grow by is the rate. */
export function useRate(
  written: number | undefined,
  read: number | undefined,
  atMs: number,
): Rates {
  const readings = useRef<Reading[]>([]);
  const [rates, setRates] = useState<Rates>({ written: 0, read: 0, history: [] });
  useEffect(() => {
    if (written === undefined || read === undefined) return;
    const kept = readings.current.filter((one) => one.atMs > atMs - keptMs && one.atMs < atMs);
    readings.current = [...kept, { atMs, written, read }];
    const now = ratesOf(readings.current);
    setRates((before) => ({ ...now, history: [...before.history, now.written].slice(-120) }));
  }, [written, read, atMs]);
  return rates;
}
