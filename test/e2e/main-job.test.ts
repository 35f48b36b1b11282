// The main job: a topic by REST, records through the gateway, a bill that matches the log to the record.
import { afterAll, beforeAll, expect, test } from "vitest";
import { countingRun } from "../support/counting.ts";
import { type Service, startService, temporaryDir } from "../support/service.ts";

const dir = temporaryDir();
let service: Service;

beforeAll(async () => {
  service = await startService(dir.path);
});

afterAll(async () => {
  await service.stop();
  dir.remove();
});

for (const rebalance of [false, true]) {
  test(`counts are exact to the record, ${rebalance ? "with" : "without"} a rebalance: written = offsets, read = what the wire carried`, async () => {
    const topic = rebalance ? "moving" : "steady";
    const run = await countingRun(service, { topic, records: 20_000, partitions: 6, rebalance });
    expect(run.billedWritten).toBe(20_000);
    expect(run.billedWritten).toBe(run.logGrewBy);
    expect(run.billedRead).toBe(run.tappedRecords);
    if (!rebalance) expect(run.billedRead).toBe(run.appliedRecords);
  }, 120_000);
}

test("the invoice's written line names the offset ranges its records are the sum of, and its price can be recomputed", async () => {
  const { body: invoice } = await service.rest("GET", "/v1/invoices/current");
  const written = invoice.lines.filter((line: { kind: string }) => line.kind === "written");
  expect(written).toHaveLength(1);
  const [line] = written;
  const ranges: { topic: string; from: string; to: string }[] = line.offsetRanges;
  const records = ranges.reduce((sum, range) => sum + Number(range.to) - Number(range.from), 0);
  expect(String(records)).toBe(line.records);
  expect(records).toBe(40_000);
  expect(new Set(ranges.map((range) => range.topic))).toEqual(new Set(["steady", "moving"]));
  // dev: 0.05 dollars per million; below the ceiling of one streaming unit (0.05) in an hour.
  expect(Number(line.exactAmount)).toBeCloseTo((Number(line.quantity) * 0.05) / 1_000_000, 12);
  const sum = invoice.lines.reduce(
    (total: number, each: { amount: string }) => total + Number(each.amount),
    0,
  );
  expect(Number(invoice.total)).toBeCloseTo(sum, 9);
  expect(invoice.findings).toEqual([]);
});

test("usage by service account names who wrote and who read", async () => {
  const { body } = await service.rest("GET", "/v1/usage?groupBy=serviceAccount");
  const owner = body.rows.find((row: { serviceAccount: string }) => row.serviceAccount === "owner");
  expect(owner.recordsWritten).toBe("40000");
  expect(body.totals.recordsWritten).toBe("40000");
  expect(body.rows.map((row: { serviceAccount: string }) => row.serviceAccount)).toEqual(["owner"]);
});

test("a new cluster says what it can cost at most in an hour", async () => {
  const spec = { tier: "dev", streamingUnits: { min: 0, max: 2 } };
  const created = await service.rest("PUT", "/v1/clusters/second", { body: { spec } });
  expect(created.status).toBe(201);
  expect(created.body.status.costPerHourMax).toBe("0.10");
});
