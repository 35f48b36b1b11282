// Configs of topics, brokers and groups: read them, change them incrementally (KIP-339).

import { errorOf } from "../errors.ts";
import { Api } from "../generated/types.ts";
import type { Router } from "./router.ts";
import type { Outcome, WriteOptions } from "./topics.ts";

const TYPES = { topic: 2, broker: 4, brokerLogger: 8, clientMetrics: 16, group: 32 } as const;
const OPERATIONS = { set: 0, delete: 1, append: 2, subtract: 3 } as const;

export interface ConfigResource {
  readonly type: keyof typeof TYPES;
  /** A topic or group name, or a broker's node id; "" is the cluster-wide broker default. */
  readonly name: string;
}

export interface ConfigEntry {
  /** Null for sensitive values. */
  readonly value: string | null;
  /** Set for this resource itself rather than inherited. */
  readonly isOwn: boolean;
  readonly isReadOnly: boolean;
  readonly isSensitive: boolean;
}

export interface ConfigDescription extends ConfigResource, Outcome {
  readonly entries: ReadonlyMap<string, ConfigEntry>;
}

export interface ConfigChange extends ConfigResource {
  readonly ops: readonly {
    readonly key: string;
    readonly op: keyof typeof OPERATIONS;
    readonly value?: string | null;
  }[];
}

export function configAdmin(router: Router) {
  const fromType = (type: number) =>
    (Object.entries(TYPES).find(([, code]) => code === type)?.[0] ??
      "topic") as ConfigResource["type"];

  /** A named broker answers for itself; anything else any broker answers. */
  const targetOf = ({ type, name }: ConfigResource) =>
    (type === "broker" || type === "brokerLogger") && name !== "" ? Number(name) : undefined;

  /** One answer per resource; `keys` limits which configs are told. */
  async function describeConfigs(
    resources: readonly ConfigResource[],
    keys?: readonly string[],
  ): Promise<ConfigDescription[]> {
    const descriptions: ConfigDescription[] = [];
    for (const [target, group] of Map.groupBy(resources, targetOf)) {
      const request = {
        resources: group.map(({ type, name }) => ({
          resourceType: TYPES[type],
          resourceName: name,
          configurationKeys: keys ?? null,
        })),
      };
      const answer = await router.ask(target, Api.DescribeConfigs, request, { repeatable: true });
      for (const result of answer.results) {
        const type = fromType(result.resourceType);
        const entries = result.configs.map((c): [string, ConfigEntry] => [
          c.name,
          {
            value: c.value,
            isOwn: isOwn(type, c.configSource),
            isReadOnly: c.readOnly,
            isSensitive: c.isSensitive,
          },
        ]);
        const error = errorOf(result.errorCode, result.errorMessage);
        descriptions.push({ type, name: result.resourceName, entries: new Map(entries), error });
      }
    }
    return descriptions;
  }

  async function incrementalAlterConfigs(
    changes: readonly ConfigChange[],
    { validateOnly = false }: WriteOptions = {},
  ): Promise<(ConfigResource & Outcome)[]> {
    const outcomes: (ConfigResource & Outcome)[] = [];
    for (const [target, group] of Map.groupBy(changes, targetOf)) {
      const request = {
        resources: group.map(({ type, name, ops }) => ({
          resourceType: TYPES[type],
          resourceName: name,
          configs: ops.map(({ key, op, value }) => ({
            name: key,
            configOperation: OPERATIONS[op],
            value: value ?? null,
          })),
        })),
        validateOnly,
      };
      const answer = await router.ask(target, Api.IncrementalAlterConfigs, request);
      for (const r of answer.responses)
        outcomes.push({
          type: fromType(r.resourceType),
          name: r.resourceName,
          error: errorOf(r.errorCode, r.errorMessage),
        });
    }
    return outcomes;
  }

  return { describeConfigs, incrementalAlterConfigs };
}

// ConfigSource: 1 topic, 2 dynamic broker, 3 dynamic cluster-wide broker, 4 static broker, 5 default, 6 logger,
// 7 client metrics, 8 group.
function isOwn(type: ConfigResource["type"], source: number): boolean {
  const own = { topic: [1], broker: [2, 4], brokerLogger: [6], clientMetrics: [7], group: [8] };
  return own[type].includes(source);
}
