import { Command } from "commander";
import type { Context } from "../context.ts";
import { request } from "../http.ts";
import { type Column, printRows } from "../output.ts";

interface UsageRow {
  readonly hour?: string;
  readonly topic?: string;
  readonly serviceAccount?: string;
  readonly recordsWritten: string;
  readonly recordsRead: string;
  readonly messages: string;
  readonly cost?: string;
}

const columns: Column<UsageRow>[] = [
  ["by", (row) => row.hour ?? row.topic ?? row.serviceAccount ?? "total"],
  ["written", (row) => row.recordsWritten],
  ["read", (row) => row.recordsRead],
  ["messages", (row) => row.messages],
  ["cost USD", (row) => row.cost],
];

/** `headgate usage`: what was used and what it costs so far. */
export function usageCommand(context: Context): Command {
  return new Command("usage")
    .description("What was written and read this month, and what it costs so far")
    .option("--by <hour|topic|serviceAccount>", "how to group it", "topic")
    .action(async (flags: { by: string }) => {
      const profile = context.profile();
      const from = `${new Date().toISOString().slice(0, 7)}-01T00:00:00.000Z`;
      const query = new URLSearchParams({ groupBy: flags.by, cluster: profile.cluster, from });
      const usage = await request(profile, "GET", `/v1/usage?${query}`);
      const { rows } = usage.body as { rows: UsageRow[] };
      printRows(context.out, rows, columns);
      if (context.out.format !== "table") return;
      const invoice = await request(profile, "GET", "/v1/invoices/current");
      const { total, period } = invoice.body as { total: string; period: string };
      context.out.stdout(`\nSo far in ${period}: ${total} USD\n`);
    });
}
