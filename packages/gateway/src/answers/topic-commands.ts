// Topic writes that come over Kafka take the control plane's road: the same command as REST, then waiting for the same
// status, and the result in Kafka's words.
import type { Control } from "@headgate/control/control";
import { findTopic } from "@headgate/control/topics";
import { waitGone, waitReady } from "@headgate/control/wait";
import type { Actor } from "@headgate/core/audit";
import { AppError, toAppError } from "@headgate/core/errors";
import { base32 } from "@headgate/core/ids";
import type { Topic } from "@headgate/core/topic";
import { ErrorCode } from "@headgate/kafka/errors";
import { topicsPerRequestMax } from "../filters/40-limit.ts";
import type { Log } from "../log.ts";
import type { Session } from "../session.ts";

export interface Commands {
  readonly control: Control;
  readonly log: Log;
}

/** How one topic of a request went. */
export interface Outcome {
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

export const ok: Outcome = { errorCode: 0, errorMessage: null };

export const outcome = (errorCode: number, errorMessage: string): Outcome => ({
  errorCode,
  errorMessage,
});

const textCharsMax = 2000;

/** Clients may ask for any time-out; an answer is never held longer. */
const waitMsMax = 120_000;

/** Who acts, for the audit: the key's service account, through Kafka. */
export function actorOf({ control }: Commands, { binding }: Session): Actor {
  return {
    tenant: binding.tenant,
    serviceAccount: binding.serviceAccount,
    serviceAccountName: binding.serviceAccountName,
    apiKey: binding.apiKey,
    channel: "kafka",
    requestId: `rq_${base32(control.random, 16)}`,
  };
}

/** The error as Kafka says it: code of the error table, and its text with the fix. */
export function outcomeOf({ log }: Commands, error: unknown): Outcome {
  const known = toAppError(error);
  if (known.code === "internal") log("Topic command failed", { error: String(known.cause) });
  const faults = known.errors.length > 1 ? known.errors.map((fault) => fault.detail).join(" ") : "";
  return outcome(known.kafkaCode, `${clipped(faults || known.message)} ${known.fix}`);
}

/** A text may name every fault of a request; Kafka's strings end at 32767 bytes. */
const clipped = (text: string): string =>
  text.length <= textCharsMax ? text : `${text.slice(0, textCharsMax)}…`;

/** Waits until a topic is as its `generation` says. Throws AppError. */
export async function ready(
  { control }: Commands,
  session: Session,
  actor: Actor,
  topic: Topic,
  timeoutMs: number,
): Promise<Topic> {
  const { binding, cluster } = session;
  const settled = await waitReady(
    control,
    () => findTopic(control, actor, binding.clusterName, topic.name),
    topic.generation,
    clamp(timeoutMs),
    `topic:${binding.cluster}:${topic.name}`,
  );
  if (settled.status.phase === "Failed") {
    const failed = settled.status.conditions.find((condition) => condition.status === "False");
    throw new AppError("cell.unavailable", failed ? { detail: failed.message } : {});
  }
  const { topicId } = settled.status;
  if (topicId) cluster.learn(topic.name, Buffer.from(topicId, "base64url").toString("latin1"));
  return settled;
}

/** Waits until a topic is gone. Throws AppError. */
export async function gone(
  { control }: Commands,
  session: Session,
  actor: Actor,
  name: string,
  timeoutMs: number,
): Promise<void> {
  const { binding } = session;
  const signal = `topic:${binding.cluster}:${name}`;
  const read = () => findTopic(control, actor, binding.clusterName, name);
  await waitGone(control, read, clamp(timeoutMs), signal);
}

const clamp = (timeoutMs: number) => Math.min(Math.max(0, timeoutMs), waitMsMax);

/**
 * Does `work` for each item, all at once, and answers in order, one result per name: a name that stands in the request
 * more than once is refused, as Kafka does, and so is a request that names too many.
 */
export async function onceEach<T, R>(
  items: readonly T[],
  nameOf: (item: T) => string,
  work: (item: T) => Promise<R>,
): Promise<{ readonly item: T; readonly result: R | Outcome }[]> {
  const byName = Map.groupBy(items, nameOf);
  const isTooMany = byName.size > topicsPerRequestMax;
  const results = [...byName.values()].map(async ([item, ...more]) => {
    if (isTooMany) return { item: item!, result: tooMany };
    return { item: item!, result: more.length > 0 ? twice : await work(item!) };
  });
  return await Promise.all(results);
}

const twice = outcome(ErrorCode.INVALID_REQUEST, "It is in the request more than once.");
const tooMany = outcome(
  ErrorCode.POLICY_VIOLATION,
  `A request may name ${topicsPerRequestMax} topics: send several.`,
);
