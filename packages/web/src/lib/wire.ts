// What the API answers, as types only: schemas stay on the server and zod out of the bundle. docs: /openapi.json.
import type { ApiKey, NewApiKey } from "@headgate/core/api-key";
import type { Invoice, InvoiceLine } from "@headgate/core/bill";
import type { Cluster } from "@headgate/core/cluster";
import type { ServiceAccount, ServiceAccountSpec } from "@headgate/core/service-account";
import type { Topic, TopicSpec } from "@headgate/core/topic";
import type { UsageAmounts, UsageGroupBy, UsageReport, UsageRow } from "@headgate/core/usage";

export type {
  ApiKey,
  Cluster,
  Invoice,
  InvoiceLine,
  NewApiKey,
  ServiceAccount,
  ServiceAccountSpec,
  Topic,
  TopicSpec,
  UsageAmounts,
  UsageGroupBy,
  UsageReport,
  UsageRow,
};

export interface Page<T> {
  readonly items: readonly T[];
  /** Cursor of the next page; absent on the last. */
  readonly next?: string;
}

export interface WhoAmI {
  readonly tenant: string;
  readonly cluster: string;
  readonly serviceAccount: string;
  readonly role: "operator" | "owner" | "developer" | "viewer" | "none";
}

/** RFC 9457 with what Headgate adds to it. */
export interface Problem {
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail?: string;
  readonly fix: string;
  readonly requestId: string;
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
}
