// Every composite key, built here from parts that cannot contain the separator. `pk` groups what is listed together;
// `sk` orders it. A tenant's things lie under `TENANT#<tn>…`; what must be found without knowing the tenant has a
// put-once lookup item of its own.
import { assert } from "@headgate/core/errors";
import type { ApiKeyId, CellId, ClusterId, ServiceAccountId, TenantId } from "@headgate/core/ids";
import type { Key } from "./store.ts";

/** One part of a key. Ids and names cannot hold `#`; a broken caller fails here and not in a neighbour's partition. */
function part(text: string): string {
  assert(text !== "" && !text.includes("#"), `key part ${JSON.stringify(text)}`);
  return text;
}

const tenantPk = (tenant: TenantId) => `TENANT#${part(tenant)}`;
const clusterPk = (tenant: TenantId, cluster: ClusterId) =>
  `${tenantPk(tenant)}#CLUSTER#${part(cluster)}`;
const meterPk = (tenant: TenantId, what: string, cluster: ClusterId) =>
  `${tenantPk(tenant)}#${what}#${part(cluster)}`;

/** A family of items listed together: its partition, the prefix of its sort keys, and the key of one of them. */
export interface Family {
  readonly pk: string;
  readonly prefix: string;
  key(name: string): Key;
}

function family(pk: string, prefix: string): Family {
  return { pk, prefix, key: (name) => ({ pk, sk: prefix + part(name) }) };
}

export const tenantKey = (tenant: TenantId): Key => ({ pk: tenantPk(tenant), sk: "TENANT" });
/** By name. */
export const clustersOf = (tenant: TenantId) => family(tenantPk(tenant), "CLUSTER#");
/** By name. */
export const topicsOf = (tenant: TenantId, cluster: ClusterId) =>
  family(clusterPk(tenant, cluster), "TOPIC#");
/** By name. */
export const serviceAccountsOf = (tenant: TenantId) => family(tenantPk(tenant), "SA#");
/** Ids of the keys of one service account that may be live. */
export const liveKeysKey = (tenant: TenantId, account: ServiceAccountId): Key => ({
  pk: tenantPk(tenant),
  sk: `LIVEKEYS#${part(account)}`,
});
/** By key id. */
export const apiKeysOf = (tenant: TenantId) => family(tenantPk(tenant), "KEY#");
/** Put-once: which tenant and name a cluster id belongs to. */
export const clusterOwnerKey = (cluster: ClusterId): Key => ({
  pk: `CLUSTER#${part(cluster)}`,
  sk: "OWNER",
});
/** Put-once: which tenant an API key id belongs to. */
export const apiKeyOwnerKey = (key: ApiKeyId): Key => ({ pk: `KEY#${part(key)}`, sk: "OWNER" });
/** Put-once: which cluster holds a physical prefix. */
export const prefixOwnerKey = (prefix: string): Key => ({
  pk: `PREFIX#${part(prefix)}`,
  sk: "OWNER",
});
/** Partitions reserved by the topics of a cluster. */
export const quotaKey = (tenant: TenantId, cluster: ClusterId): Key => ({
  pk: clusterPk(tenant, cluster),
  sk: "QUOTA",
});

/** By ULID. */
export const auditOf = (tenant: TenantId) => family(`${tenantPk(tenant)}#AUDIT`, "");
export const idempotencyKey = (tenant: TenantId, keyHash: string): Key => ({
  pk: `${tenantPk(tenant)}#IDEMPOTENCY`,
  sk: part(keyHash),
});

/** Totals: `<hour>#<writer>`. */
export const usagePk = (tenant: TenantId, cluster: ClusterId) => meterPk(tenant, "USAGE", cluster);
export const usageSk = (hour: string, writer: string) => `${part(hour)}#${part(writer)}`;
/** Attribution: `<hour>#<writer>#<chunk>`. */
export const attributionPk = (tenant: TenantId, cluster: ClusterId) =>
  meterPk(tenant, "ATTR", cluster);
export const attributionSk = (hour: string, writer: string, chunk: number) =>
  `${usageSk(hour, writer)}#${String(chunk).padStart(4, "0")}`;
/** Boundaries: `<hour>#<topic id>`, and `LATEST#<topic id>` for the newest seen. */
export const offsetsPk = (tenant: TenantId, cluster: ClusterId) =>
  meterPk(tenant, "OFFSETS", cluster);
export const offsetsSk = (hour: string, topicId: string) => `${part(hour)}#${part(topicId)}`;
/** By hour. */
export const storageOf = (tenant: TenantId, cluster: ClusterId) =>
  family(meterPk(tenant, "STORAGE", cluster), "");
/** By Kafka topic id: names of topics that are gone, kept for bills. */
export const topicIdsOf = (tenant: TenantId, cluster: ClusterId) =>
  family(meterPk(tenant, "TOPICIDS", cluster), "");
/** By cluster id: the settings a cluster is rated by, over time; outlives the cluster. */
export const meteredOf = (tenant: TenantId) => family(`${tenantPk(tenant)}#METERED`, "");
/** By Kafka topic id: gateway counts against the log. */
export const reconciliationsOf = (tenant: TenantId, cluster: ClusterId) =>
  family(meterPk(tenant, "RECON", cluster), "");

export const cells: Family = family("CELLS", "CELL#");
export const cellKey = (cell: CellId): Key => cells.key(cell);
export const priceBookPk = (id: string) => `PRICEBOOK#${part(id)}`;
/** Padded, so that versions sort as numbers. */
export const priceBookKey = (id: string, version: number): Key => ({
  pk: priceBookPk(id),
  sk: `V#${String(version).padStart(8, "0")}`,
});

/** Everything of a kind, over all tenants, for sweeps. `name` is made of parts joined by `#`. */
export const allOf = (kind: string, shard: number) => `ALL#${part(kind)}#${shard}`;
export const workPk = (shard: number) => `WORK#${shard}`;
export const logPk = (shard: number) => `LOG#${shard}`;
export const leaseKey = (name: string): Key => ({ pk: `LEASE#${part(name)}`, sk: "LEASE" });

/** Parts as one sort key, and back. */
export const joinParts = (parts: readonly string[]) => parts.map(part).join("#");
export const splitParts = (text: string) => text.split("#");

/** A stable shard of `shards` for a key (FNV-1a, 32 bits). */
export function shardOf(text: string, shards: number): number {
  let hash = 0x811c9dc5;
  for (const char of text) hash = Math.imul(hash ^ char.codePointAt(0)!, 0x01000193);
  return (hash >>> 0) % shards;
}
