// The API as a web-standard application: it answers Requests, wherever they come from (Node's server, Lambda, a test).
import { OpenAPIHono } from "@hono/zod-openapi";
import type { ApiDeps } from "./deps.ts";
import type { ApiEnv } from "./env.ts";
import { answerProblem } from "./http-errors.ts";
import { portalFiles } from "./portal-files.ts";
import { rateLimiter } from "./rate-limit.ts";
import { requestContext } from "./request-context.ts";
import { requestMetrics } from "./request-metrics.ts";
import type { Api } from "./route.ts";
import { apiKeyRoutes } from "./routes/api-keys.ts";
import { auditRoutes } from "./routes/audit-events.ts";
import { clusterRoutes } from "./routes/clusters.ts";
import { errorRoutes } from "./routes/errors.ts";
import { groupRoutes } from "./routes/groups.ts";
import { healthRoutes } from "./routes/health.ts";
import { invoiceRoutes } from "./routes/invoices.ts";
import { liveRoutes } from "./routes/live.ts";
import { metaRoutes } from "./routes/meta.ts";
import { metricsRoutes } from "./routes/metrics.ts";
import { openApiRoutes } from "./routes/openapi.ts";
import { serviceAccountRoutes } from "./routes/service-accounts.ts";
import { tenantRoutes } from "./routes/tenants.ts";
import { topicRoutes } from "./routes/topics.ts";
import { usageRoutes } from "./routes/usage.ts";
import { whoAmIRoutes } from "./routes/whoami.ts";
import { unmatched } from "./unmatched.ts";

/** Everything it needs is in `deps`; it holds no timers and opens nothing, so it needs no closing. */
export function createApp(deps: ApiDeps): OpenAPIHono<ApiEnv> {
  const app = new OpenAPIHono<ApiEnv>();
  const metrics = requestMetrics();
  const limiter = rateLimiter(deps.control.clock, deps.rateLimit);
  const api: Api = { app, deps, limiter, known: [] };
  app.use(requestContext(deps, metrics));
  for (const add of [
    metaRoutes,
    whoAmIRoutes,
    errorRoutes,
    clusterRoutes,
    topicRoutes,
    groupRoutes,
    serviceAccountRoutes,
    apiKeyRoutes,
    usageRoutes,
    invoiceRoutes,
    auditRoutes,
    liveRoutes,
    tenantRoutes,
    healthRoutes,
    openApiRoutes,
  ]) {
    add(api);
  }
  metricsRoutes(api, metrics);
  const portal = deps.portalDir === undefined ? undefined : portalFiles(deps.portalDir);
  const elsewhere = unmatched(api, portal);
  // Hono's own catch is not around this handler, so that what it throws would not be counted.
  app.notFound((c) => elsewhere(c).catch((error: unknown) => answerProblem(deps, c, error)));
  app.onError((error, c) => answerProblem(deps, c, error));
  return app;
}
