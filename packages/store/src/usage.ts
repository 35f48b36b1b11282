// Usage windows and their attribution, and storage samples. A writer owns its items: it alone overwrites them, with
// larger cumulative numbers, conditionally on its own version; the sum over writers is the usage.
import type { ClusterId, TenantId } from "@headgate/core/ids";
import { AttributionChunk, StorageSample, UsageWindow } from "@headgate/core/usage";
import { attributionPk, attributionSk, storageOf, usagePk, usageSk } from "./keys.ts";
import { allBetween, putOnce, type Stored } from "./resources.ts";
import type { Expect, Store, Version } from "./store.ts";

/** Whole UTC hours: `from` inclusive, `before` exclusive. */
export interface HourSpan {
  readonly from: string;
  readonly before: string;
}

/** The repository of usage. Every method throws StoreError. */
export function usage(store: Store) {
  const values = <R>(stored: Stored<R>[]): R[] => stored.map((each) => each.value);
  return {
    /** `expect` is the version of the writer's own last put of this window, or `absent`. */
    putWindow: (window: UsageWindow, expect: Expect): Promise<Version> =>
      store.put(
        {
          pk: usagePk(window.tenant, window.cluster),
          sk: usageSk(window.hour, window.writer),
          data: window,
        },
        expect,
      ),
    putAttribution: (
      tenant: TenantId,
      cluster: ClusterId,
      chunk: AttributionChunk,
      expect: Expect,
    ): Promise<Version> =>
      store.put(
        {
          pk: attributionPk(tenant, cluster),
          sk: attributionSk(chunk.hour, chunk.writer, chunk.chunk),
          data: chunk,
        },
        expect,
      ),
    /** One writer's window as stored, for a writer that must find its version again. */
    getWindow: (tenant: TenantId, cluster: ClusterId, hour: string, writer: string) =>
      store.get({ pk: usagePk(tenant, cluster), sk: usageSk(hour, writer) }),
    /** The same for a piece of its attribution. */
    getAttribution: (
      tenant: TenantId,
      cluster: ClusterId,
      { hour, writer, chunk }: Pick<AttributionChunk, "hour" | "writer" | "chunk">,
    ) => store.get({ pk: attributionPk(tenant, cluster), sk: attributionSk(hour, writer, chunk) }),
    async windows(tenant: TenantId, cluster: ClusterId, span: HourSpan): Promise<UsageWindow[]> {
      return values(await allBetween(store, UsageWindow, usagePk(tenant, cluster), span));
    },
    async attribution(
      tenant: TenantId,
      cluster: ClusterId,
      span: HourSpan,
    ): Promise<AttributionChunk[]> {
      return values(
        await allBetween(store, AttributionChunk, attributionPk(tenant, cluster), span),
      );
    },
    /** Put once per hour; false when the hour has its sample. */
    putStorage: (tenant: TenantId, cluster: ClusterId, sample: StorageSample): Promise<boolean> =>
      putOnce(store, storageOf(tenant, cluster).key(sample.hour), sample),
    async storage(tenant: TenantId, cluster: ClusterId, span: HourSpan): Promise<StorageSample[]> {
      return values(await allBetween(store, StorageSample, storageOf(tenant, cluster).pk, span));
    },
  };
}
