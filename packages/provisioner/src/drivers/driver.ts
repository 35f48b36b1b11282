// The port to where cells live. A driver makes, powers and removes whole Kafka clusters; topics, principals, ACLs and
// offsets go through Kafka's own admin protocol, the same code for every driver.
import type { Cell } from "@headgate/core/cell";
import type { CellId } from "@headgate/core/ids";
import type { KafkaAdmin } from "@headgate/kafka/admin";

/** Named differences between drivers, each read in one place. */
export interface DriverAbilities {
  /** A cell can be switched off and on again with its data. */
  readonly sleep: boolean;
  /** A cell can get more brokers than it was made with. */
  readonly grow: boolean;
  /** A cell can lose brokers again. */
  readonly shrink: boolean;
}

export interface DesiredCell {
  readonly power: "on" | "off";
  readonly brokers: number;
}

export interface BrokerAddress {
  readonly id: number;
  readonly host: string;
  readonly port: number;
}

export type ObservedCell =
  | { readonly state: "absent" }
  /** The place where it lives did not answer; nothing may be concluded. */
  | { readonly state: "unknown" }
  | {
      readonly state: "present";
      readonly power: "on" | "off" | "changing";
      /** The live ones; empty unless `on`. */
      readonly brokers: readonly BrokerAddress[];
    };

/** How far a cell is from what was desired. */
export type Progress =
  | { readonly state: "done" }
  /** A change runs. `changed` settles, never rejects, when it is worth asking again. */
  | { readonly state: "working"; readonly doing: string; readonly changed: Promise<void> }
  /** Asking again changes nothing until somebody acts. */
  | { readonly state: "stuck"; readonly reason: string };

export interface DriverContext {
  /** Gives up a change in flight. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((message: string) => void) | undefined;
}

export interface CellDriver {
  readonly name: Cell["driver"];
  readonly can: DriverAbilities;
  observe(cell: CellId): Promise<ObservedCell>;
  /**
   * Idempotent; starts at most one change and never waits for it. Throws, once, the AppError a change it started ended
   * with; the call after that tries again.
   */
  ensure(cell: CellId, desired: DesiredCell, context: DriverContext): Promise<Progress>;
  /** Removes the cell and its data; idempotent. Throws, once, what the last change ended with, like `ensure`. */
  destroy(cell: CellId, context: DriverContext): Promise<Progress>;
  /** A new admin connection, the caller's to close. Throws `cell.unavailable` while the cell is not on. */
  admin(cell: CellId): Promise<KafkaAdmin>;
  /** Calls `listener` whenever `observe` may answer something else; returns the function that ends it. */
  watch(cell: CellId, listener: () => void): () => void;
  /** Lets go of what this process holds; an embedded broker stops with the process that runs it. */
  close(): Promise<void>;
}

/** Asks again until the cell is as desired. Throws what `ensure` throws, and `kafka.start_failed` when stuck. */
export async function settle(
  ask: () => Promise<Progress>,
): Promise<Extract<Progress, { state: "done" | "stuck" }>> {
  for (;;) {
    const progress = await ask();
    if (progress.state !== "working") return progress;
    await progress.changed;
  }
}
