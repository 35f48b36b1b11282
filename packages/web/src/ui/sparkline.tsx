/** The course of a number, without axes; the figures beside it say how much. */
export function Sparkline({ values, label }: { values: readonly number[]; label: string }) {
  const top = Math.max(1, ...values);
  const step = values.length > 1 ? 400 / (values.length - 1) : 400;
  const points = values.map(
    (value, i) => `${(i * step).toFixed(1)},${(62 - (value / top) * 58).toFixed(1)}`,
  );
  const line = points.length > 1 ? points.join(" ") : "0,62 400,62";
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox="0 0 400 64"
      preserveAspectRatio="none"
      className="h-24 w-full text-water"
    >
      <polygon points={`0,64 ${line} 400,64`} fill="currentColor" opacity=".13" />
      <polyline
        points={line}
        fill="none"
        stroke="currentColor"
        strokeWidth="2"
        vectorEffect="non-scaling-stroke"
      />
    </svg>
  );
}
