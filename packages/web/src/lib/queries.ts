// Every read and write of the portal, by name. The first word of a query's key is what live events speak of (live.ts).
import { queryOptions } from "@tanstack/react-query";
import { get, request } from "./client.ts";
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
  Usage,
  UsageGroup,
  WhoAmI,
} from "./wire.ts";

const path = (strings: TemplateStringsArray, ...values: string[]) =>
  String.raw({ raw: strings }, ...values.map(encodeURIComponent));

const withQuery = (base: string, query: Record<string, string | undefined>) => {
  const given = Object.entries(query).filter((pair): pair is [string, string] => !!pair[1]);
  return given.length === 0 ? base : `${base}?${new URLSearchParams(given)}`;
};

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

export const topicsQuery = (page: { prefix?: string; cursor?: string; limit?: number }) =>
  queryOptions({
    queryKey: ["topics", "list", page],
    queryFn: ({ signal }) =>
      get<Page<Topic>>(
        withQuery("/v1/topics", {
          limit: String(page.limit ?? 50),
          cursor: page.cursor,
          filter: page.prefix && `name=${page.prefix}*`,
        }),
        signal,
      ),
    refetchInterval: pollMs,
  });

export const topicQuery = (name: string) =>
  queryOptions({
    queryKey: ["topics", "one", name],
    queryFn: ({ signal }) => request<Topic>(path`/v1/topics/${name}`, { signal }),
    refetchInterval: pollMs,
  });

export const accountsQuery = queryOptions({
  queryKey: ["accounts", "list"],
  queryFn: ({ signal }) => get<Page<ServiceAccount>>("/v1/service-accounts?limit=100", signal),
  refetchInterval: pollMs,
});

export const keysQuery = (account: string) =>
  queryOptions({
    queryKey: ["accounts", "keys", account],
    queryFn: ({ signal }) => get<Page<ApiKey>>(path`/v1/service-accounts/${account}/keys`, signal),
    refetchInterval: pollMs,
  });

export const usageQuery = (groupBy: UsageGroup, range: { from?: string; to?: string } = {}) =>
  queryOptions({
    queryKey: ["usage", groupBy, range],
    queryFn: ({ signal }) => get<Usage>(withQuery("/v1/usage", { groupBy, ...range }), signal),
    refetchInterval: pollMs,
  });

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

/** Creates a service account, or leaves the one of that name as it is. */
export async function ensureAccount(
  name: string,
  spec: { role: string; displayName?: string; cluster?: string },
): Promise<void> {
  try {
    await get(path`/v1/service-accounts/${name}`);
  } catch (error) {
    if (!(error instanceof Error) || !("problem" in error)) throw error;
    if ((error.problem as { status: number }).status !== 404) throw error;
    await request(path`/v1/service-accounts/${name}`, { method: "PUT", body: { spec } });
  }
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
