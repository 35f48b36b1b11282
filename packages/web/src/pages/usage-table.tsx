// Usage in rows with its sum, which is what /v1/usage answers as totals. The dearest rows come first; hours in order.
import { formatUsd as decimalUsd, usd } from "@headgate/core/money";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { formatBytes, formatCount, formatHour, formatUsdExact } from "../lib/format.ts";
import type { UsageAmounts, UsageReport, UsageRow } from "../lib/wire.ts";
import { Button } from "../ui/button.tsx";
import { Table } from "../ui/page.tsx";

const heads = { hour: "Hour (UTC)", topic: "Topic", serviceAccount: "Service account" } as const;
const rowsShown = 10;

export function UsageTable({ caption, report }: { caption: string; report: UsageReport }) {
  const [all, setAll] = useState(false);
  const rows = inOrder(report);
  const shown = all ? rows : rows.slice(0, rowsShown);
  if (rows.length === 0) return <NothingUsed groupBy={report.groupBy} />;
  return (
    <>
      <Table
        caption={caption}
        head={
          <tr>
            <th scope="col">{heads[report.groupBy]}</th>
            {["Written", "Read", "In", "Out", "Cost"].map((head) => (
              <th key={head} scope="col" className="text-right">
                {head}
              </th>
            ))}
          </tr>
        }
        foot={
          <tr>
            <th scope="row">Total</th>
            <Amounts of={report.totals} />
          </tr>
        }
      >
        {shown.map((row) => (
          <tr key={nameOf(row)}>
            <RowHead row={row} />
            <Amounts of={row} />
          </tr>
        ))}
        <Rest report={report} />
      </Table>
      {rows.length > rowsShown && (
        <div className="mt-3">
          <Button aria-expanded={all} onClick={() => setAll(!all)}>
            {all ? `The first ${rowsShown} only` : `Show all ${formatCount(rows.length)}`}
          </Button>
        </div>
      )}
    </>
  );
}

const nameOf = (row: UsageRow) => row.hour ?? row.topic ?? row.serviceAccount ?? "";

/** Only rows in which something happened: a topic that was never written to is no news. */
function inOrder({ rows, groupBy }: UsageReport): readonly UsageRow[] {
  const used = rows.filter(
    (row) => row.recordsWritten !== "0" || row.recordsRead !== "0" || usd(row.cost) !== 0n,
  );
  if (groupBy === "hour") return used.toReversed();
  return used.toSorted((a, b) => Number(usd(b.cost) - usd(a.cost)));
}

const restOf = {
  hour: "Not by hour",
  topic: "Reserved units, of no topic",
  serviceAccount: "Kept and reserved, of no account",
} as const;

/** What the total has beyond the rows, so that the table adds up. */
function Rest({ report: { rows, totals, groupBy } }: { report: UsageReport }) {
  const rest = rows.reduce((left, row) => left - usd(row.cost), usd(totals.cost));
  // Each row is rounded to the pico-dollar.
  if (rest <= BigInt(rows.length)) return null;
  return (
    <tr>
      <th scope="row">{restOf[groupBy]}</th>
      <td colSpan={4} />
      <td className="text-right whitespace-nowrap">{formatUsdExact(decimalUsd(rest))}</td>
    </tr>
  );
}

function RowHead({ row }: { row: UsageRow }) {
  if (row.hour !== undefined) {
    return (
      <th scope="row" className="whitespace-nowrap">
        {formatHour(row.hour)}
      </th>
    );
  }
  return (
    <th scope="row" className="min-w-48 font-mono text-[0.8125rem] leading-snug wrap-anywhere">
      {nameOf(row)}
    </th>
  );
}

function Amounts({ of }: { of: UsageAmounts }) {
  return (
    <>
      <td className="text-right">{formatCount(of.recordsWritten)}</td>
      <td className="text-right">{formatCount(of.recordsRead)}</td>
      <td className="text-right whitespace-nowrap">{formatBytes(of.bytesIn)}</td>
      <td className="text-right whitespace-nowrap">{formatBytes(of.bytesOut)}</td>
      <td className="text-right whitespace-nowrap">{formatUsdExact(of.cost)}</td>
    </>
  );
}

function NothingUsed({ groupBy }: Pick<UsageReport, "groupBy">) {
  return (
    <p className="text-muted">
      Nothing was written or read {groupBy === "hour" ? "in these hours" : "this month"} yet.{" "}
      <Link to="/" className="text-water underline underline-offset-4">
        Send your first record
      </Link>{" "}
      and it shows here within seconds.
    </p>
  );
}
