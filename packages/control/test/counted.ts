// A store filled by hand with what gateways and metering would have written of one cluster.
import type { ClusterId, TenantId } from "@headgate/core/ids";
import type { Attribution, Counters, OffsetSnapshot } from "@headgate/core/usage";
import { offsetsPk, offsetsSk } from "@headgate/store/keys";
import type { Store } from "@headgate/store/store";
import { usage } from "@headgate/store/usage";

type Offsets = Record<number, number | bigint>;

export const topicIdOf = (topic: string) => `id-${topic}`;

export function counted(store: Store, tenant: TenantId, cluster: ClusterId) {
  const put = (label: string, snapshot: OffsetSnapshot) =>
    store.put(
      {
        pk: offsetsPk(tenant, cluster),
        sk: offsetsSk(label, snapshot.topicId),
        data: snapshot,
      },
      "any",
    );
  const snapshotOf = (hour: string, topic: string, offsets: Offsets): OffsetSnapshot => ({
    topic,
    topicId: topicIdOf(topic),
    hour,
    atMs: Date.parse(`${hour}:00:01Z`),
    offsets: Object.fromEntries(Object.entries(offsets).map(([p, n]) => [p, String(n)])),
  });
  return {
    /** The first watermarks that were read after `hour` began. */
    boundary: (hour: string, topic: string, offsets: Offsets) =>
      put(hour, snapshotOf(hour, topic, offsets)),
    /** `lost` are the records that went when watermarks went back. */
    latest: (hour: string, topic: string, offsets: Offsets, lost?: string) =>
      put("LATEST", { ...snapshotOf(hour, topic, offsets), lost }),
    window: (hour: string, writer: string, totals: Partial<Record<keyof Counters, bigint>>) =>
      usage(store).putWindow(
        { tenant, cluster, hour, writer, totals: texts(totals), firstAtMs: 1, lastAtMs: 2 },
        "any",
      ),
    attribution: (
      hour: string,
      writer: string,
      rows: readonly {
        topic: string;
        serviceAccount: string;
        counts: Partial<Record<keyof Counters, bigint>>;
      }[],
    ) =>
      usage(store).putAttribution(
        tenant,
        cluster,
        {
          hour,
          writer,
          chunk: 0,
          rows: rows.map(({ topic, serviceAccount, counts }): Attribution => {
            const topicId = topicIdOf(topic);
            return { topic, topicId, serviceAccount, clientId: "app", ...texts(counts) };
          }),
        },
        "any",
      ),
    sample: (hour: string, topics: Record<string, bigint>) =>
      usage(store).putStorage(tenant, cluster, {
        hour,
        atMs: Date.parse(`${hour}:10:00Z`),
        bytes: String(Object.values(topics).reduce((sum, bytes) => sum + bytes, 0n)),
        topics: Object.fromEntries(Object.entries(topics).map(([t, bytes]) => [t, String(bytes)])),
      }),
  };
}

function texts(counts: Partial<Record<keyof Counters, bigint>>): Counters {
  const all = { recordsIn: 0n, recordsOut: 0n, bytesIn: 0n, bytesOut: 0n, requests: 1n, ...counts };
  return {
    recordsIn: String(all.recordsIn),
    recordsOut: String(all.recordsOut),
    bytesIn: String(all.bytesIn),
    bytesOut: String(all.bytesOut),
    requests: String(all.requests),
  };
}
