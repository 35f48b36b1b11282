// What a request carries besides itself, as Hono's context knows it.
import type { Context } from "hono";
import type { Caller } from "./auth.ts";

export interface ApiEnv {
  Bindings: {
    /** IP address at the other end of the connection; undefined where there is none to see. */
    readonly peerAddress?: string | undefined;
  };
  Variables: {
    requestId: string;
    /** Path template of the matched operation, for metrics. */
    route: string;
    caller: Caller | undefined;
  };
}

export type ApiContext = Context<ApiEnv>;
