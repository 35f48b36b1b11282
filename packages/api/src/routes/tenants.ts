// Tenants, for the operator: made with a default cluster, an owner and the owner's key, which is shown once.
import { createTenant, getTenant, listTenants } from "@headgate/control/tenants";
import * as example from "../examples.ts";
import { pageQuery } from "../list-query.ts";
import { pageOfNames } from "../page-of-names.ts";
import { whenClusterReady } from "../prefer.ts";
import { type Api, route } from "../route.ts";
import { SpecBody } from "../schemas.ts";
import { answerResource, isDryRun, writeQuery } from "../writes.ts";

const tag = "Tenants";
const path = "/admin/v1/tenants";

export function tenantRoutes(api: Api): void {
  readRoutes(api);
  createRoute(api);
}

function readRoutes(api: Api): void {
  const { control } = api.deps;
  const listed = {
    method: "get",
    path,
    operationId: "listTenants",
    tag,
    summary: "List tenants by id",
    access: "operate",
    query: pageQuery,
    answers: {
      200: {
        description: "A page of tenants.",
        schema: "TenantList",
        example: { items: [example.tenant] },
      },
    },
  } as const;
  route(api, listed, async ({ c, query }) =>
    c.json(pageOfNames(await listTenants(control), query)),
  );
  const read = {
    method: "get",
    path: `${path}/{tenant}`,
    operationId: "getTenant",
    tag,
    summary: "Get a tenant",
    access: "operate",
    answers: {
      200: {
        description: "The tenant.",
        schema: "Tenant",
        example: example.tenant,
        headers: ["ETag"],
      },
    },
    errors: ["resource.not_found"],
  } as const;
  route(api, read, async ({ c, param }) =>
    answerResource(c, await getTenant(control, param("tenant"))),
  );
}

function createRoute(api: Api): void {
  const { control } = api.deps;
  const operation = {
    method: "post",
    path,
    operationId: "createTenant",
    tag,
    summary: "Make a tenant with a default cluster, an owner and the owner's key",
    access: "operate",
    query: writeQuery,
    body: { schema: SpecBody, name: "TenantWrite", example: example.tenantWrite },
    headers: ["Idempotency-Key", "Prefer"],
    answers: {
      201: {
        description:
          "The tenant and all that was made with it; the key's secret is shown this once.",
        schema: "NewTenant",
        example: example.newTenant,
        headers: ["Location", "Idempotency-Replayed", "Preference-Applied"],
      },
      200: {
        description: "It could be made (validateOnly).",
        schema: "Validation",
        example: { kind: "Validation", valid: true },
      },
    },
  } as const;
  route(api, operation, async ({ c, caller, query, body }) => {
    const options = { validateOnly: isDryRun(query) };
    const made = await createTenant(control, caller.actor, { spec: body.spec }, options);
    if (!made) return c.json({ kind: "Validation", valid: true });
    const cluster = await whenClusterReady(control, c, { tenant: made.tenant.id }, made.cluster);
    c.header("Location", `${path}/${made.tenant.id}`);
    return c.json({ ...made, cluster }, 201);
  });
}
