// A topic by REST to Ready, one after the other on one keep-alive connection.
import { startService, temporaryDir } from "../support/service.ts";
import type { Figure } from "./main.ts";
import { quantile } from "./stats.ts";

const topics = 150;

export async function topicsBench(): Promise<Figure[]> {
  const dir = temporaryDir();
  const service = await startService(dir.path);
  try {
    const tookMs: number[] = [];
    for (let i = 0; i < topics; i += 1) {
      const startMs = performance.now();
      const { body } = await service.rest("PUT", `/v1/topics/bench-${i}`, {
        body: { spec: { partitions: 3 } },
        headers: { prefer: "wait=10" },
      });
      tookMs.push(performance.now() - startMs);
      if (body.status?.phase !== "Ready") throw new Error(`not ready: ${JSON.stringify(body)}`);
    }
    const [p50, p99] = [quantile(tookMs, 0.5), quantile(tookMs, 0.99)];
    return [
      {
        what: `topic by REST to Ready, ${topics} in a row`,
        bar: "p50 ≤ 100 ms, p99 ≤ 500 ms",
        measured: `p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms`,
        reached: p50 <= 100 && p99 <= 500,
      },
    ];
  } finally {
    await service.stop();
    dir.remove();
  }
}
