// What a store can answer instead of a result. Each kind is an AppError, so the edges need no second translation.
import { AppError, type ErrorCode } from "@headgate/core/errors";

const codeOf = {
  /** The world moved: the item is not what `expect` said. */
  conflict: "resource.conflict",
  /** The item is over `itemBytesMax`. */
  too_large: "request.too_large",
  /** A key or item that no adapter can hold; the caller's mistake. */
  invalid: "internal",
  /** A cursor that this query did not hand out. */
  cursor: "request.invalid",
  /** The store refused for load, after bounded retries. A write may or may not have happened. */
  throttled: "store.unavailable",
  /** The store did not answer. A write may or may not have happened. */
  unavailable: "store.unavailable",
  /** The disk is full; the write did not happen. */
  full: "store.full",
  damaged: "env.data_damaged",
  newer: "env.data_newer",
  in_use: "env.data_in_use",
  not_writable: "env.data_not_writable",
} as const satisfies Record<string, ErrorCode>;

export type StoreErrorKind = keyof typeof codeOf;

export class StoreError extends AppError {
  readonly kind: StoreErrorKind;

  constructor(kind: StoreErrorKind, detail: string, cause?: unknown) {
    super(codeOf[kind], { detail, cause });
    this.name = "StoreError";
    this.kind = kind;
  }
}

/** Whether an error says that an item was not what a conditional write expected. */
export function isConflict(error: unknown): error is StoreError {
  return error instanceof StoreError && error.kind === "conflict";
}
