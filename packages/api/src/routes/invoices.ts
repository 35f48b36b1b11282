// The invoice of the running month, with the offsets behind what was written.
import { currentInvoice } from "@headgate/control/current-invoice";
import * as example from "../examples.ts";
import { type Api, route } from "../route.ts";

export function invoiceRoutes(api: Api): void {
  const { control } = api.deps;
  const operation = {
    method: "get",
    path: "/v1/invoices/current",
    operationId: "getCurrentInvoice",
    tag: "Usage and cost",
    summary: "The invoice of this month so far",
    access: "view",
    answers: { 200: { description: "The invoice.", schema: "Invoice", example: example.invoice } },
  } as const;
  route(api, operation, async ({ c, caller }) =>
    c.json(await currentInvoice(control, caller.actor.tenant, control.clock.nowMs())),
  );
}
