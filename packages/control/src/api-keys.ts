// API keys: at most two live ones per service account, so that a rotation loses nothing. A secret is in the one answer
// that made it and nowhere else.

import type { NewApiKey } from "@headgate/core/api-key";
import { type ApiKey, type ApiKeyRecord, isLive, liveKeysMax } from "@headgate/core/api-key";
import type { Actor } from "@headgate/core/audit";
import { toTimestamp } from "@headgate/core/clock";
import { AppError } from "@headgate/core/errors";
import { ApiKeyId, newId, newSecret } from "@headgate/core/ids";
import type { ServiceAccount } from "@headgate/core/service-account";
import { apiKeys } from "@headgate/store/api-keys";
import { isConflict } from "@headgate/store/errors";
import { liveKeysKey } from "@headgate/store/keys";
import { getParsed, type Stored } from "@headgate/store/resources";
import { z } from "zod";
import { commit, toolsOf } from "./commit.ts";
import type { Control, List, ListOptions } from "./control.ts";
import { retryConflicts } from "./retry.ts";
import { getServiceAccount } from "./service-account-reads.ts";
import { verifiersOf } from "./verifiers.ts";

const overlapSecondsDefault = 86_400;
export const overlapSecondsMax = 30 * 86_400;

/** Which keys of an account may be live: whoever makes one writes this conditionally, so two makers cannot both. */
const LiveKeys = z.object({ ids: z.array(ApiKeyId) });

export interface NewKeyOptions {
  /** Timestamp after which it opens nothing. */
  readonly expiresAt?: string | undefined;
  /** Chosen beforehand by who must know them should the answer be lost (the local owner key). */
  readonly chosen?: { readonly id: ApiKeyId; readonly secret: string } | undefined;
}

/** Throws `resource.not_found` for the account, `quota.exceeded` when it has two live keys. */
export async function createApiKey(
  control: Control,
  actor: Actor,
  account: string,
  options: NewKeyOptions = {},
): Promise<NewApiKey> {
  const owner = await getServiceAccount(control, actor, account);
  return retryConflicts(control, () => makeKey(control, actor, owner, "create", options));
}

/**
 * Makes a second key and lets the first one end `overlapSeconds` later (default one day, 0 at once). Throws
 * `resource.not_found`, `quota.exceeded` when there is a second one already.
 */
export async function rotateApiKey(
  control: Control,
  actor: Actor,
  account: string,
  id: string,
  { overlapSeconds = overlapSecondsDefault }: { overlapSeconds?: number | undefined } = {},
): Promise<NewApiKey> {
  const owner = await getServiceAccount(control, actor, account);
  const old = await find(control, actor, owner, id);
  const nowMs = control.clock.nowMs();
  if (!isLive(old.value, toTimestamp(nowMs))) {
    throw new AppError("resource.not_found", { detail: `Key '${id}' is not live any more.` });
  }
  const made = await retryConflicts(control, () => makeKey(control, actor, owner, "rotate", {}));
  const endsAt = toTimestamp(nowMs + overlapSeconds * 1000);
  // After the new one: a crash in between leaves two live keys, which is where every rotation passes through.
  await changeKey(control, actor, owner, old.value, "update", (key) =>
    key.expiresAt !== undefined && key.expiresAt <= endsAt
      ? undefined
      : { ...key, expiresAt: endsAt },
  );
  return made;
}

/** From then on it opens nothing; its connections close within 5 s. Again is once. Throws `resource.not_found`. */
export async function revokeApiKey(
  control: Control,
  actor: Actor,
  account: string,
  id: string,
): Promise<ApiKey> {
  const owner = await getServiceAccount(control, actor, account);
  const { value } = await find(control, actor, owner, id);
  if (value.revokedAt !== undefined) {
    // Said once more: who asks again may have met a failure between the write and the word of it.
    await toolsOf(control).feed.append({ tenant: actor.tenant, ...changeOf(owner, value.id) });
    return toApiKey(value);
  }
  const revokedAt = toTimestamp(control.clock.nowMs());
  return changeKey(control, actor, owner, value, "revoke", (key) =>
    key.revokedAt === undefined ? { ...key, revokedAt } : undefined,
  );
}

/** Throws `resource.not_found`. */
export async function getApiKey(
  control: Pick<Control, "store">,
  actor: Pick<Actor, "tenant">,
  account: string,
  id: string,
): Promise<ApiKey> {
  const owner = await getServiceAccount(control, actor, account);
  return toApiKey((await find(control, actor, owner, id)).value);
}

const keysPerRead = 200;

/** Keys of one account by id, revoked ones too. */
export async function listApiKeys(
  control: Pick<Control, "store">,
  actor: Pick<Actor, "tenant">,
  account: string,
  { limit, cursor: start }: Pick<ListOptions, "limit" | "cursor">,
): Promise<List<ApiKey>> {
  const owner = await getServiceAccount(control, actor, account);
  const items: ApiKey[] = [];
  let cursor = start;
  do {
    // Keys of all accounts of a tenant lie together; a page takes no more of them than still fit.
    const size = Math.min(keysPerRead, limit - items.length);
    const page = await apiKeys(control.store).list(actor.tenant, { limit: size, cursor });
    const own = page.items.filter(({ value }) => value.serviceAccount === owner.id);
    items.push(...own.map(({ value }) => toApiKey(value)));
    cursor = page.cursor;
  } while (cursor !== undefined && items.length < limit);
  return cursor === undefined ? { items } : { items, next: cursor };
}

