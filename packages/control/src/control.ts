// What every command needs, and the one order in which commands write. DESIGN: validate → reserve quota → announce the
// key → one conditional write of the spec → audit event → change feed → signal.
import type { Clock, RandomSource } from "@headgate/core/clock";
import type { Signal } from "@headgate/store/signal";
import type { Store } from "@headgate/store/store";

export interface Control {
  readonly store: Store;
  readonly signal: Signal;
  readonly clock: Clock;
  readonly random: RandomSource;
  /** For operators: what happened, and who with. Never holds a secret. */
  readonly log?: ((message: string, fields: Record<string, unknown>) => void) | undefined;
}

export interface WriteOptions {
  /** Generation the caller read (`If-Match`); anything else there is `request.precondition_failed`. */
  readonly expect?: number | undefined;
  /** Every check and the same answer, but nothing is written. */
  readonly validateOnly?: boolean | undefined;
  /** `resource.exists` when there is one. */
  readonly createOnly?: boolean | undefined;
  /** `resource.not_found` when there is none. */
  readonly updateOnly?: boolean | undefined;
}

/** What a write did. `changed` is false when the spec was so already: nothing was written. */
export interface Written<R> {
  readonly resource: R;
  readonly created: boolean;
  readonly changed: boolean;
}

export interface ListOptions {
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly namePrefix?: string | undefined;
  readonly phase?: string | undefined;
}

export interface List<R> {
  readonly items: R[];
  /** There when more may follow. */
  readonly next?: string;
}
