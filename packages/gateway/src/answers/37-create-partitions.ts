// CreatePartitions: the number a topic shall have in all.
import { getTopic, patchTopic } from "@headgate/control/topics";
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

type Request = Requests[37];

export async function createPartitions(
  commands: Commands,
  session: Session,
  version: number,
  body: Buffer,
): Promise<Buffer> {
  const request = decodeRequest(Api.CreatePartitions, version, body);
  const added = await onceEach(
    request.topics,
    (topic) => topic.name,
    (topic) => add(commands, session, request, topic),
  );
  const results = added.map(({ item: { name }, result }) => ({ name, ...result }));
  return encodeResponse(Api.CreatePartitions, version, { results });
}

async function add(
  commands: Commands,
  session: Session,
  request: Request,
  topic: Request["topics"][number],
): Promise<Outcome> {
  if ((session.access.topic(topic.name) & Bit.admin) === 0)
    return outcome(ErrorCode.TOPIC_AUTHORIZATION_FAILED, "This key may not alter the topic.");
  if (topic.assignments !== null && topic.assignments.length > 0)
    return outcome(
      ErrorCode.INVALID_REPLICA_ASSIGNMENT,
      "Replicas are placed by the service: leave the assignment out.",
    );
  try {
    const actor = actorOf(commands, session);
    const { clusterName } = session.binding;
    const current = await getTopic(commands.control, actor, clusterName, topic.name);
    if (current.spec.partitions === topic.count)
      return outcome(ErrorCode.INVALID_PARTITIONS, `Topic already has ${topic.count} partitions.`);
    const patch = { partitions: topic.count };
    const options = { validateOnly: request.validateOnly };
    const next = await patchTopic(commands.control, actor, clusterName, topic.name, patch, options);
    if (!request.validateOnly) await ready(commands, session, actor, next, request.timeoutMs);
    return ok;
  } catch (error) {
    return outcomeOf(commands, error);
  }
}
