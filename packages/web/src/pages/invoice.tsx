// The open invoice: each line with its price, what it comes to exactly, what is charged, and the evidence.
import { formatCount, formatHour, formatUsd, formatUsdExact } from "../lib/format.ts";
import type { Invoice, InvoiceLine } from "../lib/wire.ts";
import { Card, Table } from "../ui/page.tsx";

export function InvoiceCard({ invoice }: { invoice: Invoice }) {
  return (
    <Card title={`Invoice ${invoice.period}`} aside="open: it grows until the month ends">
      {invoice.findings.map((finding) => (
        <p key={finding} role="note" className="mb-3 rounded-md bg-brass-soft p-3">
          {finding}
        </p>
      ))}
      {invoice.lines.length === 0 ? (
        <p className="text-muted">No lines yet: nothing was written, read or kept this month.</p>
      ) : (
        <LineTable invoice={invoice} />
      )}
      {invoice.unattributedRecords !== "0" && (
        <p className="mt-3 text-sm text-muted">
          {formatCount(invoice.unattributedRecords)} records stand in the log that no gateway
          counted (transaction markers, or a gateway that was killed). They are billed as written.
        </p>
      )}
      <Evidence lines={invoice.lines} />
    </Card>
  );
}

function LineTable({ invoice }: { invoice: Invoice }) {
  return (
    <Table
      caption="Invoice lines"
      head={
        <tr>
          <th scope="col">What</th>
          <th scope="col" className="text-right">
            Quantity
          </th>
          <th scope="col" className="text-right">
            Unit price
          </th>
          <th scope="col" className="text-right">
            Exact
          </th>
          <th scope="col" className="text-right">
            Amount
          </th>
        </tr>
      }
    >
      {invoice.lines.map((line) => (
        <LineRow key={`${line.kind} ${line.cluster ?? ""} ${line.description}`} line={line} />
      ))}
      <tr className="font-semibold">
        <th scope="row" className="!font-semibold">
          Total
        </th>
        <td colSpan={3} />
        <td className="text-right">{formatUsd(invoice.total)}</td>
      </tr>
    </Table>
  );
}

function LineRow({ line }: { line: InvoiceLine }) {
  const per = line.unitPriceQuantity === "1" ? "" : `${formatCount(line.unitPriceQuantity)} `;
  return (
    <tr className="align-top">
      <th scope="row" className="min-w-48">
        {line.description}
        {line.hoursAtCeiling !== undefined && line.hoursAtCeiling > 0 && (
          <span className="block text-muted">
            {line.hoursAtCeiling} {line.hoursAtCeiling === 1 ? "hour" : "hours"} at the ceiling
            price
          </span>
        )}
      </th>
      <td className="text-right whitespace-nowrap">
        {formatCount(line.quantity)} <span className="text-muted">{units(line)}</span>
      </td>
      <td className="text-right whitespace-nowrap">
        {formatUsdExact(line.unitPrice)}{" "}
        <span className="text-muted">
          per {per}
          {line.unit}
        </span>
      </td>
      <td className="text-right whitespace-nowrap">{formatUsdExact(line.exactAmount)}</td>
      <td className="text-right font-medium whitespace-nowrap">{formatUsd(line.amount)}</td>
    </tr>
  );
}

const units = (line: InvoiceLine) => (line.quantity === "1" ? line.unit : `${line.unit}s`);

/** The offsets behind written lines: any Kafka client can count them again. */
function Evidence({ lines }: { lines: readonly InvoiceLine[] }) {
  const ranges = lines.flatMap((line) => line.offsetRanges ?? []);
  if (ranges.length === 0) return null;
  return (
    <details className="mt-4">
      <summary className="text-water underline-offset-4 hover:underline">
        Offsets behind what was written: {formatCount(ranges.length)}{" "}
        {ranges.length === 1 ? "range" : "ranges"}
      </summary>
      <p className="my-2 text-sm text-muted">
        An offset is a record written. Read these with any Kafka client to count the bill again.
      </p>
      <Table
        caption="Offset ranges"
        head={
          <tr>
            <th scope="col">Hour (UTC)</th>
            <th scope="col">Topic</th>
            {["Partition", "From", "To", "Records"].map((head) => (
              <th key={head} scope="col" className="text-right">
                {head}
              </th>
            ))}
          </tr>
        }
      >
        {ranges.slice(0, 500).map((range) => (
          <tr key={`${range.hour} ${range.topicId} ${range.partition} ${range.from}`}>
            <td className="whitespace-nowrap">{formatHour(range.hour)}</td>
            <td className="font-mono text-[0.8125rem]">{range.topic}</td>
            <td className="text-right">{range.partition}</td>
            <td className="text-right">{formatCount(range.from)}</td>
            <td className="text-right">{formatCount(range.to)}</td>
            <td className="text-right">
              {formatCount(String(BigInt(range.to) - BigInt(range.from)))}
            </td>
          </tr>
        ))}
      </Table>
      {ranges.length > 500 && (
        <p className="mt-2 text-sm text-muted">
          The first 500 are shown; GET /v1/invoices/current has all of them.
        </p>
      )}
    </details>
  );
}
