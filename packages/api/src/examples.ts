// Examples of the OpenAPI document; a test holds each to its schema.

const at = "2026-11-24T04:05:06.789Z";
const managedBy = (field: string) => ({ [field]: "api:owner" });
const ready = (generation: number) => ({
  phase: "Ready",
  conditions: [
    { type: "Ready", status: "True", reason: "Reconciled", message: "It is as asked.", at },
  ],
  observedGeneration: generation,
});

export const topic = {
  kind: "Topic",
  id: "tp_4qg7m2x9k1c8v5zt",
  name: "orders",
  spec: { partitions: 3, config: { "retention.ms": "86400000" }, protected: false, labels: {} },
  status: { ...ready(1), partitions: 3, topicId: "Zk0yVbNfQ1uY6n3xJt4cXg" },
  generation: 1,
  managedBy: managedBy("/partitions"),
  createdAt: at,
  updatedAt: at,
};

export const topicWrite = { spec: { partitions: 3, config: { "retention.ms": "86400000" } } };
export const topicPatch = { spec: { partitions: 6, config: { "retention.ms": null } } };

export const cluster = {
  kind: "Cluster",
  id: "cl_7hm2c9x4k1q8v5zt",
  name: "default",
  spec: {
    tier: "dev",
    streamingUnits: { min: 0, max: 5 },
    idleAfterSeconds: 600,
    autoCreateTopics: false,
    protected: false,
    labels: {},
  },
  status: { ...ready(1), bootstrap: "127.0.0.1:9092", costPerHourMax: "0.25" },
  generation: 1,
  managedBy: managedBy("/tier"),
  createdAt: at,
  updatedAt: at,
};

export const clusterWrite = { spec: { tier: "dev", streamingUnits: { min: 0, max: 5 } } };
export const clusterPatch = { spec: { autoCreateTopics: true } };

export const serviceAccount = {
  kind: "ServiceAccount",
  id: "sa_2c9x4k1q8v5zt7hm",
  name: "checkout",
  spec: {
    displayName: "Checkout service",
    cluster: "default",
    role: "none",
    grants: [{ operation: "produce", resource: "topic", pattern: "prefixed", name: "orders." }],
    protected: false,
    labels: {},
  },
  status: { phase: "Ready", conditions: [], observedGeneration: 1 },
  generation: 1,
  managedBy: managedBy("/role"),
  createdAt: at,
  updatedAt: at,
};

export const serviceAccountWrite = {
  spec: {
    displayName: "Checkout service",
    grants: [{ operation: "produce", pattern: "prefixed", name: "orders." }],
  },
};
export const serviceAccountPatch = { spec: { role: "viewer" } };

export const apiKey = {
  kind: "ApiKey",
  id: "ak_9x4k1q8v5zt7hm2c",
  serviceAccount: "checkout",
  createdAt: at,
  lastUsedAt: at,
};

export const newApiKey = {
  kind: "ApiKey",
  id: "ak_9x4k1q8v5zt7hm2c",
  serviceAccount: "checkout",
  createdAt: at,
  secret: "hgs_example",
};

export const tenant = {
  kind: "Tenant",
  id: "tn_1q8v5zt7hm2c9x4k",
  name: "tn_1q8v5zt7hm2c9x4k",
  spec: { displayName: "Payments", priceBook: "default", labels: {} },
  status: { phase: "Ready", conditions: [], observedGeneration: 1 },
  generation: 1,
  managedBy: managedBy("/displayName"),
  createdAt: at,
  updatedAt: at,
};

export const tenantWrite = { spec: { displayName: "Payments" } };
export const newTenant = { tenant, cluster, serviceAccount, key: newApiKey };

export const group = {
  kind: "Group",
  name: "billing",
  state: "Stable",
  type: "classic",
  members: [
    {
      id: "billing-1-5f1c2b8e",
      clientId: "billing-1",
      assignments: [{ topic: "orders", partitions: [0, 1, 2] }],
    },
  ],
  partitions: [{ topic: "orders", partition: 0, committed: "40", end: "42", lag: "2" }],
  lag: "2",
};

export const groupSummary = { kind: "Group", name: "billing", state: "Stable", type: "classic" };

const amounts = {
  recordsWritten: "100000",
  recordsRead: "200000",
  bytesIn: "20000000",
  bytesOut: "40000000",
  messages: "300000",
  bytesStored: "20000000",
  cost: "0.015",
};

export const usage = {
  kind: "Usage",
  from: "2026-11-23T05:00:00.000Z",
  to: "2026-11-24T05:00:00.000Z",
  groupBy: "topic",
  rows: [{ topic: "orders", ...amounts }],
  totals: amounts,
  asOf: at,
};

export const invoice = {
  kind: "Invoice",
  id: "inv-tn_1q8v5zt7hm2c9x4k-2026-11",
  tenant: tenant.id,
  period: "2026-11",
  state: "open",
  currency: "USD",
  lines: [
    {
      kind: "written",
      description: "Messages written",
      cluster: cluster.id,
      clusterName: "default",
      tier: "dev",
      priceVersion: 1,
      quantity: "100000",
      unit: "message",
      unitPrice: "0.05",
      unitPriceQuantity: "1000000",
      exactAmount: "0.005",
      amount: "0.00",
      records: "100000",
      hoursAtCeiling: 0,
      offsetRanges: [
        {
          topic: "orders",
          topicId: topic.status.topicId,
          partition: 0,
          from: "0",
          to: "100000",
          hour: "2026-11-24T04",
        },
      ],
    },
  ],
  total: "0.00",
  priceBooks: [],
  findings: [],
  unattributedRecords: "0",
  asOf: at,
};

export const auditEvent = {
  id: "01KB8Z0Q4W8M2X9K1C8V5ZT7HM",
  at,
  actor: {
    tenant: tenant.id,
    serviceAccount: "sa_2c9x4k1q8v5zt7hm",
    serviceAccountName: "owner",
    apiKey: "ak_9x4k1q8v5zt7hm2c",
    channel: "api",
    requestId: "req_4qg7m2x9k1c8v5zt",
  },
  action: "create",
  kind: "Topic",
  resource: "clusters/default/topics/orders",
  after: topic.spec,
};

export const whoAmI = {
  kind: "WhoAmI",
  tenant: tenant.id,
  cluster: "default",
  serviceAccount: "owner",
  role: "owner",
  apiKey: apiKey.id,
};
