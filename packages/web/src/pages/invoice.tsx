// The open invoice: each line with its price, what it comes to exactly, what is charged, and the evidence.
import { formatCount, formatHour, formatMonth, formatUsd, formatUsdExact } from "../lib/format.ts";
import type { Invoice, InvoiceLine } from "../lib/wire.ts";
import { Card, Table } from "../ui/page.tsx";

export function InvoiceCard({ invoice }: { invoice: Invoice }) {
  return (
    <Card title={`Invoice of ${formatMonth(invoice.period)}`} aside="Open until the month ends">
      {invoice.findings.map((finding) => (
        <p key={finding} role="note" className="mb-3 rounded-md bg-brass-soft p-3 wrap-anywhere">
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
          {["Quantity", "Unit price", "Exact", "Amount"].map((head) => (
            <th key={head} scope="col" className="text-right">
              {head}
            </th>
          ))}
        </tr>
      }
      foot={
        <tr>
          <th scope="row">To pay</th>
          <td colSpan={3} />
          <td className="text-right">{formatUsd(invoice.total)}</td>
        </tr>
      }
    >
      {invoice.lines.map((line) => (
        <LineRow key={`${line.kind} ${line.cluster ?? ""} ${line.description}`} line={line} />
      ))}
    </Table>
  );
}

function LineRow({ line }: { line: InvoiceLine }) {
  const hours = line.hoursAtCeiling ?? 0;
  return (
    <tr className="align-top">
      <th scope="row" className="min-w-48">
        {line.description}
        {hours > 0 && (
          <span className="block text-muted">
            {formatCount(hours)} {hours === 1 ? "hour" : "hours"} at the ceiling price
          </span>
        )}
      </th>
      <td className="text-right whitespace-nowrap">
        {formatCount(line.quantity)}{" "}
        <span className="text-muted">{counted(line.quantity, line.unit)}</span>
      </td>
      <UnitPrice line={line} />
      <td className="text-right whitespace-nowrap">{formatUsdExact(line.exactAmount)}</td>
      <td className="text-right font-medium whitespace-nowrap">{formatUsd(line.amount)}</td>
    </tr>
  );
}

const bytesPerGib = 1_073_741_824n;

function UnitPrice({ line: { unitPrice, unitPriceQuantity, unit } }: { line: InvoiceLine }) {
  const per = BigInt(unitPriceQuantity);
  const many = `${formatCount(unitPriceQuantity)} ${counted(unitPriceQuantity, unit)}`;
  // A month of storage is a GiB over all its hours: said as people buy it, with the exact divisor below.
  const isGibMonth = unit === "byte-hour" && per % bytesPerGib === 0n;
  return (
    <td className="text-right whitespace-nowrap">
      {formatUsdExact(unitPrice)}{" "}
      <span className="text-muted">per {isGibMonth ? "GiB-month" : per === 1n ? unit : many}</span>
      {isGibMonth && <span className="block text-muted">of {many}</span>}
    </td>
  );
}

const counted = (quantity: string, unit: string) => (quantity === "1" ? unit : `${unit}s`);

const rangesShown = 200;

/** The offsets behind written lines: any Kafka client can count them again. */
function Evidence({ lines }: { lines: readonly InvoiceLine[] }) {
  const ranges = lines.flatMap((line) => line.offsetRanges ?? []);
  if (ranges.length === 0) return null;
  const shown = ranges.slice(0, rangesShown);
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
        {shown.map((range) => (
          <tr key={`${range.hour} ${range.topicId} ${range.partition} ${range.from}`}>
            <td className="whitespace-nowrap">{formatHour(range.hour)}</td>
            <td className="min-w-40 font-mono text-[0.8125rem] wrap-anywhere">{range.topic}</td>
            <td className="text-right">{range.partition}</td>
            <td className="text-right">{formatCount(range.from)}</td>
            <td className="text-right">{formatCount(range.to)}</td>
            <td className="text-right">
              {formatCount(String(BigInt(range.to) - BigInt(range.from)))}
            </td>
          </tr>
        ))}
      </Table>
      {ranges.length > shown.length && (
        <p className="mt-2 text-sm text-muted">
          The first {rangesShown} are shown; GET /v1/invoices/current has all of them.
        </p>
      )}
    </details>
  );
}
