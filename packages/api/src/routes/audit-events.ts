// Who changed what, through which door, newest first.
import { listAudit } from "@headgate/control/audit-log";
import * as example from "../examples.ts";
import { pageQuery } from "../list-query.ts";
import { type Api, route } from "../route.ts";

export function auditRoutes(api: Api): void {
  const { control } = api.deps;
  const operation = {
    method: "get",
    path: "/v1/audit-events",
    operationId: "listAuditEvents",
    tag: "Audit",
    summary: "List what was changed, by whom and through which door, newest first",
    access: "own",
    query: pageQuery,
    answers: {
      200: {
        description: "A page of events.",
        schema: "AuditEventList",
        example: { items: [example.auditEvent] },
      },
    },
  } as const;
  route(api, operation, async ({ c, caller, query }) =>
    c.json(await listAudit(control, caller.actor, query)),
  );
}
