// The live stream over this process' change feed and usage signals. One tail serves all listeners. Usage has no feed:
// gateways signal per cluster that they flushed and metering that it looked at the logs, so while somebody listens each
// of the tenant's clusters is listened to.

import { toolsOf } from "@headgate/control/commit";
import type { Control } from "@headgate/control/control";
import type { ClusterId, TenantId } from "@headgate/core/ids";
import type { SeenEvent } from "@headgate/store/change-feed";
import { clusters } from "@headgate/store/clusters";
import type { LiveEvent, LiveListener, LiveSource } from "./live.ts";

interface Audience {
  readonly listeners: Set<LiveListener>;
  /** Stops listening to a cluster's usage. */
  readonly usage: Map<ClusterId, () => void>;
}

export function liveOverFeed(control: Control): LiveSource {
  const audiences = new Map<TenantId, Audience>();
  const tell = ({ listeners }: Audience, event: LiveEvent): void => {
    for (const listener of [...listeners]) listener.onEvent(event);
  };
  const hearUsage = (audience: Audience, cluster: ClusterId): void => {
    if (audience.usage.has(cluster)) return;
    const event: LiveEvent = { kind: "usage", action: "count", cluster };
    const stops = [`usage:${cluster}`, `metered:${cluster}`].map((topic) =>
      control.signal.on(topic, () => tell(audience, event)),
    );
    audience.usage.set(cluster, () => {
      for (const stop of stops) stop();
    });
  };
  const hearAllUsage = async (tenant: TenantId, audience: Audience): Promise<void> => {
    let cursor: string | undefined;
    do {
      const page = await clusters(control.store).list(tenant, { limit: 200, cursor });
      if (audience.listeners.size === 0) return;
      for (const { value } of page.items) hearUsage(audience, value.id);
      cursor = page.cursor;
    } while (cursor !== undefined);
  };
  const onError = (error: unknown): void =>
    control.log?.("The live stream could not read", { error: String(error) });
  const tail = toolsOf(control).feed.tail({
    onEvents(events) {
      for (const event of events) {
        const audience = audiences.get(event.tenant);
        if (!audience) continue;
        if (event.kind === "cluster") hearUsage(audience, event.parts[0] as ClusterId);
        tell(audience, toLive(event));
      }
    },
    onError,
  });
  const forget = (tenant: TenantId, { usage }: Audience): void => {
    for (const stop of usage.values()) stop();
    audiences.delete(tenant);
  };
  return {
    listen(tenant, listener) {
      const audience = audiences.get(tenant) ?? { listeners: new Set(), usage: new Map() };
      audiences.set(tenant, audience);
      audience.listeners.add(listener);
      hearAllUsage(tenant, audience).catch(onError);
      return () => {
        audience.listeners.delete(listener);
        if (audience.listeners.size === 0) forget(tenant, audience);
      };
    },
    async close() {
      const listeners = [...audiences.values()].flatMap((audience) => [...audience.listeners]);
      for (const listener of listeners) listener.onEnd();
      for (const [tenant, audience] of audiences) forget(tenant, audience);
      await tail.stop();
    },
  };
}

/** What stands in a cluster has the cluster's id first in its parts, a cluster itself its own. */
function toLive({ kind, action, parts }: SeenEvent): LiveEvent {
  const inCluster = kind === "topic" || kind === "group" || kind === "cluster";
  const [first, ...rest] = parts;
  const name = inCluster ? rest.join("/") : parts.join("/");
  return { kind, action, ...(inCluster && first ? { cluster: first } : {}), ...(name && { name }) };
}
