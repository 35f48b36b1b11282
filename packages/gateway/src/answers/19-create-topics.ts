// CreateTopics: any replication factor is accepted, since the tier decides it; broker assignments are refused, since
// tenants see no broker; -1 asks for the service's default.
import { putTopic } from "@headgate/control/topics";
import { replication } from "@headgate/core/cluster";
import type { Topic } from "@headgate/core/topic";
import { decodeRequest, encodeResponse, ZERO_UUID } from "@headgate/kafka/codec";
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

type Request = Requests[19];
type NewTopic = Request["topics"][number];

const topicConfig = 1;

export async function createTopics(
  commands: Commands,
  session: Session,
  version: number,
  body: Buffer,
): Promise<Buffer> {
  const request = decodeRequest(Api.CreateTopics, version, body);
  const factor = replication[session.binding.clusterSpec.tier].factor;
  const results = await onceEach(
    request.topics,
    (topic) => topic.name,
    (topic) => create(commands, session, request, topic),
  );
  const topics = results.map(({ item: { name }, result }) =>
    "spec" in result ? created(result, factor) : { name, ...result, configs: [] },
  );
  return encodeResponse(Api.CreateTopics, version, { topics });
}

const created = ({ name, spec, status }: Topic, replicationFactor: number) => ({
  name,
  ...ok,
  topicId: status.topicId ?? ZERO_UUID,
  numPartitions: spec.partitions,
  replicationFactor,
  configs: Object.entries(spec.config).map(([key, value]) => ({
    name: key,
    value,
    configSource: topicConfig,
  })),
});

async function create(
  commands: Commands,
  session: Session,
  request: Request,
  topic: NewTopic,
): Promise<Topic | Outcome> {
  if ((session.access.topic(topic.name) & Bit.admin) === 0)
    return outcome(ErrorCode.TOPIC_AUTHORIZATION_FAILED, "This key may not create the topic.");
  if (topic.assignments.length > 0)
    return outcome(
      ErrorCode.INVALID_REPLICA_ASSIGNMENT,
      "Replicas are placed by the service: leave the assignment out.",
    );
  const config = Object.fromEntries(
    topic.configs.flatMap(({ name, value }) => (value === null ? [] : [[name, value] as const])),
  );
  const partitions = topic.numPartitions === -1 ? {} : { partitions: topic.numPartitions };
  try {
    const actor = actorOf(commands, session);
    const { clusterName } = session.binding;
    const options = { createOnly: true, validateOnly: request.validateOnly };
    const spec = { ...partitions, config };
    const made = await putTopic(commands.control, actor, clusterName, topic.name, spec, options);
    if (request.validateOnly) return made;
    return await ready(commands, session, actor, made, request.timeoutMs);
  } catch (error) {
    return outcomeOf(commands, error);
  }
}
