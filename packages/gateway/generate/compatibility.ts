// docs/kafka-compatibility.md, made of the allow-list, its notes and the limits: what the page says is what is served.
import { apiKeys, apiName, apiVersions } from "@headgate/kafka/api-schemas";
import type { Api } from "@headgate/kafka/generated/types";
import { type Action, allowList } from "../src/allow-list.ts";
import { apiNotes } from "../src/api-notes.ts";
import {
  fetchBytesMax,
  frameBytesMax,
  inFlightMax,
  joinMetadataBytesMax,
  partitionsPerRequestMax,
  recordsPerBatchMax,
  topicsPerRequestMax,
} from "../src/filters/40-limit.ts";

const rules = new Map(allowList.map((rule) => [rule.apiKey, rule]));

const how: Record<Action, string> = { forward: "by the broker", local: "by the service" };

const range = ([min, max]: readonly [number, number]) => (min === max ? `${min}` : `${min}–${max}`);

const noteOf = (apiKey: number) => apiNotes[apiName(apiKey) as keyof typeof Api];

function servedRow(apiKey: number): string[] {
  const rule = rules.get(apiKey);
  if (!rule) return [];
  const offered = range([rule.min, rule.max]);
  const known = range(apiVersions(apiKey)!);
  const cells = [apiKey, apiName(apiKey), offered, known, how[rule.action], noteOf(apiKey)];
  return [`| ${cells.join(" | ")} |`];
}

const refusedRow = (apiKey: number): string[] =>
  rules.has(apiKey) ? [] : [`| ${apiKey} | ${apiName(apiKey)} | ${noteOf(apiKey)} |`];

const size = (bytes: number) =>
  bytes >= 1024 * 1024 ? `${Math.round(bytes / 1024 / 1024)} MiB` : `${bytes / 1024} KiB`;
const count = (number: number) => number.toLocaleString("en-US");

/** The page's source. */
export function compatibilityPage(): string {
  return `# Kafka compatibility

<!-- Made by \`npm run generate\` from packages/gateway/src/allow-list.ts and api-notes.ts. Do not edit. -->

Clients of Apache Kafka 4.x work with what is served below. kafkajs, kcat (librdkafka) and Kafka's own console tools
(Java) are run against every change. Log in with SASL, PLAIN or SCRAM: the key's id is the user name, its secret the
password.

## What is served

"By the broker" means that the request goes on to Apache Kafka with the tenant's names, and that Kafka's own answer
comes back. "By the service" means that it is answered before a broker is asked.

| key | API | versions | Apache Kafka 4.3 has | answered | good to know |
|---|---|---|---|---|---|
${apiKeys.flatMap(servedRow).join("\n")}

Whatever is not in this table is not shown by ApiVersions, and a client that sends it all the same is disconnected: a
new release of Kafka opens no door by itself.

## What is not served, and why

| key | API | why |
|---|---|---|
${apiKeys.flatMap(refusedRow).join("\n")}

## What differs from a broker of one's own

- Names are the tenant's: topics and groups of other tenants do not exist, whatever they are called. A topic's name may
  have 238 characters.
- The cluster id, host names and ports are the tenant's and the service's; node ids are the brokers' own. Racks are not
  told.
- A topic that nobody created is created only where the cluster has \`autoCreateTopics\`; it has the service's
  defaults.
- Replication is the tier's: a replication factor in CreateTopics is accepted and not used, \`min.insync.replicas\` is
  capped.
- Grants come back as Kafka's own errors: TOPIC_AUTHORIZATION_FAILED, GROUP_AUTHORIZATION_FAILED.
- A revoked key loses its connections within five seconds; a key that expires is told so by the session lifetime
  (KIP-368).
- An idempotent producer's repeated batch is counted once, as it is written once.

## Limits of one request or connection

| what | limit | beyond it |
|---|---|---|
| size of a request | ${size(frameBytesMax)} | disconnected |
| records in a batch | ${count(recordsPerBatchMax)} | MESSAGE_TOO_LARGE: producers split the batch |
| bytes of a fetch's answer | ${size(fetchBytesMax(0))}, or one batch | less is brought; less for many slow readers |
| partitions named in a request | ${count(partitionsPerRequestMax)} | disconnected |
| topics in a request that creates, changes or deletes | ${count(topicsPerRequestMax)} | POLICY_VIOLATION |
| metadata of a group's member | ${size(joinMetadataBytesMax)} | INVALID_REQUEST |
| requests under way on a connection | ${count(inFlightMax)} | the gateway stops reading until answers have left |
`;
}
