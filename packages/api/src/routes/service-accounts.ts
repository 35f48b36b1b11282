// Service accounts. Nobody gives away a role above their own, and nobody touches an account that has one: making a key
// of it would be the same.
import { getServiceAccount, listServiceAccounts } from "@headgate/control/service-account-reads";
import { deleteServiceAccount, writeServiceAccount } from "@headgate/control/service-accounts";
import { AppError } from "@headgate/core/errors";
import { Role, type ServiceAccountSpec } from "@headgate/core/service-account";
import { type Caller, isAbove } from "../auth.ts";
import { ifMatch, whenExists } from "../conditional.ts";
import * as example from "../examples.ts";
import { listOptions } from "../list-query.ts";
import { deleting, listing, type ResourceKind, reading, writing } from "../resource-operations.ts";
import { type Api, route } from "../route.ts";
import { answerResource, answerWritten, changeBy, isDryRun, writeOptions } from "../writes.ts";

const kind: ResourceKind = {
  tag: "Service accounts",
  path: "/v1/service-accounts",
  param: "name",
  id: "ServiceAccount",
  noun: "service account",
  schemas: { one: "ServiceAccount", list: "ServiceAccountList", write: "ServiceAccountWrite" },
  examples: {
    one: example.serviceAccount,
    write: example.serviceAccountWrite,
    patch: example.serviceAccountPatch,
  },
  mayWrite: "own",
  isProvisioned: false,
  unknown: ["resource.not_found"],
  refused: [],
};

export function serviceAccountRoutes(api: Api): void {
  readRoutes(api);
  writeRoute(api, "put");
  writeRoute(api, "patch");
  deleteRoute(api);
}

function readRoutes(api: Api): void {
  const { control } = api.deps;
  route(api, listing(kind), async ({ c, caller, query }) =>
    c.json(await listServiceAccounts(control, caller.actor, listOptions(query))),
  );
  route(api, reading(kind), async ({ c, caller, param }) =>
    answerResource(c, await getServiceAccount(control, caller.actor, param("name"))),
  );
}

function writeRoute(api: Api, method: "put" | "patch"): void {
  const { control } = api.deps;
  route(api, writing(kind, method), async ({ c, query, caller, body, param }) => {
    const name = param("name");
    const options = writeOptions(c, query, method);
    const change = changeBy(method, body.spec);
    const checked = (current: ServiceAccountSpec | undefined) => {
      if (current) checkRole(caller, current.role);
      const next = change(current);
      checkRole(caller, (next as { role?: unknown } | null)?.role);
      return next;
    };
    const { actor } = caller;
    const done = await whenExists(c, writeServiceAccount(control, actor, name, checked, options));
    return answerWritten(c, query, done, done.resource, `/v1/service-accounts/${name}`);
  });
}

function deleteRoute(api: Api): void {
  const { control } = api.deps;
  const operation = deleting(
    kind,
    "It could be deleted (validateOnly).",
    "It is gone, and its keys open nothing.",
  );
  route(api, operation, async ({ c, query, caller, param }) => {
    const name = param("name");
    const options = { expect: ifMatch(c).expect, validateOnly: isDryRun(query) };
    const account = await getServiceAccount(control, caller.actor, name);
    checkRole(caller, account.spec.role);
    await deleteServiceAccount(control, caller.actor, name, options);
    return options.validateOnly ? c.json(account) : c.body(null, 204);
  });
}

/** Throws `auth.forbidden` when `role` is one above the caller's. What is no role at all is the command's to refuse. */
export function checkRole(caller: Caller, role: unknown): void {
  const parsed = Role.safeParse(role);
  if (!parsed.success || !isAbove(parsed.data, caller.role)) return;
  const detail = `The role '${parsed.data}' is above yours, '${caller.role}'.`;
  throw new AppError("auth.forbidden", {
    detail,
    errors: [{ pointer: "/spec/role", code: "auth.forbidden", detail }],
  });
}
