// Tenants: made whole, with a default cluster, an owner and the owner's key. The steps stand in an order in which each
// may be repeated, so a maker who chose the key beforehand (the local first start) can begin again after a crash.
import type { NewApiKey } from "@headgate/core/api-key";
import type { Actor } from "@headgate/core/audit";
import type { Cluster } from "@headgate/core/cluster";
import { AppError } from "@headgate/core/errors";
import { type ApiKeyId, newId, newSecret, TenantId } from "@headgate/core/ids";
import type { Role, ServiceAccount } from "@headgate/core/service-account";
import { type Tenant, TenantSpec } from "@headgate/core/tenant";
import { apiKeys } from "@headgate/store/api-keys";
import { clusters } from "@headgate/store/clusters";
import { tenants } from "@headgate/store/tenants";
import { createApiKey, getApiKey } from "./api-keys.ts";
import { getCluster } from "./cluster-reads.ts";
import { writeCluster } from "./clusters.ts";
import { commit, nextSpec } from "./commit.ts";
import type { Control } from "./control.ts";
import { getServiceAccount } from "./service-account-reads.ts";
import { writeServiceAccount } from "./service-accounts.ts";
import { parseSpec } from "./spec.ts";
import { waitGone } from "./wait.ts";

export interface NewTenant {
  readonly tenant: Tenant;
  readonly cluster: Cluster;
  readonly serviceAccount: ServiceAccount;
  /** With its secret, this once. */
  readonly key: NewApiKey;
}

/** Everything about a tenant that must be the same when making it is begun again. */
export interface TenantPlan {
  readonly tenant: TenantId;
  readonly spec: TenantSpec;
  readonly ownerRole: Extract<Role, "operator" | "owner">;
  readonly key: { readonly id: ApiKeyId; readonly secret: string };
}

const clusterName = "default";
const deletionMs = 60_000;
/** The service account every tenant is made with. */
export const ownerName = "owner";

/** Makes a tenant. `spec.displayName` is required. Throws `request.invalid` with pointers. */
export async function createTenant(
  control: Control,
  actor: Actor,
  request: { readonly spec: unknown },
  options: { readonly validateOnly?: boolean | undefined } = {},
): Promise<NewTenant | undefined> {
  const spec = parseSpec(TenantSpec, request.spec);
  if (options.validateOnly) return undefined;
  const { random } = control;
  const key = { id: newId("ak", random), secret: newSecret(random) };
  const plan: TenantPlan = { tenant: newId("tn", random), spec, ownerRole: "owner", key };
  return ensureTenant(control, actor, plan);
}

/** Makes whatever of the plan is not there yet. A default cluster that is being deleted must go first. */
export async function ensureTenant(
  control: Control,
  maker: Actor,
  plan: TenantPlan,
): Promise<NewTenant> {
  // Events lie with the tenant they are about, whoever acted.
  const actor: Actor = { ...maker, tenant: plan.tenant };
  const tenant = await ensureRecord(control, actor, plan);
  await defaultClusterGone(control, actor);
  const cluster = await orExisting(
    async () => (await writeCluster(control, actor, clusterName, () => ({}), createOnly)).resource,
    () => getCluster(control, actor, clusterName),
  );
  const spec = { displayName: "Owner", role: plan.ownerRole, protected: true };
  const serviceAccount = await orExisting(
    async () =>
      (await writeServiceAccount(control, actor, ownerName, () => spec, createOnly)).resource,
    () => getServiceAccount(control, actor, ownerName),
  );
  const { id, secret } = plan.key;
  const key = (await apiKeys(control.store).get(plan.tenant, id))
    ? { ...(await getApiKey(control, actor, ownerName, id)), secret }
    : await createApiKey(control, actor, ownerName, { chosen: plan.key });
  return { tenant, cluster, serviceAccount, key };
}

/** Throws `resource.not_found`. */
export async function getTenant(control: Pick<Control, "store">, id: string): Promise<Tenant> {
  const parsed = TenantId.safeParse(id);
  const stored = parsed.success ? await tenants(control.store).get(parsed.data) : undefined;
  if (stored) return stored.value;
  throw new AppError("resource.not_found", { detail: `There is no tenant '${id.slice(0, 40)}'.` });
}

/** Every tenant, for the operator. */
export async function listTenants(control: Pick<Control, "store">): Promise<Tenant[]> {
  const found: Tenant[] = [];
  for await (const id of tenants(control.store).all()) {
    const stored = await tenants(control.store).get(id);
    if (stored) found.push(stored.value);
  }
  return found.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** One that is on its way out (a stop in the middle of its deletion) goes first. Throws `wait.timeout`. */
async function defaultClusterGone(control: Control, { tenant }: Actor): Promise<void> {
  const read = () => clusters(control.store).get(tenant, clusterName);
  const now = await read();
  if (now?.value.deletedAt === undefined) return;
  await waitGone(control, read, deletionMs, `cluster:${now.value.id}`);
}

const createOnly = { createOnly: true } as const;

async function ensureRecord(control: Control, actor: Actor, plan: TenantPlan): Promise<Tenant> {
  const { tenant: id, spec } = plan;
  const repo = tenants(control.store);
  const known = await repo.get(id);
  if (known) return known.value;
  const half = nextSpec(control, actor, undefined, spec);
  const record: Tenant = {
    kind: "Tenant",
    id,
    name: id,
    status: { phase: "Ready", conditions: [], observedGeneration: half.generation },
    createdAt: half.updatedAt,
    ...half,
  };
  await commit(
    control,
    actor,
    {
      tenant: id,
      event: { action: "create", kind: "Tenant", resource: `tenants/${id}`, after: spec },
      change: { kind: "tenant", parts: [id], action: "write" },
    },
    () => repo.create(id, record),
  );
  return record;
}

async function orExisting<R>(create: () => Promise<R>, read: () => Promise<R>): Promise<R> {
  try {
    return await create();
  } catch (error) {
    if (error instanceof AppError && error.code === "resource.exists") return read();
    throw error;
  }
}
