// Prometheus text about this process' requests: for whoever is on this machine, and for an operator's key.
import type { RequestMetrics } from "../request-metrics.ts";
import { type Api, route } from "../route.ts";

export function metricsRoutes(api: Api, metrics: RequestMetrics): void {
  const operation = {
    method: "get",
    path: "/metrics",
    operationId: "getMetrics",
    tag: "Operations",
    summary: "Requests and their durations, as Prometheus reads them",
    description: "Without a key from this machine; from elsewhere with an operator's.",
    access: "loopback",
    answers: {
      200: {
        description: "Prometheus text format.",
        mediaType: "text/plain",
        example: 'headgate_http_requests_total{method="GET",route="/v1/topics",status="200"} 12\n',
      },
    },
  } as const;
  route(api, operation, ({ c }) => {
    c.header("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    return c.body(metrics.text(), 200);
  });
}
