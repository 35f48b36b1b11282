import type { ReactNode } from "react";

/** Links that choose one of a few views, as one control. `label` says what is chosen. */
export function Segments({ label, children }: { label: string; children: ReactNode }) {
  return (
    <nav
      aria-label={label}
      className="inline-flex rounded-md bg-sunken p-0.5 text-sm ring-1 ring-line"
    >
      {children}
    </nav>
  );
}

/** Classes of one of the links, which also carries aria-current. */
export function segmentClass(isOn: boolean): string {
  const look = isOn
    ? "bg-surface font-medium text-ink shadow-sm ring-1 ring-line"
    : "text-muted hover:text-ink";
  return `rounded px-2.5 py-1 ${look}`;
}
