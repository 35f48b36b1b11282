// IncrementalAlterConfigs: settings of topics, each change on its own. Everything but topics belongs to the operator.
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
  onceEach,
  outcome,
  outcomeOf,
  ready,
} from "./topic-commands.ts";

const topicResource = 2;
const waitMs = 30_000;

type Operation = Requests[44]["resources"][number]["configs"][number];

export async function incrementalAlterConfigs(
  commands: Commands,
  session: Session,
  version: number,
  body: Buffer,
): Promise<Buffer> {
  const request = decodeRequest(Api.IncrementalAlterConfigs, version, body);
  const { validateOnly } = request;
  const altered = await onceEach(
    request.resources,
    ({ resourceType, resourceName }) => `${resourceType}:${resourceName}`,
    (resource) => alter(commands, session, { ...resource, validateOnly }),
  );
  const responses = altered.map(({ item: { resourceType, resourceName }, result }) => ({
    resourceType,
    resourceName,
    ...result,
  }));
  return encodeResponse(Api.IncrementalAlterConfigs, version, { responses });
}

interface Target {
  readonly resourceType: number;
  readonly resourceName: string;
  readonly configs: readonly Operation[];
  readonly validateOnly: boolean;
}

async function alter(
  commands: Commands,
  session: Session,
  { resourceType, resourceName: name, configs, validateOnly }: Target,
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
      return { ...spec, config: applied(spec.config, configs) };
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
function applied(config: Record<string, string>, operations: readonly Operation[]) {
  const next = new Map(Object.entries(config));
  for (const { name, configOperation, value } of operations) {
    if (configOperation === 1) next.delete(name);
    else if (value === null)
      throw new AppError("topic.config_invalid", { detail: `${name} has no value.` });
    else if (configOperation === 0) next.set(name, value);
    else next.set(name, changedList(name, next.get(name), configOperation === 2, value));
  }
  return Object.fromEntries(next);
}

function changedList(name: string, current = "delete", isAppend: boolean, value: string): string {
  if (name !== "cleanup.policy")
    throw new AppError("topic.config_invalid", { detail: `${name} is not a list.` });
  const items = current.split(",");
  const given = value.split(",");
  const next = isAppend
    ? [...items, ...given.filter((item) => !items.includes(item))]
    : items.filter((item) => !given.includes(item));
  return next.join(",");
}
