// The local owner: a tenant and a key that may do everything, kept in one file. The file is written before anything is
// made from it, so a first start that was cut short goes on with the same key at the next.
import { listApiKeys, revokeApiKey } from "@headgate/control/api-keys";
import type { Control } from "@headgate/control/control";
import { ensureTenant, listTenants, type NewTenant, ownerName } from "@headgate/control/tenants";
import { isLive } from "@headgate/core/api-key";
import type { Actor } from "@headgate/core/audit";
import { toTimestamp } from "@headgate/core/clock";
import { AppError } from "@headgate/core/errors";
import { ApiKeyId, newId, newSecret, TenantId } from "@headgate/core/ids";
import { serviceAccounts } from "@headgate/store/service-accounts";
import { readSecretFile, writeSecretFile } from "./secret-file.ts";

export interface Owner {
  readonly tenant: TenantId;
  readonly key: { readonly id: ApiKeyId; readonly secret: string };
}

const systemActor = { channel: "system", requestId: "start" } as const;

/** The owner of this data directory, made at the first start. Throws `env.data_damaged` when the file is no owner. */
export async function ensureOwner(control: Control, path: string): Promise<NewTenant> {
  const text = readSecretFile(path);
  if (text === undefined) return newOwner(control, path);
  return ensure(control, parseOwner(text, path));
}

async function newOwner(control: Control, path: string): Promise<NewTenant> {
  const { random } = control;
  const known = await operatorTenant(control);
  const key = { id: newId("ak", random), secret: newSecret(random) };
  const owner: Owner = { tenant: known ?? newId("tn", random), key };
  writeSecretFile(path, `${JSON.stringify(owner, null, 2)}\n`);
  // The file was lost: nobody can present its key any more, and there must be room for the new one.
  if (known !== undefined) await revokeAll(control, { ...systemActor, tenant: known });
  return ensure(control, owner);
}

async function ensure(control: Control, { tenant, key }: Owner): Promise<NewTenant> {
  const made = await ensureTenant(
    control,
    { ...systemActor, tenant },
    {
      tenant,
      spec: { displayName: "Local", priceBook: "default", labels: {} },
      ownerRole: "operator",
      key,
    },
  );
  // It may have been revoked or rotated through the API meanwhile.
  if (isLive(made.key, toTimestamp(control.clock.nowMs()))) return made;
  throw new AppError("auth.failed", {
    detail: "The local owner's key is not live any more.",
    fix: "Delete owner-key.json in the data directory; the next start makes a new key.",
  });
}

async function operatorTenant(control: Control): Promise<TenantId | undefined> {
  for (const { id } of await listTenants(control)) {
    const owner = await serviceAccounts(control.store).get(id, ownerName);
    if (owner?.value.spec.role === "operator") return id;
  }
  return undefined;
}

async function revokeAll(control: Control, actor: Actor): Promise<void> {
  const { items } = await listApiKeys(control, actor, ownerName, { limit: 200 });
  for (const { id } of items) await revokeApiKey(control, actor, ownerName, id);
}

function parseOwner(text: string, path: string): Owner {
  try {
    const { tenant, key } = JSON.parse(text) as { tenant: unknown; key: Record<string, unknown> };
    const secret = String(key.secret);
    if (!secret.startsWith("hgs_")) throw new TypeError("no secret");
    return { tenant: TenantId.parse(tenant), key: { id: ApiKeyId.parse(key.id), secret } };
  } catch (cause) {
    throw new AppError("env.data_damaged", {
      detail: `${path} does not hold an owner key.`,
      fix: "Restore it, or delete it; the next start makes a new key for the same tenant.",
      cause,
    });
  }
}
