// Records by hour as pairs of bars. Written is solid, read is hatched, so that colour is not what tells them apart; a
// table twin stands beside it for those who cannot see it, and the hour under the pointer is told in words.
import { type PointerEvent, useEffect, useId, useRef, useState } from "react";
import { formatCompact, formatCount, formatDay, formatHour } from "../lib/format.ts";
import { type HourPoint, scaleTicks } from "../lib/hours.ts";

const height = 232;
const plot = { left: 44, right: 2, top: 10, bottom: 24 };
/** Room a label of the time axis wants. */
const labelWidth = 60;

export function HourChart({ points, label }: { points: readonly HourPoint[]; label: string }) {
  const [host, width] = useWidth();
  const [over, setOver] = useState<number>();
  const innerWidth = Math.max(0, width - plot.left - plot.right);
  const slot = innerWidth / points.length;
  const ticks = scaleTicks(Math.max(0, ...points.flatMap((p) => [p.written, p.read])));
  const top = ticks.at(-1)!;
  const y = (value: number) =>
    height - plot.bottom - (value / top) * (height - plot.top - plot.bottom);
  const follow = (event: PointerEvent<SVGSVGElement>) => {
    const x = event.clientX - event.currentTarget.getBoundingClientRect().left - plot.left;
    const index = Math.floor(x / slot);
    setOver(index >= 0 && index < points.length ? index : undefined);
  };
  return (
    <div>
      <Legend point={over === undefined ? undefined : points[over]} />
      <div ref={host} className="h-58">
        {innerWidth > 0 && (
          <svg
            role="img"
            aria-label={label}
            width={width}
            height={height}
            onPointerMove={follow}
            onPointerDown={follow}
            onPointerLeave={() => setOver(undefined)}
            className="block touch-pan-y text-xs"
          >
            {ticks.map((tick) => (
              <g key={tick}>
                <path
                  d={`M${plot.left} ${Math.round(y(tick)) + 0.5}H${width - plot.right}`}
                  className={tick === 0 ? "stroke-line-strong" : "stroke-line"}
                />
                <text x={plot.left - 8} y={y(tick) + 4} textAnchor="end" className="fill-muted">
                  {formatCompact(tick)}
                </text>
              </g>
            ))}
            {over !== undefined && (
              <rect
                x={plot.left + over * slot}
                y={plot.top}
                width={slot}
                height={height - plot.top - plot.bottom}
                className="fill-sunken"
              />
            )}
            <Bars points={points} slot={slot} y={y} />
            <HourLabels points={points} slot={slot} />
          </svg>
        )}
      </div>
    </div>
  );
}

function Bars(props: { points: readonly HourPoint[]; slot: number; y: (value: number) => number }) {
  const { points, slot, y } = props;
  const hatch = useId();
  const gap = slot > 8 ? 1 : 0;
  const width = Math.min(14, (slot * 0.78 - gap) / 2);
  const bar = (value: number) => {
    // However little it was, it was not nothing.
    const tall = value > 0 ? Math.max(1.5, y(0) - y(value)) : 0;
    return { y: y(0) - tall, height: tall, width };
  };
  return (
    <>
      <defs>
        <pattern id={hatch} width="4" height="4" patternUnits="userSpaceOnUse">
          <rect width="4" height="4" className="fill-brass" opacity=".28" />
          <path d="M-1 1l2-2M0 4l4-4M3 5l2-2" className="stroke-brass" strokeWidth="1.3" />
        </pattern>
      </defs>
      {points.map((point, i) => {
        const middle = plot.left + (i + 0.5) * slot;
        return (
          <g key={point.hour}>
            <rect {...bar(point.written)} x={middle - gap / 2 - width} className="fill-water" />
            <rect {...bar(point.read)} x={middle + gap / 2} fill={`url(#${hatch})`} />
          </g>
        );
      })}
    </>
  );
}

/** UTC hours, or the day where one begins; as many as there is room for. */
function HourLabels({ points, slot }: { points: readonly HourPoint[]; slot: number }) {
  const every = [1, 2, 3, 4, 6, 12, 24, 48].find((hours) => hours * slot >= labelWidth) ?? 48;
  return points.map(({ hour }, i) => {
    const ofDay = Number(hour.slice(11, 13));
    const day = Math.floor(i / 24);
    const isShown = every > 24 ? ofDay === 0 && day % (every / 24) === 0 : ofDay % every === 0;
    if (!isShown) return null;
    return (
      <text
        key={hour}
        x={plot.left + (i + 0.5) * slot}
        y={height - 6}
        textAnchor="middle"
        className={ofDay === 0 ? "fill-ink font-medium" : "fill-muted"}
      >
        {ofDay === 0 ? formatDay(hour) : `${hour.slice(11, 13)}:00`}
      </text>
    );
  });
}

function Legend({ point }: { point: HourPoint | undefined }) {
  return (
    <p className="mb-2 flex min-h-6 flex-wrap items-center gap-x-5 gap-y-1 text-sm text-muted tabular-nums">
      <span className="flex items-center gap-2">
        <span aria-hidden="true" className="size-3 bg-water" />
        Written {point && <b className="font-semibold text-ink">{formatCount(point.written)}</b>}
      </span>
      <span className="flex items-center gap-2">
        <span aria-hidden="true" className="hatch size-3" />
        Read {point && <b className="font-semibold text-ink">{formatCount(point.read)}</b>}
      </span>
      <span className="ml-auto">{point ? `${formatHour(point.hour)} UTC` : "Hours are UTC"}</span>
    </p>
  );
}

/** The width of an element in pixels, 0 until it is known. */
function useWidth() {
  const host = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const watcher = new ResizeObserver(() => setWidth(element.clientWidth));
    watcher.observe(element);
    return () => watcher.disconnect();
  }, []);
  return [host, width] as const;
}
