// The frame all pages share: heading, cards, figures, tables, times.
import { type ReactNode, useEffect } from "react";
import { formatAbsolute, formatRelative } from "../lib/format.ts";
import { useNow } from "../lib/now.ts";

/** A page's heading with its actions; sets the tab's title too. The heading takes the focus after a change of page. */
export function PageHead(props: { title: string; children?: ReactNode; actions?: ReactNode }) {
  useEffect(() => {
    document.title = `${props.title} · Headgate`;
  }, [props.title]);
  return (
    <header className="mb-6 flex flex-wrap items-end justify-between gap-x-6 gap-y-3">
      <div className="min-w-0">
        <h1
          tabIndex={-1}
          className="text-2xl font-semibold tracking-tight wrap-anywhere outline-none sm:text-[1.75rem] sm:leading-9"
        >
          {props.title}
        </h1>
        {props.children && <div className="mt-1 max-w-2xl text-muted">{props.children}</div>}
      </div>
      {props.actions && <div className="flex flex-wrap gap-2">{props.actions}</div>}
    </header>
  );
}

export function Card(props: { title?: ReactNode; aside?: ReactNode; children: ReactNode }) {
  return (
    <section className="min-w-0 rounded-card border border-line bg-surface p-4 sm:p-5">
      {props.title && (
        <div className="mb-3 flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
          <h2 className="font-semibold">{props.title}</h2>
          {props.aside && <div className="text-sm text-muted">{props.aside}</div>}
        </div>
      )}
      {props.children}
    </section>
  );
}

/** A number that matters, with its name above it. */
export function Figure(props: { name: string; value: ReactNode; note?: ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="text-sm text-muted">{props.name}</dt>
      <dd className="mt-0.5 text-xl font-semibold tracking-tight wrap-anywhere tabular-nums">
        {props.value}
      </dd>
      {props.note && <dd className="text-sm text-muted">{props.note}</dd>}
    </div>
  );
}

/** A table that scrolls inside itself on narrow screens, reachable by keyboard. */
export function Table(props: {
  caption: string;
  head: ReactNode;
  foot?: ReactNode;
  children: ReactNode;
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard (WCAG 2.1.1)
    <section tabIndex={0} aria-label={props.caption} className="-mx-1 overflow-x-auto px-1">
      <table className="w-full border-collapse text-left text-sm [&_td]:px-3 [&_td]:py-2.5 [&_td:first-child]:pl-0 [&_td:last-child]:pr-0 [&_th]:px-3 [&_th]:py-2.5 [&_th:first-child]:pl-0 [&_th:last-child]:pr-0">
        <caption className="sr-only">{props.caption}</caption>
        <thead className="border-line border-b text-muted [&_th]:font-medium [&_th]:whitespace-nowrap">
          {props.head}
        </thead>
        <tbody className="divide-y divide-line [&_th]:font-normal">{props.children}</tbody>
        {props.foot && (
          <tfoot className="border-line-strong border-t font-semibold">{props.foot}</tfoot>
        )}
      </table>
    </section>
  );
}

/** `5 minutes ago`, kept current, with the absolute time beside it or in its title. */
export function Time({ at, both = false }: { at: string; both?: boolean }) {
  const relative = useNow((nowMs) => formatRelative(Date.parse(at), nowMs));
  const absolute = formatAbsolute(at);
  return (
    <time dateTime={at} title={absolute} className="whitespace-nowrap">
      {relative}
      {both && <span className="text-muted"> · {absolute}</span>}
    </time>
  );
}
