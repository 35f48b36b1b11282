// What every answer carries, also a failed one: the request id, the caller's trace, and headers that keep browsers from
// doing anything clever with it. And what every request is counted by.
import { base32 } from "@headgate/core/ids";
import type { Channel } from "@headgate/core/resource";
import type { MiddlewareHandler } from "hono";
import type { ApiDeps } from "./deps.ts";
import type { ApiContext, ApiEnv } from "./env.ts";
import type { RequestMetrics } from "./request-metrics.ts";

const saneRequestId = /^[A-Za-z0-9._:-]{1,128}$/;
// W3C Trace Context §3.2: version "-" trace-id "-" parent-id "-" trace-flags.
const traceparent = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** First in line: nothing answers without it. */
export function requestContext(
  { control }: Pick<ApiDeps, "control">,
  metrics: RequestMetrics,
): MiddlewareHandler<ApiEnv> {
  return async function context(c, next) {
    const startMs = performance.now();
    const given = c.req.header("x-request-id");
    const isSane = given !== undefined && saneRequestId.test(given);
    c.set("requestId", isSane ? given : newRequestId(control));
    c.set("route", "unmatched");
    c.set("caller", undefined);
    c.header("X-Request-Id", c.var.requestId);
    c.header("X-Content-Type-Options", "nosniff");
    c.header("Referrer-Policy", "no-referrer");
    const trace = c.req.header("traceparent");
    if (trace !== undefined && traceparent.test(trace)) c.header("traceparent", trace);
    await next();
    const seconds = (performance.now() - startMs) / 1000;
    metrics.count(c.req.method, c.var.route, c.res.status, seconds);
  };
}

export function newRequestId({ random }: Pick<ApiDeps["control"], "random">): string {
  return `req_${base32(random, 16)}`;
}

/** Through which door: portal and CLI say so, everybody else is the API. Proves nothing, and decides nothing. */
export function channelOf(c: ApiContext): Channel {
  const client = c.req.header("x-headgate-client");
  return client === "portal" || client === "cli" ? client : "api";
}

/** Whether the caller is on this machine. What a proxy on this machine forwards comes from elsewhere. */
export function isLoopback(c: ApiContext): boolean {
  const isForwarded = ["forwarded", "x-forwarded-for", "x-real-ip", "via"].some(
    (name) => c.req.header(name) !== undefined,
  );
  return !isForwarded && /^(::ffff:)?127[.]|^::1$/.test(c.env?.peerAddress ?? "");
}
