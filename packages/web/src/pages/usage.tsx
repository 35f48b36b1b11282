// What was used and what it costs so far, down to the offsets anybody can count again.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, Suspense, useMemo } from "react";
import { formatBytes, formatCount, formatHour, formatUsd, formatUsdExact } from "../lib/format.ts";
import { hourPoints, rangeHours } from "../lib/hours.ts";
import { clusterQuery, invoiceQuery, usageQuery, whoAmIQuery } from "../lib/queries.ts";
import type { UsageGroup, UsageRow } from "../lib/wire.ts";
import { Card, Figure, PageHead, Table, Time } from "../ui/page.tsx";
import { Loading, ProblemNote } from "../ui/states.tsx";
import { InvoiceCard } from "./invoice.tsx";

// The chart's library loads after the numbers are there.
const HourChart = lazy(() => import("../ui/chart.tsx").then((m) => ({ default: m.HourChart })));
const route = getRouteApi("/usage");

export function UsagePage() {
  const invoice = useQuery(invoiceQuery);
  return (
    <>
      <PageHead title="Usage & cost">
        {invoice.data ? (
          <>
            {invoice.data.period}, in US dollars, counted <Time at={invoice.data.asOf} both />
          </>
        ) : (
          "This month so far, in US dollars"
        )}
      </PageHead>
      {invoice.isError && (
        <ProblemNote error={invoice.error} onRetry={() => void invoice.refetch()} />
      )}
      <div className="grid gap-4">
        <Totals total={invoice.data?.total} />
        <ByHour />
        <ByGroup />
        {invoice.data && <InvoiceCard invoice={invoice.data} />}
      </div>
    </>
  );
}

function Totals({ total }: { total: string | undefined }) {
  const usage = useQuery(usageQuery("topic"));
  const me = useQuery(whoAmIQuery);
  const cluster = useQuery({
    ...clusterQuery(me.data?.cluster ?? ""),
    enabled: me.data !== undefined,
  });
  const cap = cluster.data?.status.costPerHourMax;
  const sums = usage.data?.totals;
  if (usage.isError) return <ProblemNote error={usage.error} />;
  return (
    <Card>
      <dl className="grid grid-cols-2 gap-x-6 gap-y-5 lg:grid-cols-4">
        <Figure name="To pay so far" value={total === undefined ? "…" : formatUsd(total)} />
        <Figure
          name="Records written"
          value={sums ? formatCount(sums.recordsWritten) : "…"}
          note={sums && formatBytes(sums.bytesIn)}
        />
        <Figure
          name="Records read"
          value={sums ? formatCount(sums.recordsRead) : "…"}
          note={sums && formatBytes(sums.bytesOut)}
        />
        <Figure
          name={`Most ${me.data?.cluster ?? "the cluster"} can cost`}
          value={cap === undefined ? "…" : `${formatUsdExact(cap)} per hour`}
          note="storage apart"
        />
      </dl>
    </Card>
  );
}

function ByHour() {
  const { range = "24h", view, ...kept } = route.useSearch();
  const hours = rangeHours(range, Date.now());
  const usage = useQuery(usageQuery("hour", { from: hours[0]! }));
  const points = useMemo(
    () => hourPoints(rangeHours(range, usage.dataUpdatedAt || Date.now()), usage.data?.rows ?? []),
    [range, usage.data, usage.dataUpdatedAt],
  );
  const other = { ...kept, range } as const;
  const aside = (
    <span className="flex flex-wrap gap-x-4 gap-y-1">
      <Choice on={range === "24h"} search={{ ...kept, ...(view && { view }), range: "24h" }}>
        24 hours
      </Choice>
      <Choice on={range === "7d"} search={{ ...kept, ...(view && { view }), range: "7d" }}>
        7 days
      </Choice>
      <Choice on={view === undefined} search={other}>
        Chart
      </Choice>
      <Choice on={view === "table"} search={{ ...other, view: "table" }}>
        Table
      </Choice>
    </span>
  );
  return (
    <Card title="Records by hour" aside={aside}>
      {usage.isError && <ProblemNote error={usage.error} />}
      {view === "table" ? (
        <HourTable rows={usage.data?.rows ?? []} />
      ) : (
        <>
          <p className="mb-1 flex gap-4 text-sm text-muted">
            <Swatch className="bg-water">Written</Swatch>
            <Swatch className="bg-brass">Read</Swatch>
          </p>
          <Suspense fallback={<div className="h-60" />}>
            <HourChart
              points={points}
              label={`Records written and read by hour, last ${range === "24h" ? "24 hours" : "7 days"}. The table shows the same numbers.`}
            />
          </Suspense>
        </>
      )}
    </Card>
  );
}

