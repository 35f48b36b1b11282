// What a connection asks of the gateway around it.
import type { Binding } from "@headgate/core/binding";
import type { Route } from "./allow-list.ts";
import type { Bindings } from "./bindings.ts";
import type { FrameMemory } from "./frame-memory.ts";
import type { Log } from "./log.ts";
import type { RequestWalk } from "./request-walk.ts";
import type { ResponseWalk } from "./response-walk.ts";
import type { Session } from "./session.ts";
import type { Dial } from "./upstream.ts";

export interface ConnectionHost {
  readonly log: Log;
  /** Wall clock. */
  readonly nowMs: () => number;
  readonly memory: FrameMemory;
  /** So many bytes were read from a socket. */
  readonly bytesRead: (bytes: number) => void;
  /** For a login: the binding of a live key, once its cluster is ready. */
  readonly findBinding: Bindings["get"];
  /** Whether a change has made a binding obsolete. */
  readonly isCurrent: Bindings["isCurrent"];
  readonly dial: Dial;
  readonly requestWalk: RequestWalk;
  readonly responseWalk: ResponseWalk;
  /** Opens a session, or says in a sentence why there is none now (limits). */
  openSession(binding: Binding): Promise<Session | string>;
  releaseSession(session: Session): void;
  /** Somebody logged in with the key. */
  keyUsed(binding: Binding): void;
  /** The body that answers a local API. Errors close the connection. */
  localAnswer(session: Session, route: Route, body: Buffer): Promise<Buffer>;
  /** Begins to create topics a client named; the client asks again. */
  autoCreate(session: Session, names: readonly string[]): void;
  closed(connection: object): void;
}
