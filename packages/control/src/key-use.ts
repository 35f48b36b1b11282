// Who a key is, and when it was last used: what every door asks of a credential before anything else.
import { type ApiKeyRecord, isLive } from "@headgate/core/api-key";
import { toTimestamp } from "@headgate/core/clock";
import { ApiKeyId } from "@headgate/core/ids";
import type { ServiceAccount } from "@headgate/core/service-account";
import { apiKeys } from "@headgate/store/api-keys";
import { serviceAccounts } from "@headgate/store/service-accounts";
import type { Control } from "./control.ts";
import { secretMatches } from "./verifiers.ts";

const notedEveryMs = 60_000;

export interface KnownKey {
  readonly key: ApiKeyRecord;
  readonly account: ServiceAccount;
}

/** The key and its account, or undefined for every kind of wrong credential alike. Throws StoreError. */
export async function authenticateKey(
  { store, clock }: Pick<Control, "store" | "clock">,
  id: string,
  secret: string,
): Promise<KnownKey | undefined> {
  const parsed = ApiKeyId.safeParse(id);
  const key = parsed.success ? (await apiKeys(store).find(parsed.data))?.value : undefined;
  // The comparison is made for an unknown key too, so that it takes as long as for a known one.
  const matches = secretMatches(key ?? { secretSha256: "00".repeat(32) }, secret);
  if (!key || !matches || !isLive(key, toTimestamp(clock.nowMs()))) return undefined;
  const account = (await serviceAccounts(store).get(key.tenant, key.serviceAccountName))?.value;
  // An account made anew under the same name is another one.
  if (!account || account.deletedAt !== undefined || account.id !== key.serviceAccount) {
    return undefined;
  }
  return { key, account };
}

/** Notes a use in the background, at most once a minute; a note that is lost is made at the next use. */
export function noteKeyUse(
  { store, clock, log }: Pick<Control, "store" | "clock" | "log">,
  { tenant, id, lastUsedAt }: Pick<ApiKeyRecord, "tenant" | "id" | "lastUsedAt">,
): void {
  const nowMs = clock.nowMs();
  if (lastUsedAt !== undefined && nowMs - Date.parse(lastUsedAt) < notedEveryMs) return;
  const now = toTimestamp(nowMs);
  const fresh = toTimestamp(nowMs - notedEveryMs);
  apiKeys(store)
    .update(tenant, id, (key) =>
      key.lastUsedAt !== undefined && key.lastUsedAt > fresh
        ? undefined
        : { ...key, lastUsedAt: now },
    )
    .catch((error: unknown) =>
      log?.("A key's use could not be noted", { key: id, error: String(error) }),
    );
}
