// Configuration changes of topics: IncrementalAlterConfigs changes what it names, the older AlterConfigs replaces all.
// Everything but topics belongs to the operator.
import { writeTopic } from "@headgate/control/topics";
import { AppError } from "@headgate/core/errors";
import { TopicSpec } from "@headgate/core/topic";
import { decodeRequest, encodeResponse } from "@headgate/kafka/codec";
import { ErrorCode } from "@headgate/kafka/errors";
import { Api, type Requests } from "@headgate/kafka/generated/types";
import { Bit } from "../filters/20-authorize.ts";
import type { Session } from "../session.ts";
import {
  actorOf,
  type Commands,
  type Outcome,
  ok,
  outcome,
  outcomeOf,
  ready,
} from "./topic-commands.ts";

const topicResource = 2;
const waitMs = 30_000;

type Config = Record<string, string>;
type Change = (config: Config) => Config;
type Operation = Requests[44]["resources"][number]["configs"][number];

export async function incrementalAlterConfigs(
  commands: Commands,
  session: Session,
  version: number,
  body: Buffer,
): Promise<Buffer> {
  const request = decodeRequest(Api.IncrementalAlterConfigs, version, body);
  const responses = await Promise.all(
    request.resources.map(async ({ resourceType, resourceName, configs }) => {
      const change: Change = (config) => configs.reduce(applyOperation, config);
      const target = { resourceType, resourceName, validateOnly: request.validateOnly };
      return { resourceType, resourceName, ...(await alter(commands, session, target, change)) };
    }),
  );
  return encodeResponse(Api.IncrementalAlterConfigs, version, { responses });
}

export async function alterConfigs(
  commands: Commands,
  session: Session,
  version: number,
  body: Buffer,
): Promise<Buffer> {
  const request = decodeRequest(Api.AlterConfigs, version, body);
  const responses = await Promise.all(
    request.resources.map(async ({ resourceType, resourceName, configs }) => {
      const change: Change = () =>
        Object.fromEntries(configs.flatMap((c) => (c.value === null ? [] : [[c.name, c.value]])));
      const target = { resourceType, resourceName, validateOnly: request.validateOnly };
      return { resourceType, resourceName, ...(await alter(commands, session, target, change)) };
    }),
  );
  return encodeResponse(Api.AlterConfigs, version, { responses });
}

interface Target {
  readonly resourceType: number;
  readonly resourceName: string;
  readonly validateOnly: boolean;
}

async function alter(
  commands: Commands,
  session: Session,
  { resourceType, resourceName: name, validateOnly }: Target,
  change: Change,
): Promise<Outcome> {
  if (resourceType !== topicResource)
    return outcome(
      ErrorCode.CLUSTER_AUTHORIZATION_FAILED,
      "Only settings of topics can be changed; the others belong to the operator.",
    );
  if ((session.access.topic(name) & Bit.admin) === 0)
    return outcome(ErrorCode.TOPIC_AUTHORIZATION_FAILED, "This key may not alter the topic.");
  try {
    const actor = actorOf(commands, session);
    const { clusterName } = session.binding;
    const changed = (current: TopicSpec | undefined) => {
      const spec = current ?? TopicSpec.parse({});
      return { ...spec, config: change(spec.config) };
    };
    const options = { updateOnly: true, validateOnly };
    const { control } = commands;
    const written = await writeTopic(control, actor, clusterName, name, changed, options);
    if (!validateOnly) await ready(commands, session, actor, written.resource, waitMs);
    return ok;
  } catch (error) {
    return outcomeOf(commands, error);
  }
}

/** AlterConfigOp.OpType: SET 0, DELETE 1, APPEND 2, SUBTRACT 3; the last two are for lists. */
function applyOperation(config: Config, { name, configOperation, value }: Operation): Config {
  const { [name]: current, ...rest } = config;
  if (configOperation === 1) return rest;
  if (value === null)
    throw new AppError("topic.config_invalid", { detail: `${name} has no value.` });
  if (configOperation === 0) return { ...rest, [name]: value };
  if (name !== "cleanup.policy")
    throw new AppError("topic.config_invalid", { detail: `${name} is not a list.` });
  const items = (current ?? "delete").split(",");
  const given = value.split(",");
  const next =
    configOperation === 2
      ? [...items, ...given.filter((item) => !items.includes(item))]
      : items.filter((item) => !given.includes(item));
  return { ...rest, [name]: next.join(",") };
}
