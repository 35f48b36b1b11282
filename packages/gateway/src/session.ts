// What an authenticated connection may do and how it is counted: the binding, made ready for the hot path.
import type { Binding } from "@headgate/core/binding";
import type { ClusterState } from "./cluster-state.ts";
import type { Access } from "./filters/20-authorize.ts";
import type { EmbeddedNames } from "./filters/30-isolate.ts";
import type { Attributed, UsageBook } from "./usage-book.ts";

export interface Session {
  readonly binding: Binding;
  readonly cluster: ClusterState;
  readonly access: Access;
  readonly names: EmbeddedNames;
  readonly usage: UsageBook;
  /** Set by the connection once the client id is known. */
  who: Attributed;
}