/** Removes every key of an account that is going away. */
export async function removeApiKeys(
  control: Control,
  actor: Actor,
  account: ServiceAccount,
): Promise<void> {
  const repo = apiKeys(control.store);
  let cursor: string | undefined;
  do {
    const page = await repo.list(actor.tenant, { limit: keysPerRead, cursor });
    for (const { value } of page.items.filter((key) => key.value.serviceAccount === account.id)) {
      if (value.revokedAt === undefined) await revokeApiKey(control, actor, account.name, value.id);
      const now = await repo.get(actor.tenant, value.id);
      if (now) await repo.remove(actor.tenant, value.id, now.version);
    }
    cursor = page.cursor;
  } while (cursor !== undefined);
  await control.store.delete(liveKeysKey(actor.tenant, account.id), "any");
}

/**
 * One try. The record goes first and the claim, which decides, second: nobody knows the secret yet. What a crash in
 * between leaves is a key that nobody can present.
 */
async function makeKey(
  control: Control,
  actor: Actor,
  account: ServiceAccount,
  action: "create" | "rotate",
  { expiresAt, chosen }: NewKeyOptions,
): Promise<NewApiKey> {
  const { store, clock, random } = control;
  const key = liveKeysKey(actor.tenant, account.id);
  const claim = await getParsed(store, LiveKeys, key);
  const live = await stillLive(control, actor, claim?.value.ids ?? []);
  if (live.length >= liveKeysMax) throw tooMany(account);
  const { id, secret } = chosen ?? { id: newId("ak", random), secret: newSecret(random) };
  const record: ApiKeyRecord = {
    id,
    tenant: actor.tenant,
    serviceAccount: account.id,
    serviceAccountName: account.name,
    ...(await verifiersOf(secret, random)),
    createdAt: toTimestamp(clock.nowMs()),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
  await commit(
    control,
    actor,
    {
      tenant: actor.tenant,
      event: { action, kind: "ApiKey", resource: pathOf(account, id), after: toApiKey(record) },
      change: changeOf(account, id),
    },
    async () => {
      const { version } = await apiKeys(store).create(actor.tenant, record);
      try {
        const data = { ids: [...live, id] };
        await store.put({ ...key, data }, claim?.version ?? "absent");
      } catch (error) {
        if (isConflict(error)) await apiKeys(store).remove(actor.tenant, id, version);
        throw error;
      }
    },
  );
  return { ...toApiKey(record), secret };
}

async function stillLive(
  { store, clock }: Control,
  { tenant }: Actor,
  ids: readonly ApiKeyId[],
): Promise<ApiKeyId[]> {
  const now = toTimestamp(clock.nowMs());
  const found = await Promise.all(ids.map((id) => apiKeys(store).get(tenant, id)));
  return found.flatMap((key) => (key && isLive(key.value, now) ? [key.value.id] : []));
}

function tooMany({ name }: ServiceAccount): AppError {
  return new AppError("quota.exceeded", {
    detail: `Service account '${name}' has ${liveKeysMax} live keys.`,
    fix: "Revoke one of them first; two are there so that a rotation loses nothing.",
  });
}

async function changeKey(
  control: Control,
  actor: Actor,
  account: ServiceAccount,
  read: ApiKeyRecord,
  action: "update" | "revoke",
  change: (key: ApiKeyRecord) => ApiKeyRecord | undefined,
): Promise<ApiKey> {
  const { id } = read;
  const before = toApiKey(read);
  const after = toApiKey(change(read) ?? read);
  const written = await commit(
    control,
    actor,
    {
      tenant: actor.tenant,
      event: { action, kind: "ApiKey", resource: pathOf(account, id), before, after },
      change: changeOf(account, id),
    },
    () => apiKeys(control.store).update(actor.tenant, id, change),
  );
  if (!written) throw unknownKey(id);
  return toApiKey(written.value);
}

async function find(
  { store }: Pick<Control, "store">,
  { tenant }: Pick<Actor, "tenant">,
  account: ServiceAccount,
  id: string,
): Promise<Stored<ApiKeyRecord>> {
  const parsed = ApiKeyId.safeParse(id);
  const found = parsed.success ? await apiKeys(store).get(tenant, parsed.data) : undefined;
  if (found?.value.serviceAccount === account.id) return found;
  throw unknownKey(id);
}

function unknownKey(id: string): AppError {
  const shown = id.length > 40 ? `${id.slice(0, 40)}…` : id;
  return new AppError("resource.not_found", { detail: `There is no key '${shown}'.` });
}

const changeOf = ({ name }: ServiceAccount, id: string) => ({
  kind: "api-key",
  parts: [name, id],
  action: "write" as const,
});

const pathOf = ({ name }: ServiceAccount, id: string) => `service-accounts/${name}/keys/${id}`;

function toApiKey(record: ApiKeyRecord): ApiKey {
  const { id, createdAt, expiresAt, revokedAt, lastUsedAt, serviceAccountName } = record;
  return {
    kind: "ApiKey",
    id,
    serviceAccount: serviceAccountName,
    createdAt,
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(revokedAt === undefined ? {} : { revokedAt }),
    ...(lastUsedAt === undefined ? {} : { lastUsedAt }),
  };
}