function Swatch({ className, children }: { className: string; children: string }) {
  return (
    <span className="flex items-center gap-1.5">
      <span aria-hidden="true" className={`size-2.5 rounded-xs ${className}`} />
      {children}
    </span>
  );
}

function Choice(props: {
  on: boolean;
  search: { range?: "24h" | "7d"; by?: "serviceAccount"; view?: "table" };
  children: string;
}) {
  return (
    <Link
      to="/usage"
      search={props.search}
      replace
      resetScroll={false}
      aria-current={props.on ? "true" : undefined}
      className={`underline-offset-4 hover:underline ${props.on ? "font-semibold text-ink" : "text-water"}`}
    >
      {props.children}
    </Link>
  );
}

function HourTable({ rows }: { rows: readonly UsageRow[] }) {
  if (rows.length === 0) return <p className="text-muted">Nothing was written or read.</p>;
  return <UsageTable caption="Usage by hour" by="hour" rows={[...rows].reverse()} />;
}

function ByGroup() {
  const { by = "topic", ...kept } = route.useSearch();
  const usage = useQuery(usageQuery(by));
  const aside = (
    <span className="flex gap-4">
      <Choice on={by === "topic"} search={kept}>
        By topic
      </Choice>
      <Choice on={by === "serviceAccount"} search={{ ...kept, by: "serviceAccount" }}>
        By service account
      </Choice>
    </span>
  );
  return (
    <Card title="Who used it" aside={aside}>
      {usage.isPending && <Loading what="usage" rows={2} />}
      {usage.isError && <ProblemNote error={usage.error} />}
      {usage.data?.rows.length === 0 && (
        <p className="text-muted">
          Nothing yet this month.{" "}
          <Link to="/" className="text-water underline underline-offset-4">
            Send your first record
          </Link>{" "}
          and it shows here within seconds.
        </p>
      )}
      {usage.data && usage.data.rows.length > 0 && (
        <UsageTable caption={`Usage by ${by}`} by={by} rows={usage.data.rows} />
      )}
    </Card>
  );
}

function UsageTable(props: { caption: string; by: UsageGroup; rows: readonly UsageRow[] }) {
  const heads = { hour: "Hour (UTC)", topic: "Topic", serviceAccount: "Service account" };
  const name = (row: UsageRow) => row[props.by] ?? "other";
  return (
    <Table
      caption={props.caption}
      head={
        <tr>
          <th scope="col">{heads[props.by]}</th>
          {["Written", "Read", "In", "Out"].map((head) => (
            <th key={head} scope="col" className="text-right">
              {head}
            </th>
          ))}
        </tr>
      }
    >
      {props.rows.map((row) => (
        <tr key={name(row)}>
          <th
            scope="row"
            className={props.by === "hour" ? "" : "font-mono text-[0.8125rem] break-all"}
          >
            {props.by === "hour" ? formatHour(name(row)) : name(row)}
          </th>
          <td className="text-right">{formatCount(row.recordsWritten)}</td>
          <td className="text-right">{formatCount(row.recordsRead)}</td>
          <td className="text-right whitespace-nowrap">{formatBytes(row.bytesIn)}</td>
          <td className="text-right whitespace-nowrap">{formatBytes(row.bytesOut)}</td>
        </tr>
      ))}
    </Table>
  );
}
