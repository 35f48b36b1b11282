// A bar chart of two series by hour on uPlot's canvas. A table twin stands beside it for those who cannot see it.
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import { onThemeChange } from "../lib/theme.ts";

export interface ChartPoint {
  /** Seconds since the epoch at which the hour begins. */
  readonly at: number;
  readonly written: number;
  readonly read: number;
}

export function HourChart({ points, label }: { points: readonly ChartPoint[]; label: string }) {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = host.current;
    if (!element) return;
    let plot = draw(element, points);
    const again = () => {
      plot.destroy();
      plot = draw(element, points);
    };
    const stop = onThemeChange(again);
    const watcher = new ResizeObserver(() =>
      plot.setSize({ width: element.clientWidth, height: 240 }),
    );
    watcher.observe(element);
    return () => {
      stop();
      watcher.disconnect();
      plot.destroy();
    };
  }, [points]);
  return <div ref={host} role="img" aria-label={label} className="h-60 w-full overflow-hidden" />;
}

function draw(element: HTMLElement, points: readonly ChartPoint[]): uPlot {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const bars = (align: -1 | 1) => uPlot.paths.bars!({ size: [0.38, 26], align });
  const axis = {
    stroke: colour("--muted"),
    font: `12px ${style.fontFamily}`,
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
  };
  const series = (name: string, fill: string, align: -1 | 1) => ({
    label: name,
    fill: colour(fill),
    stroke: colour(fill),
    width: 0,
    paths: bars(align),
    points: { show: false },
  });
  return new uPlot(
    {
      width: element.clientWidth,
      height: 240,
      padding: [12, 8, 0, 0],
      legend: { show: false },
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
      scales: { y: { range: (_, __, most) => [0, Math.max(1, most * 1.08)] } },
      axes: [
        { ...axis, grid: { show: false }, space: 70 },
        { ...axis, size: 58, values: (_, ticks) => ticks.map(short) },
      ],
      series: [{}, series("Written", "--water", -1), series("Read", "--brass", 1)],
    },
    [points.map((p) => p.at), points.map((p) => p.written), points.map((p) => p.read)],
    element,
  );
}

const compact = new Intl.NumberFormat("en-US", { notation: "compact" });
const short = (value: number) => compact.format(value);
