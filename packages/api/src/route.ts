// The one way a route is added. A request meets, in this order: credentials → rate limit → role → query → body →
// Idempotency-Key → handler.
import { assert } from "@headgate/core/errors";
import type { Permission } from "@headgate/core/service-account";
import type { OpenAPIHono } from "@hono/zod-openapi";
import { z } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { authenticate, type Caller, readCredentials, requirePermission } from "./auth.ts";
import { parseBody, readText } from "./body.ts";
import type { ApiDeps } from "./deps.ts";
import type { ApiContext, ApiEnv } from "./env.ts";
import { partError } from "./http-errors.ts";
import { answerOnce } from "./idempotency.ts";
import { documented } from "./openapi.ts";
import type { Call, Operation } from "./operation.ts";
import { checkTaken, type RateLimiter, rateLimitHeader } from "./rate-limit.ts";
import { channelOf, isLoopback } from "./request-context.ts";

/** What routes are added to. */
export interface Api {
  readonly app: OpenAPIHono<ApiEnv>;
  readonly deps: ApiDeps;
  readonly limiter: RateLimiter;
  /** Every method and path template there is; `route` adds to it. */
  readonly known: { readonly method: string; readonly path: string }[];
}

type None = z.ZodObject<Record<never, never>, z.core.$strict>;
const noQuery: z.ZodObject = z.strictObject({});

/** Adds a route to the application and to the document. */
export function route<Q extends z.ZodObject = None, B extends z.ZodType = None>(
  api: Api,
  operation: Operation<Q, B>,
  handler: (call: Call<Q, B>) => Promise<Response> | Response,
): void {
  const query = operation.query ?? noQuery;
  const config = documented(operation, query);
  api.known.push({ method: operation.method.toUpperCase(), path: operation.path });
  const run = async (c: ApiContext): Promise<Response> => {
    const text = operation.body ? await readText(c) : "";
    const body = operation.body
      ? parseBody(c, text, operation.body.schema, operation.body.mayBeEmpty ?? false)
      : undefined;
    const call: Call<Q, B> = {
      c,
      query: c.req.valid("query" as never),
      body: body as z.output<B>,
      get caller() {
        assert(c.var.caller !== undefined, `${operation.operationId} knows its caller`);
        return c.var.caller;
      },
      param: (name) => requireParam(c, name),
    };
    const isDryRun = (call.query as { validateOnly?: string }).validateOnly === "true";
    if (operation.method !== "post" || isDryRun) return handler(call);
    return answerOnce(api.deps.control, call, text, async () => handler(call));
  };
  // The library would have each answer's type written twice; instead a test holds every answer to the document.
  api.app.openapi(
    { ...config, middleware: [admission(api, operation)] } as never,
    run as never,
    ((result: { success: boolean; error?: z.ZodError }, _c: unknown) => {
      if (!result.success) throw partError(result.error?.issues ?? [], "query");
    }) as never,
  );
}

function admission<Q extends z.ZodObject, B extends z.ZodType>(
  { deps, limiter }: Api,
  { path, access }: Operation<Q, B>,
): MiddlewareHandler<ApiEnv> {
  return async function admit(c, next) {
    c.set("route", path);
    c.header("Cache-Control", "no-store");
    const isOpen = access === "public" || (access === "loopback" && isLoopback(c));
    const permission = access === "loopback" ? "operate" : access;
    if (!isOpen && permission !== "public") {
      c.set("caller", await admitted(deps, limiter, c, permission));
    }
    await next();
  };
}

async function admitted(
  { control }: ApiDeps,
  limiter: RateLimiter,
  c: ApiContext,
  permission: Permission,
): Promise<Caller> {
  const credentials = readCredentials(c.req.header("authorization"));
  const door = { channel: channelOf(c), requestId: c.var.requestId };
  const caller = await authenticate(control, credentials, door);
  const taken = limiter.take(caller.actor.apiKey);
  c.header("RateLimit-Policy", limiter.policy);
  c.header("RateLimit", rateLimitHeader(taken));
  checkTaken(taken);
  requirePermission(caller, permission);
  return caller;
}

function requireParam(c: ApiContext, name: string): string {
  const value = c.req.param(name);
  assert(value !== undefined, `the path has a parameter ${name}`);
  return value;
}
