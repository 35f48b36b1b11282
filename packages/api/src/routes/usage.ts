// What was used and what it costs, by hour, topic or service account.
import { readUsage } from "@headgate/control/usage-report";
import { toTimestamp } from "@headgate/core/clock";
import { UsageGroupBy } from "@headgate/core/usage";
import { z } from "@hono/zod-openapi";
import * as example from "../examples.ts";
import { type Api, route } from "../route.ts";

const dayMs = 86_400_000;
const time = z.iso.datetime({ offset: true }).optional();

const usageQuery = z.strictObject({
  cluster: z.string().optional().openapi({ description: "One cluster by name; all by default." }),
  from: time.openapi({ description: "Default: a day before `to`. Widened to whole UTC hours." }),
  to: time.openapi({ description: "Default: now. Widened to whole UTC hours." }),
  groupBy: UsageGroupBy.default("hour"),
});

export function usageRoutes(api: Api): void {
  const { control } = api.deps;
  const operation = {
    method: "get",
    path: "/v1/usage",
    operationId: "getUsage",
    tag: "Usage and cost",
    summary: "What was written, read and kept, and what it costs",
    description: "Records written are log offsets; records read and bytes are counted by gateways.",
    access: "view",
    query: usageQuery,
    answers: { 200: { description: "The report.", schema: "Usage", example: example.usage } },
    errors: ["resource.not_found"],
  } as const;
  route(api, operation, async ({ c, caller, query: { cluster, groupBy, ...given } }) => {
    const toMs = given.to === undefined ? control.clock.nowMs() : Date.parse(given.to);
    const to = toTimestamp(toMs);
    const from = given.from ?? toTimestamp(toMs - dayMs);
    return c.json(await readUsage(control, caller.actor.tenant, { cluster, from, to, groupBy }));
  });
}
