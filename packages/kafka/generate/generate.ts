// From the jar to the generated sources. Which messages: every API of the broker listener (also those refused today),
// the headers, and the consumer protocol that classic groups carry inside JoinGroup and SyncGroup.

import { type Definition, readDefinition } from "./definitions.ts";
import { emitSchemas, emitTypes, type Messages } from "./emit.ts";
import { unzip } from "./zip.ts";

const OTHERS = [
  "RequestHeader",
  "ResponseHeader",
  "ConsumerProtocolSubscription",
  "ConsumerProtocolAssignment",
];

/** File name → source, for src/generated. */
export function generate(jar: Buffer, kafkaVersion: string): Record<string, string> {
  const files = unzip(jar, (path) => /^common\/message\/[^/]+\.json$/.test(path));
  const definitions = [...files.values()]
    .map((file) => readDefinition(file.toString("utf8")))
    .filter((definition) => definition !== undefined);
  const messages = select(definitions, kafkaVersion);
  return { "schemas.ts": emitSchemas(messages), "types.ts": emitTypes(messages) };
}

function select(definitions: readonly Definition[], kafkaVersion: string): Messages {
  const byName = new Map(definitions.map((d) => [d.message.name, d]));
  const named = (name: string) => {
    const definition = byName.get(name);
    if (!definition) throw new Error(`the jar has no ${name}`);
    return definition.message;
  };
  const apis = definitions
    .filter((d) => d.kind === "request" && d.listeners.includes("broker"))
    .map((d) => {
      const name = d.message.name.replace(/Request$/, "");
      return {
        key: d.apiKey ?? -1,
        name,
        ...(d.latestVersionUnstable ? { latestVersionUnstable: true as const } : {}),
        request: d.message,
        response: named(`${name}Response`),
      };
    })
    .sort((a, b) => a.key - b.key);
  return { kafkaVersion, apis, others: OTHERS.map(named) };
}
