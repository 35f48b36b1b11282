// Order statistics: a bench reports medians and tails, never means.

/** The value below which `share` (0..1) of the sorted values lie; nearest rank. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))]!;
}

export const median = (values: readonly number[]) => quantile(values, 0.5);

/** `median [min..max]`, whole numbers with a unit. */
export function spread(values: readonly number[], unit: string): string {
  const round = (value: number) => Math.round(value).toLocaleString("en-US");
  return `${round(median(values))} ${unit} [${round(Math.min(...values))}..${round(Math.max(...values))}]`;
}
