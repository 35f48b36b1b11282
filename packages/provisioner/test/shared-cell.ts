// A provisioner's surroundings around the test run's shared broker: a store of its own, and a driver whose cell is that
// broker. Each test works under its own tenant and prefixes, so tests do not meet.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Control } from "@headgate/control/control";
import type { Actor } from "@headgate/core/audit";
import { base32, newId, type TenantId } from "@headgate/core/ids";
import { type KafkaAdmin, kafkaAdmin } from "@headgate/kafka/admin";
import { processSignal } from "@headgate/store/signal";
import { openSqlite } from "@headgate/store/sqlite";
import { systemClock, systemRandom } from "@headgate/store/system";
import { inject } from "vitest";
import type { CellDriver } from "../src/drivers/driver.ts";

export interface SharedCell {
  readonly control: Control;
  readonly driver: CellDriver;
  readonly actor: Actor;
  /** Reads the world, past the provisioner. */
  readonly admin: KafkaAdmin;
  /** Of topics of these names the provisioner's broker has not heard yet. */
  behind: (names: readonly string[]) => boolean;
  /** Sets the store's and the commands' clock forward. */
  later(ms: number): void;
  close(): Promise<void>;
}

export function sharedCell(): SharedCell {
  const dir = mkdtempSync(join(tmpdir(), "headgate-provisioner-"));
  const store = openSqlite({ path: join(dir, "store.sqlite") });
  const signal = processSignal(base32(systemRandom, 16));
  const tenant: TenantId = newId("tn", systemRandom);
  const admin = sharedAdmin();
  let skewMs = 0;
  const heard = { behind: (_names: readonly string[]): boolean => false };
  const clock = { nowMs: () => systemClock.nowMs() + skewMs };
  return Object.assign(heard, {
    control: { store, signal, clock, random: systemRandom },
    driver: sharedDriver((names) => heard.behind(names)),
    actor: {
      tenant,
      channel: "api",
      requestId: "test",
      serviceAccountName: "tester",
    } satisfies Actor,
    admin,
    later(ms: number) {
      skewMs += ms;
    },
    async close() {
      admin.close();
      signal.close();
      await store.close();
      rmSync(dir, { recursive: true, force: true });
    },
  });
}

function sharedAdmin(): KafkaAdmin {
  const { bootstrap, adminUsername: username, adminPassword: password } = inject("kafka");
  return kafkaAdmin({ bootstrap, sasl: { mechanism: "PLAIN", username, password } });
}

function sharedDriver(isBehind: SharedCell["behind"]): CellDriver {
  const { nodeId: id, host, port } = inject("kafka");
  return {
    name: "embedded",
    can: { sleep: false, grow: false, shrink: false },
    observe: async () => ({ state: "present", power: "on", brokers: [{ id, host, port }] }),
    ensure: async () => ({ state: "done" }),
    destroy: async () => ({ state: "stuck", reason: "The shared broker is not ours." }),
    admin: async () => {
      const admin = sharedAdmin();
      return {
        ...admin,
        async metadata(selector) {
          const isHidden = selector !== "all" && "names" in selector && isBehind(selector.names);
          return admin.metadata(isHidden ? { names: ["no.such.topic"] } : selector);
        },
      };
    },
    watch: () => () => undefined,
    close: async () => undefined,
  };
}
