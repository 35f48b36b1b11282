import { formatRate } from "../lib/format.ts";

export interface RatePoint {
  readonly atMs: number;
  readonly perSecond: number;
}

/** The course of a rate over the last `spanMs`, with its peak in words. `nowMs` is its right edge. */
export function RateChart(props: {
  points: readonly RatePoint[];
  nowMs: number;
  spanMs: number;
  label: string;
}) {
  const { points, nowMs, spanMs, label } = props;
  const peak = Math.max(0, ...points.map((point) => point.perSecond));
  const x = (atMs: number) => (((atMs - nowMs + spanMs) / spanMs) * 400).toFixed(1);
  const y = (perSecond: number) => (62 - (perSecond / Math.max(peak, 1)) * 58).toFixed(1);
  const line = points.map((point) => `${x(point.atMs)},${y(point.perSecond)}`).join(" ");
  const from = points[0]?.atMs ?? nowMs;
  return (
    <figure className="min-w-0">
      <svg
        role="img"
        aria-label={`${label}; peak ${formatRate(peak)}`}
        viewBox="0 0 400 64"
        preserveAspectRatio="none"
        className="block h-28 w-full text-water"
      >
        <path d="M0 62.5H400" className="stroke-line" vectorEffect="non-scaling-stroke" />
        <polygon points={`${x(from)},63 ${line} 400,63`} fill="currentColor" opacity=".14" />
        <polyline
          points={line}
          fill="none"
          stroke="currentColor"
          strokeWidth="2"
          strokeLinejoin="round"
          vectorEffect="non-scaling-stroke"
        />
      </svg>
      <figcaption className="mt-1.5 flex justify-between text-xs text-muted tabular-nums">
        <span>{spanMs / 60_000} min ago</span>
        <span>peak {formatRate(peak)} per second</span>
        <span>now</span>
      </figcaption>
    </figure>
  );
}
