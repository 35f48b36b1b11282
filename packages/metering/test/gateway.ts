// A gateway as metering sees it: a writer with cumulative windows, attributed to topics. What it counted since its last
// flush goes when it dies; the next one is another writer.
import { hourOf } from "@headgate/core/clock";
import { base32 } from "@headgate/core/ids";
import type { ClusterRecord } from "@headgate/store/clusters";
import { systemRandom } from "@headgate/store/system";
import { usage } from "@headgate/store/usage";
import type { Bed } from "./bed.ts";

interface Counts {
  recordsIn: number;
  bytesIn: number;
  recordsOut: number;
  bytesOut: number;
}

export interface CountingGateway {
  wrote(topic: string, topicId: string, records: number, bytes?: number): void;
  read(topic: string, topicId: string, records: number, bytes?: number): void;
  /** Carries everything counted so far to the store, whatever hour it belongs to. */
  flush(): Promise<void>;
}

export function countingGateway(bed: Bed, cluster: ClusterRecord): CountingGateway {
  const writer = base32(systemRandom, 16);
  /** Hour → topic id → counts. */
  const hours = new Map<string, Map<string, Counts & { topic: string }>>();
  const versions = new Map<string, string>();
  const at = (topic: string, topicId: string): Counts => {
    const hour = hourOf(bed.nowMs());
    const rows = hours.get(hour) ?? new Map<string, Counts & { topic: string }>();
    hours.set(hour, rows);
    const none = { recordsIn: 0, bytesIn: 0, recordsOut: 0, bytesOut: 0, topic };
    const row = rows.get(topicId) ?? none;
    rows.set(topicId, row);
    return row;
  };
  const flushHour = async (hour: string, rows: Map<string, Counts & { topic: string }>) => {
    const { tenant, control } = bed;
    const all = [...rows.values()];
    const sum = (field: keyof Counts) => String(all.reduce((total, row) => total + row[field], 0));
    const counters = {
      recordsIn: sum("recordsIn"),
      recordsOut: sum("recordsOut"),
      bytesIn: sum("bytesIn"),
      bytesOut: sum("bytesOut"),
      requests: "1",
    };
    const atMs = bed.nowMs();
    const window = { tenant, cluster: cluster.id, hour, writer, firstAtMs: atMs, lastAtMs: atMs };
    const repo = usage(control.store);
    const expect = versions.get(hour) ?? "absent";
    versions.set(hour, await repo.putWindow({ ...window, totals: counters }, expect));
    const attributed = [...rows].map(([topicId, { topic, ...counts }]) => ({
      ...{ topic, topicId, serviceAccount: "tester", clientId: "" },
      recordsIn: String(counts.recordsIn),
      recordsOut: String(counts.recordsOut),
      bytesIn: String(counts.bytesIn),
      bytesOut: String(counts.bytesOut),
    }));
    const chunk = { hour, writer, chunk: 0, rows: attributed };
    await repo.putAttribution(tenant, cluster.id, chunk, "any");
  };
  return {
    wrote(topic, topicId, records, bytes = records * 100) {
      const counts = at(topic, topicId);
      counts.recordsIn += records;
      counts.bytesIn += bytes;
    },
    read(topic, topicId, records, bytes = records * 100) {
      const counts = at(topic, topicId);
      counts.recordsOut += records;
      counts.bytesOut += bytes;
    },
    async flush() {
      for (const [hour, rows] of hours) await flushHour(hour, rows);
      bed.control.signal.notify(`usage:${cluster.id}`);
    },
  };
}
