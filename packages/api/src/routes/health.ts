// Whether the process lives, and whether it can do its work: the store answers, and a cell is ready.
import { cells } from "@headgate/store/cells";
import type { ApiDeps } from "../deps.ts";
import { type Api, route } from "../route.ts";
import type { Readiness } from "../schemas.ts";

type Check = Readiness["checks"][number];

export function healthRoutes(api: Api): void {
  const health = {
    method: "get",
    path: "/healthz",
    operationId: "getHealth",
    tag: "Operations",
    summary: "Whether the process lives",
    access: "public",
    answers: {
      200: {
        description: "It does.",
        schema: "Health",
        example: { status: "ok", version: "0.1.0" },
      },
    },
  } as const;
  route(api, health, ({ c }) => c.json({ status: "ok", version: api.deps.version }));
  const readiness = {
    method: "get",
    path: "/readyz",
    operationId: "getReadiness",
    tag: "Operations",
    summary: "Whether it can do its work: the store answers and a cell is ready",
    access: "public",
    answers: {
      200: { description: "It can.", schema: "Readiness", example: exampleOf(true) },
      503: { description: "It cannot now.", schema: "Readiness", example: exampleOf(false) },
    },
  } as const;
  route(api, readiness, async ({ c }) => {
    const checks = await check(api.deps);
    const ready = checks.every(({ ok }) => ok);
    return c.json({ ready, checks }, ready ? 200 : 503);
  });
}

async function check({ control }: ApiDeps): Promise<Check[]> {
  try {
    const known = await cells(control.store).list();
    const count = known.filter(({ value }) => value.phase === "Ready").length;
    const ready = { ok: count > 0, detail: `${count} of ${known.length} ready.` };
    return [
      { name: "store", ok: true, detail: "It answers." },
      { name: "cells", ...ready },
    ];
  } catch (error) {
    control.log?.("The store could not be read", { error: String(error) });
    return [{ name: "store", ok: false, detail: "It does not answer." }];
  }
}

function exampleOf(ok: boolean): Readiness {
  const cells = { name: "cells", ok, detail: `${ok ? 1 : 0} of 1 ready.` };
  return { ready: ok, checks: [{ name: "store", ok: true, detail: "It answers." }, cells] };
}
