// Every read and write of the portal, by name. The first word of a query's key is what live events speak of (live.ts).

import { monthOf, toTimestamp } from "@headgate/core/clock";
import { queryOptions } from "@tanstack/react-query";
import { ApiProblem, get, request } from "./client.ts";
import { pollMs } from "./live.ts";
import type {
  ApiKey,
  Cluster,
  Invoice,
  NewApiKey,
  Page,
  ServiceAccount,
  Topic,
  TopicSpec,
  UsageGroupBy,
  UsageReport,
  WhoAmI,
} from "./wire.ts";

const path = (strings: TemplateStringsArray, ...values: string[]) =>
  String.raw({ raw: strings }, ...values.map(encodeURIComponent));

const withQuery = (base: string, query: Record<string, string | undefined>) => {
  const given = Object.entries(query).filter((pair): pair is [string, string] => !!pair[1]);
  return `${base}?${new URLSearchParams(given)}`;
};

interface PageOptions {
  /** How names start; letters, digits and `._-` only. */
  readonly prefix?: string | undefined;
  readonly cursor?: string | undefined;
  readonly limit?: number;
}

const pageOf = <T>(base: string, page: PageOptions, signal: AbortSignal) =>
  get<Page<T>>(
    withQuery(base, {
      limit: String(page.limit ?? 50),
      cursor: page.cursor,
      filter: page.prefix && `name=${page.prefix}*`,
    }),
    signal,
  );

export const whoAmIQuery = queryOptions({
  queryKey: ["whoami"],
  queryFn: ({ signal }) => get<WhoAmI>("/v1/whoami", signal),
  staleTime: Number.POSITIVE_INFINITY,
});

export const clusterQuery = (name: string) =>
  queryOptions({
    queryKey: ["cluster", name],
    queryFn: ({ signal }) => get<Cluster>(path`/v1/clusters/${name}`, signal),
    refetchInterval: pollMs,
  });

export const topicsQuery = (page: PageOptions) =>
  queryOptions({
    queryKey: ["topics", "list", page],
    queryFn: ({ signal }) => pageOf<Topic>("/v1/topics", page, signal),
    refetchInterval: pollMs,
  });

/** With its ETag, which a deletion must show. */
export const topicQuery = (name: string) =>
  queryOptions({
    queryKey: ["topics", "one", name],
    queryFn: ({ signal }) => request<Topic>(path`/v1/topics/${name}`, { signal }),
    refetchInterval: pollMs,
  });

export const accountsQuery = (page: PageOptions) =>
  queryOptions({
    queryKey: ["accounts", "list", page],
    queryFn: ({ signal }) => pageOf<ServiceAccount>("/v1/service-accounts", page, signal),
    refetchInterval: pollMs,
  });

/** All keys of an account, revoked ones too: one page, unless it was rotated for years. */
export const keysQuery = (account: string) =>
  queryOptions({
    queryKey: ["accounts", "keys", account],
    queryFn: async ({ signal }) => {
      const base = path`/v1/service-accounts/${account}/keys`;
      const keys: ApiKey[] = [];
      let cursor: string | undefined;
      do {
        const page: Page<ApiKey> = await pageOf<ApiKey>(base, { limit: 200, cursor }, signal);
        keys.push(...page.items);
        cursor = page.next;
      } while (cursor !== undefined);
      return keys;
    },
    refetchInterval: pollMs,
  });

/** From an hour on (timestamp) until now. */
export const usageQuery = (groupBy: UsageGroupBy, from: string) =>
  queryOptions({
    queryKey: ["usage", groupBy, from],
    queryFn: ({ signal }) => get<UsageReport>(withQuery("/v1/usage", { groupBy, from }), signal),
    refetchInterval: pollMs,
  });

/** Of this calendar month, UTC, as invoices are. */
export const monthUsageQuery = (groupBy: UsageGroupBy) =>
  usageQuery(groupBy, `${monthOf(toTimestamp(Date.now()))}-01T00:00:00.000Z`);

export const invoiceQuery = queryOptions({
  queryKey: ["invoice"],
  queryFn: ({ signal }) => get<Invoice>("/v1/invoices/current", signal),
  refetchInterval: pollMs,
});

/** Creates a topic; refuses to touch one that exists. Answers when it is ready, or after ten seconds as it is then. */
export async function createTopic(name: string, spec: Partial<TopicSpec>): Promise<Topic> {
  const answer = await request<Topic>(path`/v1/topics/${name}`, {
    method: "PUT",
    body: { spec },
    headers: { "if-none-match": "*", prefer: "wait=10" },
  });
  return answer.body;
}

/** `etag` proves that what is deleted is what was looked at. */
export async function deleteTopic(name: string, etag: string | undefined): Promise<void> {
  await request(path`/v1/topics/${name}`, {
    method: "DELETE",
    headers: etag === undefined ? {} : { "if-match": etag },
  });
}

/** Creates a service account; refuses to touch one that exists. */
export async function createAccount(
  name: string,
  spec: { role: string; displayName?: string },
): Promise<void> {
  await request(path`/v1/service-accounts/${name}`, {
    method: "PUT",
    body: { spec },
    headers: { "if-none-match": "*" },
  });
}

/** Whether a write failed only because what it would create is there. */
export function isThereAlready(error: unknown): boolean {
  return error instanceof ApiProblem && error.problem.status === 412;
}

/** The one answer that carries the secret. */
export async function createKey(account: string): Promise<NewApiKey> {
  const answer = await request<NewApiKey>(path`/v1/service-accounts/${account}/keys`, {
    method: "POST",
    body: {},
    headers: { "idempotency-key": crypto.randomUUID() },
  });
  return answer.body;
}

export async function revokeKey(account: string, id: string): Promise<void> {
  await request(path`/v1/service-accounts/${account}/keys/${id}`, { method: "DELETE" });
}
