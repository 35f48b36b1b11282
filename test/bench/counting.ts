// Counting to the record, and how soon usage and cost show the last one.
import { countingRun } from "../support/counting.ts";
import { startService, temporaryDir } from "../support/service.ts";
import type { Figure } from "./main.ts";

export async function countingBench(): Promise<Figure[]> {
  const dir = temporaryDir();
  const service = await startService(dir.path);
  try {
    const figures: Figure[] = [];
    for (const rebalance of [false, true]) {
      const run = await countingRun(service, {
        topic: rebalance ? "moving" : "steady",
        records: 100_000,
        partitions: 6,
        rebalance,
      });
      const exact =
        run.billedWritten === run.logGrewBy &&
        run.billedWritten === run.written &&
        run.billedRead === run.tappedRecords &&
        (rebalance || run.billedRead === run.appliedRecords);
      figures.push({
        what: `100,000 records, gzip, idempotent, 6 partitions, 2 groups, ${rebalance ? "with" : "no"} rebalance`,
        bar: "written = offsets, read = tap",
        measured: `written ${run.billedWritten} = ${run.logGrewBy}; read ${run.billedRead}, tap ${run.tappedRecords}, applications ${run.appliedRecords}`,
        reached: exact,
      });
      figures.push({
        what: "usage and cost visible after the last record",
        bar: "≤ 5 s",
        measured: `${(run.visibleAfterMs / 1000).toFixed(1)} s`,
        reached: run.visibleAfterMs <= 5_000,
      });
    }
    return figures;
  } finally {
    await service.stop();
    dir.remove();
  }
}
