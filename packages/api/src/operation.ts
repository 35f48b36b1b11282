// What a route is: its place in the OpenAPI document, who may use it, its query and body, and what it answers.
import type { ErrorCode } from "@headgate/core/errors";
import type { Permission } from "@headgate/core/service-account";
import type { z } from "@hono/zod-openapi";
import type { Caller } from "./auth.ts";
import type { ApiContext } from "./env.ts";
import type { InputName, OutputName } from "./schemas.ts";

/** `public` needs no credentials; `loopback` needs an operator's unless the caller is on this machine. */
export type Access = Permission | "public" | "loopback";

export interface Answer {
  readonly description: string;
  readonly schema?: OutputName;
  /** Default `application/json`. */
  readonly mediaType?: string;
  readonly example?: unknown;
  readonly headers?: readonly (
    | "ETag"
    | "Location"
    | "Preference-Applied"
    | "Idempotency-Replayed"
  )[];
}

export interface Operation<Q extends z.ZodObject, B extends z.ZodType> {
  readonly method: "get" | "put" | "post" | "patch" | "delete";
  /** With `{name}` for parameters. */
  readonly path: string;
  readonly operationId: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly access: Access;
  /** A strict object; without one every query parameter is a fault. */
  readonly query?: Q;
  readonly body?: {
    readonly schema: B;
    readonly name: InputName;
    readonly mayBeEmpty?: boolean;
    readonly example: unknown;
  };
  /** Request headers that mean something here. */
  readonly headers?: readonly ("If-Match" | "If-None-Match" | "Prefer" | "Idempotency-Key")[];
  readonly answers: { readonly [status: number]: Answer | undefined };
  /** Errors of its own, beside those any route can have. */
  readonly errors?: readonly ErrorCode[];
}

export interface Call<Q extends z.ZodObject, B extends z.ZodType> {
  readonly c: ApiContext;
  readonly query: z.output<Q>;
  readonly body: z.output<B>;
  /** Who calls; asking for it on a public route is a defect. */
  readonly caller: Caller;
  /** A parameter of the path. */
  param(name: string): string;
}
