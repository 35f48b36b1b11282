// DeleteTopics, by name or by id. An id that is not the tenant's does not exist.
import { deleteTopic } from "@headgate/control/topics";
import { decodeRequest, encodeResponse, ZERO_UUID } from "@headgate/kafka/codec";
import { ErrorCode } from "@headgate/kafka/errors";
import { Api } from "@headgate/kafka/generated/types";
import { Bit } from "../filters/20-authorize.ts";
import type { Session } from "../session.ts";
import {
  actorOf,
  type Commands,
  gone,
  type Outcome,
  ok,
  onceEach,
  outcome,
  outcomeOf,
} from "./topic-commands.ts";

export async function deleteTopics(
  commands: Commands,
  session: Session,
  version: number,
  body: Buffer,
): Promise<Buffer> {
  const request = decodeRequest(Api.DeleteTopics, version, body);
  const wanted = [
    ...request.topicNames.map((name) => ({ name, topicId: ZERO_UUID })),
    ...request.topics,
  ];
  const removed = await onceEach(
    wanted,
    ({ name, topicId }) => name ?? topicId,
    (topic) => remove(commands, session, topic, request.timeoutMs),
  );
  const responses = removed.map(({ item, result }) => ({ ...item, ...result }));
  return encodeResponse(Api.DeleteTopics, version, { responses });
}

type Result = Outcome & { readonly name?: string };

async function remove(
  commands: Commands,
  session: Session,
  { name, topicId }: { readonly name: string | null; readonly topicId: string },
  timeoutMs: number,
): Promise<Result> {
  const known = name ?? nameOf(session, topicId);
  if (known === undefined) return outcome(ErrorCode.UNKNOWN_TOPIC_ID, "No such topic id.");
  return { name: known, ...(await removeNamed(commands, session, known, timeoutMs)) };
}

function nameOf({ cluster, access }: Session, topicId: string): string | undefined {
  const bytes = Buffer.from(topicId, "base64url").toString("latin1");
  const name = cluster.topicById(bytes)?.name;
  // A name the credential may not see is not told by its id.
  return name !== undefined && (access.topic(name) & Bit.describe) !== 0 ? name : undefined;
}

async function removeNamed(
  commands: Commands,
  session: Session,
  name: string,
  timeoutMs: number,
): Promise<Outcome> {
  if ((session.access.topic(name) & Bit.admin) === 0)
    return outcome(ErrorCode.TOPIC_AUTHORIZATION_FAILED, "This key may not delete the topic.");
  try {
    const actor = actorOf(commands, session);
    await deleteTopic(commands.control, actor, session.binding.clusterName, name);
    await gone(commands, session, actor, name, timeoutMs);
    session.cluster.forget(name);
    return ok;
  } catch (error) {
    return outcomeOf(commands, error);
  }
}
