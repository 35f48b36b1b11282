// Memory of the Node process, idle, after start.
import { readFileSync } from "node:fs";
import { startService, temporaryDir } from "../support/service.ts";
import type { Figure } from "./main.ts";

const settleMs = 10_000;

export async function idleBench(): Promise<Figure[]> {
  const dir = temporaryDir();
  const service = await startService(dir.path);
  try {
    await new Promise((resolve) => setTimeout(resolve, settleMs));
    const status = readFileSync(`/proc/${service.process.pid}/status`, "utf8");
    const mib = Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
    return [
      {
        what: "resident memory of the Node process, idle, 10 s after start",
        bar: "≤ 200 MB",
        measured: `${mib.toFixed(0)} MiB`,
        reached: mib * 1.048576 <= 200,
      },
    ];
  } finally {
    await service.stop();
    dir.remove();
  }
}
