// What was used and what it costs so far, down to the offsets anybody can count again.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { formatBytes, formatCount, formatMonth, formatUsd, formatUsdExact } from "../lib/format.ts";
import { hourPoints, hourStart, rangeHours } from "../lib/hours.ts";
import { useNow } from "../lib/now.ts";
import {
  clusterQuery,
  invoiceQuery,
  monthUsageQuery,
  usageQuery,
  whoAmIQuery,
} from "../lib/queries.ts";
import type { UsageReport } from "../lib/wire.ts";
import { HourChart } from "../ui/hour-chart.tsx";
import { Card, Figure, PageHead, Time } from "../ui/page.tsx";
import { Segments, segmentClass } from "../ui/segments.tsx";
import { Loading, Read } from "../ui/states.tsx";
import { InvoiceCard } from "./invoice.tsx";
import { UsageTable } from "./usage-table.tsx";

const route = getRouteApi("/usage");

export function UsagePage() {
  const invoice = useQuery(invoiceQuery);
  const usage = useQuery(monthUsageQuery("topic"));
  return (
    <>
      <PageHead title="Usage & cost">
        {invoice.data ? (
          <>
            {formatMonth(invoice.data.period)} so far, in US dollars. Counted{" "}
            <Time at={invoice.data.asOf} both />
          </>
        ) : (
          "This month so far, in US dollars."
        )}
      </PageHead>
      <div className="grid gap-4">
        <Read query={usage} loading={<Loading what="usage" rows={2} />}>
          {({ totals }) => <Totals totals={totals} toPay={invoice.data?.total} />}
        </Read>
        <ByHour />
        <ByGroup />
        <Read query={invoice} loading={<Loading what="the invoice" rows={3} />}>
          {(data) => <InvoiceCard invoice={data} />}
        </Read>
      </div>
    </>
  );
}

function Totals(props: { totals: UsageReport["totals"]; toPay: string | undefined }) {
  const { totals, toPay } = props;
  const me = useQuery(whoAmIQuery);
  const name = me.data?.cluster;
  const cluster = useQuery({ ...clusterQuery(name ?? ""), enabled: name !== undefined });
  const cap = cluster.data?.status.costPerHourMax;
  return (
    <Card>
      <dl className="grid grid-cols-2 gap-x-6 gap-y-5 max-lg:*:first:col-span-2 lg:grid-cols-4">
        <Figure
          name="Cost so far"
          value={formatUsdExact(totals.cost)}
          note={toPay === undefined ? "exact" : `exact; to pay ${formatUsd(toPay)}`}
        />
        <Figure
          name="Records written"
          value={formatCount(totals.recordsWritten)}
          note={formatBytes(totals.bytesIn)}
        />
        <Figure
          name="Records read"
          value={formatCount(totals.recordsRead)}
          note={formatBytes(totals.bytesOut)}
        />
        <Figure
          name={`Ceiling of ${name ?? "the cluster"}`}
          value={cap === undefined ? "…" : `${formatUsdExact(cap)} an hour`}
          note="and what it stores"
        />
      </dl>
    </Card>
  );
}

function ByHour() {
  const { range, view, by } = route.useSearch();
  // A new hour is a new window; within one the question stays the same.
  const first = useNow((nowMs) => rangeHours(range ?? "24h", nowMs)[0]!);
  const usage = useQuery(usageQuery("hour", hourStart(first)));
  const kept = { ...(by && { by }) };
  const shown = { ...(view && { view }) };
  const reach = { ...(range && { range }) };
  const aside = (
    <span className="flex flex-wrap gap-2">
      <Segments label="Hours shown">
        <Choice on={range === undefined} search={{ ...kept, ...shown }}>
          24 hours
        </Choice>
        <Choice on={range === "7d"} search={{ ...kept, ...shown, range: "7d" }}>
          7 days
        </Choice>
      </Segments>
      <Segments label="Shown as">
        <Choice on={view === undefined} search={{ ...kept, ...reach }}>
          Chart
        </Choice>
        <Choice on={view === "table"} search={{ ...kept, ...reach, view: "table" }}>
          Table
        </Choice>
      </Segments>
    </span>
  );
  return (
    <Card title="Records by hour" aside={aside}>
      <Read query={usage} loading={<Loading what="the hours" rows={5} />}>
        {(report) => <Hours report={report} range={range ?? "24h"} isTable={view === "table"} />}
      </Read>
    </Card>
  );
}

function Hours(props: { report: UsageReport; range: "24h" | "7d"; isTable: boolean }) {
  const { report, range, isTable } = props;
  if (isTable) return <UsageTable caption="Usage by hour" report={report} />;
  const points = hourPoints(rangeHours(range, Date.parse(report.asOf)), report.rows);
  const span = range === "24h" ? "24 hours" : "7 days";
  return (
    <HourChart
      points={points}
      label={`Records written and read by hour in the last ${span}. The table shows the same numbers.`}
    />
  );
}

function ByGroup() {
  const { by, ...kept } = route.useSearch();
  const usage = useQuery(monthUsageQuery(by ?? "topic"));
  const aside = (
    <Segments label="Grouped by">
      <Choice on={by === undefined} search={kept}>
        By topic
      </Choice>
      <Choice on={by !== undefined} search={{ ...kept, by: "serviceAccount" }}>
        By service account
      </Choice>
    </Segments>
  );
  return (
    <Card title="Who used it" aside={aside}>
      <Read query={usage} loading={<Loading what="usage" rows={3} />}>
        {(report) => (
          <UsageTable
            key={report.groupBy}
            caption={by === undefined ? "Usage by topic" : "Usage by service account"}
            report={report}
          />
        )}
      </Read>
    </Card>
  );
}

function Choice(props: {
  on: boolean;
  search: { range?: "7d"; by?: "serviceAccount"; view?: "table" };
  children: string;
}) {
  return (
    <Link
      to="/usage"
      search={props.search}
      replace
      resetScroll={false}
      aria-current={props.on ? "true" : undefined}
      className={segmentClass(props.on)}
    >
      {props.children}
    </Link>
  );
}
