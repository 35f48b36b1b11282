// What a gateway needs to serve one API key; assembled from the store, dropped when the change feed names a part of it.
import type { ApiKeyRecord } from "./api-key.ts";
import type { ClusterSpec, Placement } from "./cluster.ts";
import type { ApiKeyId, ClusterId, ServiceAccountId, TenantId } from "./ids.ts";
import type { Grant } from "./service-account.ts";

export interface Binding {
  readonly tenant: TenantId;
  readonly cluster: ClusterId;
  readonly clusterName: string;
  readonly serviceAccount: ServiceAccountId;
  readonly serviceAccountName: string;
  readonly apiKey: ApiKeyId;
  readonly verifiers: Pick<ApiKeyRecord, "secretSha256" | "scram256" | "scram512">;
  /** The service account's own grants and its role's. */
  readonly grants: readonly Grant[];
  readonly placement: Placement;
  readonly clusterSpec: ClusterSpec;
  /** Timestamp after which the key opens nothing. */
  readonly expiresAt: string | undefined;
}
