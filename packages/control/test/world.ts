// What commands need, over a store in memory and a clock the test moves; and the provisioner's part, done by hand.
import type { Actor, AuditEvent } from "@headgate/core/audit";
import type { ClusterId, TenantId } from "@headgate/core/ids";
import { audit } from "@headgate/store/audit";
import { logPk } from "@headgate/store/keys";
import { processSignal } from "@headgate/store/signal";
import type { Store } from "@headgate/store/store";
import { tenants } from "@headgate/store/tenants";
import { topics } from "@headgate/store/topics";
import { type HandClock, handClock, seededRandom } from "../../store/test/clock.ts";
import { modelStore } from "../../store/test/model-store.ts";
import { tenantId, tenantRecord } from "../../store/test/records.ts";
import type { Control } from "../src/control.ts";
import { giveBackPartitions, settlePartitions } from "../src/partition-quota.ts";

export interface World {
  readonly control: Control;
  readonly store: Store;
  readonly clock: HandClock;
  readonly tenant: TenantId;
  readonly actor: Actor;
  /** The same world as another process sees it, through a store of its own. */
  through(store: Store): Control;
  /** Audit events, newest first, without ids and times. */
  events(): Promise<Omit<AuditEvent, "id" | "at">[]>;
  /** What the change feed was told, in order: `kind action parts`. */
  changes(): Promise<string[]>;
  /** What a provisioner that works says: it has seen the newest spec, and it is so. */
  topicReady(cluster: ClusterId, name: string): Promise<void>;
  /** What a provisioner does when nothing of a deleted topic is left on its cell. */
  topicGone(cluster: ClusterId, name: string): Promise<void>;
  close(): void;
}

let worlds = 0;

export async function openWorld(store: Store = modelStore()): Promise<World> {
  const clock = handClock();
  const signal = processSignal(`control.test ${process.pid} ${++worlds}`);
  const control: Control = { store, signal, clock, random: seededRandom(worlds) };
  const tenant = tenantId();
  await tenants(store).create(tenant, tenantRecord(tenant));
  const actor: Actor = {
    tenant,
    serviceAccountName: "ann",
    channel: "api",
    requestId: "request-1",
  };
  let processes = 0;
  return {
    control,
    store,
    clock,
    tenant,
    actor,
    through: (own) => ({
      ...control,
      store: own,
      random: seededRandom(worlds * 1000 + ++processes),
    }),
    async events() {
      const { items } = await audit(store).list(tenant, { limit: 1000 });
      return items.map(({ value: { id: _, at: __, ...event } }) => event);
    },
    async changes() {
      const { items } = await store.query(logPk(0), { limit: 1000 });
      return items.map(({ data }) => {
        const { kind, action, parts } = data as { kind: string; action: string; parts: string[] };
        return [kind, action, ...parts].join(" ");
      });
    },
    async topicReady(cluster, name) {
      await topics(store).updateStatus(tenant, cluster, name, ({ status, generation, spec }) => ({
        status: {
          ...status,
          phase: "Ready",
          observedGeneration: generation,
          partitions: spec.partitions,
        },
      }));
    },
    async topicGone(cluster, name) {
      const stored = await topics(store).get(tenant, cluster, name);
      if (!stored) return;
      const scope = { tenant, id: cluster };
      await giveBackPartitions(control, scope, stored.value);
      await topics(store).remove(tenant, cluster, name, stored.version);
      await settlePartitions(control, scope);
    },
    close: signal.close,
  };
}
