// Service accounts: identities with a role and grants. Nothing is provisioned for one, so it is Ready once written.
import type { Actor } from "@headgate/core/audit";
import { AppError } from "@headgate/core/errors";
import { newId } from "@headgate/core/ids";
import { changedFields, Name } from "@headgate/core/resource";
import { type ServiceAccount, ServiceAccountSpec } from "@headgate/core/service-account";
import { clusters } from "@headgate/store/clusters";
import type { Stored } from "@headgate/store/resources";
import { serviceAccounts } from "@headgate/store/service-accounts";
import { removeApiKeys } from "./api-keys.ts";
import { checkCurrent, commit, nextSpec } from "./commit.ts";
import type { Control, WriteOptions, Written } from "./control.ts";
import { retryConflicts } from "./retry.ts";
import { requireServiceAccount, toServiceAccount } from "./service-account-reads.ts";
import { checkName, parseSpec } from "./spec.ts";

/** `change` makes the new spec, not yet checked, from the one in force. Throws `request.invalid` with pointers. */
export async function writeServiceAccount(
  control: Control,
  actor: Actor,
  name: string,
  change: (current: ServiceAccountSpec | undefined) => unknown,
  options: WriteOptions = {},
): Promise<Written<ServiceAccount>> {
  checkName(Name, name, "service account");
  return retryConflicts(control, async () => {
    const stored = await serviceAccounts(control.store).get(actor.tenant, name);
    const current = stored?.value;
    checkCurrent(current, options, "resource.not_found", `service account '${name}'`);
    const spec = parseSpec(ServiceAccountSpec, change(current?.spec));
    await checkCluster(control, actor, spec);
    if (current && changedFields(current.spec, spec).length === 0) {
      return { resource: toServiceAccount(current), created: false, changed: false };
    }
    const next = nextRecord(control, actor, name, current, spec);
    if (!options.validateOnly) await writeRecord(control, actor, stored, next);
    return { resource: toServiceAccount(next), created: !current, changed: true };
  });
}

/**
 * Removes the account and its keys. Keys go first: what a crash leaves is an account without them. A key made in
 * between opens nothing, because its account is gone. Throws `resource.not_found`, `resource.protected`.
 */
export async function deleteServiceAccount(
  control: Control,
  actor: Actor,
  name: string,
  options: Pick<WriteOptions, "expect" | "validateOnly"> = {},
): Promise<ServiceAccount> {
  return retryConflicts(control, async () => {
    const stored = await requireServiceAccount(control, actor, name);
    checkCurrent(stored.value, options, "resource.not_found", `service account '${name}'`);
    if (stored.value.spec.protected) {
      throw new AppError("resource.protected", {
        detail: `Service account '${name}' is protected.`,
      });
    }
    const account = toServiceAccount(stored.value);
    if (options.validateOnly) return account;
    await removeApiKeys(control, actor, account);
    const resource = `service-accounts/${name}`;
    const before = account.spec;
    await commit(
      control,
      actor,
      {
        tenant: actor.tenant,
        event: { action: "delete", kind: "ServiceAccount", resource, before },
        change: { kind: "service-account", parts: [name], action: "delete" },
      },
      () => serviceAccounts(control.store).remove(actor.tenant, name, stored.version),
    );
    return account;
  });
}

async function checkCluster(
  { store }: Control,
  { tenant }: Actor,
  { cluster }: ServiceAccountSpec,
): Promise<void> {
  const found = await clusters(store).get(tenant, cluster);
  if (found && found.value.deletedAt === undefined) return;
  const detail = `There is no cluster '${cluster}'.`;
  throw new AppError("request.invalid", {
    detail,
    fix: "Name one of your clusters (GET /v1/clusters), or leave the field out for 'default'.",
    errors: [{ pointer: "/spec/cluster", code: "request.invalid", detail }],
  });
}

function nextRecord(
  control: Control,
  actor: Actor,
  name: string,
  current: ServiceAccount | undefined,
  spec: ServiceAccountSpec,
): ServiceAccount {
  const half = nextSpec(control, actor, current, spec);
  if (current) return { ...current, ...half };
  return {
    kind: "ServiceAccount",
    id: newId("sa", control.random),
    name,
    status: { phase: "Ready", conditions: [], observedGeneration: half.generation },
    createdAt: half.updatedAt,
    ...half,
  };
}

async function writeRecord(
  control: Control,
  actor: Actor,
  stored: Stored<ServiceAccount> | undefined,
  next: ServiceAccount,
): Promise<void> {
  const { tenant } = actor;
  const repo = serviceAccounts(control.store);
  const before = stored && { before: stored.value.spec };
  await commit(
    control,
    actor,
    {
      tenant,
      event: {
        action: stored ? "update" : "create",
        kind: "ServiceAccount",
        resource: `service-accounts/${next.name}`,
        ...before,
        after: next.spec,
      },
      change: { kind: "service-account", parts: [next.name], action: "write" },
    },
    () => (stored ? repo.writeSpec(tenant, stored, next) : repo.create(tenant, next)),
  );
}
