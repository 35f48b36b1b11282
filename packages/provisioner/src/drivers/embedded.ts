// Cells as embedded Apache Kafka processes of this machine: one broker each, its directory kept while it is off. The
// supervisor below (embedded/) restarts a broker that dies, so a cell that is on needs nothing from here.
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { AppError } from "@headgate/core/errors";
import type { CellId } from "@headgate/core/ids";
import { kafkaAdmin } from "@headgate/kafka/admin";
import {
  type EmbeddedKafka,
  type EmbeddedKafkaOptions,
  startEmbeddedKafka,
} from "../embedded/broker.ts";
import type {
  CellDriver,
  DesiredCell,
  DriverAbilities,
  DriverContext,
  ObservedCell,
  Progress,
} from "./driver.ts";

export interface EmbeddedDriverOptions
  extends Omit<EmbeddedKafkaOptions, "dataDir" | "signal" | "onProgress"> {
  /** Where a cell's broker keeps its data. */
  readonly dataDirOf: (cell: CellId) => string;
}

const can: DriverAbilities = { sleep: true, grow: false, shrink: false };

/** What this process holds of one cell. */
interface Held {
  kafka: EmbeddedKafka | undefined;
  change: { readonly doing: string; readonly settled: Promise<void> } | undefined;
  /** What the last change ended with, until `ensure` has told it. */
  failure: { readonly error: unknown } | undefined;
  readonly listeners: Set<() => void>;
}

/** The driver of cells in this process. Its options are those of one broker, apart from its directory. */
export function embeddedDriver(options: EmbeddedDriverOptions): CellDriver {
  const { dataDirOf, ...kafkaOptions } = options;
  const cells = new Map<CellId, Held>();
  const heldOf = (cell: CellId): Held => {
    const held = cells.get(cell) ?? emptyHand();
    cells.set(cell, held);
    return held;
  };

  const start = async (cell: CellId, held: Held, context: DriverContext): Promise<void> => {
    const { signal, onProgress } = context;
    held.kafka = await startEmbeddedKafka({
      ...kafkaOptions,
      dataDir: dataDirOf(cell),
      ...(signal && { signal }),
      ...(onProgress && { onProgress }),
    });
    held.kafka.onStateChange(() => tell(held));
  };

  return {
    name: "embedded",
    can,
    async observe(cell) {
      const { kafka, change } = heldOf(cell);
      if (!kafka && !existsSync(dataDirOf(cell))) return { state: "absent" };
      return { state: "present", ...powerOf(kafka, change !== undefined) };
    },
    async ensure(cell, desired, context) {
      const held = heldOf(cell);
      if (desired.brokers !== 1) {
        const reason = `An embedded cell has one broker, not ${desired.brokers}.`;
        return { state: "stuck", reason };
      }
      const pending = inFlight(held);
      if (pending) return pending;
      if (isAsDesired(held, desired)) return { state: "done" };
      if (desired.power === "off") return change(held, "stopping", () => stop(held));
      return change(held, "starting", () => start(cell, held, context));
    },
    async destroy(cell) {
      const held = heldOf(cell);
      const pending = inFlight(held);
      if (pending) return pending;
      if (!held.kafka && !existsSync(dataDirOf(cell))) return { state: "done" };
      return change(held, "removing", async () => {
        await stop(held);
        await rm(dataDirOf(cell), { recursive: true, force: true });
      });
    },
    async admin(cell) {
      const { kafka, change } = heldOf(cell);
      const { power } = powerOf(kafka, change !== undefined);
      if (!kafka || power !== "on") {
        const now = power === "off" ? "off" : "starting or stopping";
        throw new AppError("cell.unavailable", { detail: `Cell ${cell} is ${now}.` });
      }
      const { bootstrap, admin } = kafka;
      return kafkaAdmin({
        bootstrap: `${bootstrap.host}:${bootstrap.port}`,
        sasl: { mechanism: "PLAIN", ...admin },
      });
    },
    watch(cell, listener) {
      const { listeners } = heldOf(cell);
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async close() {
      const all = [...cells.values()];
      await Promise.all(all.map((held) => held.change?.settled));
      await Promise.all(all.map(stop));
    },
  };
}

const emptyHand = (): Held => ({
  kafka: undefined,
  change: undefined,
  failure: undefined,
  listeners: new Set(),
});

function powerOf(
  kafka: EmbeddedKafka | undefined,
  changing: boolean,
): Omit<Extract<ObservedCell, { state: "present" }>, "state"> {
  if (kafka?.state === "running" && !changing) {
    return { power: "on", brokers: [{ id: kafka.nodeId, ...kafka.bootstrap }] };
  }
  return { power: kafka || changing ? "changing" : "off", brokers: [] };
}

/** A change that runs; or the failure of the last one, thrown once. */
function inFlight(held: Held): Progress | undefined {
  if (held.change) {
    return { state: "working", doing: held.change.doing, changed: held.change.settled };
  }
  const { failure } = held;
  held.failure = undefined;
  if (failure) throw failure.error;
  if (held.kafka && held.kafka.state !== "running") {
    const changed = new Promise<void>((resolve) => {
      const end = held.kafka!.onStateChange(() => {
        end();
        resolve();
      });
    });
    return { state: "working", doing: held.kafka.state, changed };
  }
  return undefined;
}

function isAsDesired(held: Held, desired: DesiredCell): boolean {
  return (held.kafka !== undefined) === (desired.power === "on");
}

function change(held: Held, doing: string, run: () => Promise<void>): Progress {
  const settled = run().then(
    () => finish(held, undefined),
    (error: unknown) => finish(held, { error }),
  );
  held.change = { doing, settled };
  return { state: "working", doing, changed: settled };
}

function finish(held: Held, failure: Held["failure"]): void {
  held.change = undefined;
  held.failure = failure;
  tell(held);
}

async function stop(held: Held): Promise<void> {
  await held.kafka?.stop();
  held.kafka = undefined;
}

function tell(held: Held): void {
  for (const listener of [...held.listeners]) listener();
}
