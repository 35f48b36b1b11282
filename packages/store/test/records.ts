// Whole, valid records for tests of repositories and commands.

import type { ApiKeyRecord } from "@headgate/core/api-key";
import { base32, type ClusterId, newId, type TenantId } from "@headgate/core/ids";
import type { ServiceAccount } from "@headgate/core/service-account";
import type { Tenant } from "@headgate/core/tenant";
import type { ClusterRecord } from "../src/clusters.ts";
import type { TopicRecord } from "../src/topics.ts";
import { seededRandom } from "./clock.ts";

const random = seededRandom(42);
const at = "2026-11-24T04:05:06.000Z";
const written = { generation: 1, managedBy: {}, createdAt: at, updatedAt: at };
const pending = { phase: "Pending" as const, conditions: [], observedGeneration: 0 };

export const tenantId = (): TenantId => newId("tn", random);
export const clusterId = (): ClusterId => newId("cl", random);

export function topicRecord(name: string, more: Partial<TopicRecord> = {}): TopicRecord {
  const spec = { partitions: 3, config: {}, protected: false, labels: {} };
  const id = newId("tp", random);
  return { kind: "Topic", id, name, spec, status: pending, ...written, ...more };
}

export function clusterRecord(name: string, more: Partial<ClusterRecord> = {}): ClusterRecord {
  const spec = {
    tier: "dev" as const,
    streamingUnits: { min: 0, max: 5 },
    idleAfterSeconds: 600,
    autoCreateTopics: false,
    protected: false,
    labels: {},
  };
  return { kind: "Cluster", id: clusterId(), name, spec, status: pending, ...written, ...more };
}

export function tenantRecord(id: TenantId): Tenant {
  const spec = { displayName: "Team", priceBook: "default", labels: {} };
  return { kind: "Tenant", id, name: id, spec, status: { ...pending, phase: "Ready" }, ...written };
}

export function accountRecord(name: string): ServiceAccount {
  const spec = {
    displayName: "",
    cluster: "default",
    role: "none" as const,
    grants: [],
    protected: false,
    labels: {},
  };
  const id = newId("sa", random);
  return {
    kind: "ServiceAccount",
    id,
    name,
    spec,
    status: { ...pending, phase: "Ready" },
    ...written,
  };
}

export function apiKeyRecord(tenant: TenantId): ApiKeyRecord {
  const verifier = { salt: "c2FsdA==", iterations: 4096, storedKey: "aw==", serverKey: "aw==" };
  return {
    id: newId("ak", random),
    tenant,
    serviceAccount: newId("sa", random),
    serviceAccountName: "robot",
    secretSha256: base32(random, 16),
    scram256: verifier,
    scram512: verifier,
    createdAt: at,
  };
}
