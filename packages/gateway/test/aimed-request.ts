// Random requests that aim: every field that names something gets a name worth trying, every field that decides
// something a value near its edges, and what makes a broker wait is kept short.

import { structOf } from "@headgate/kafka/api-schemas";
import type { ApiKey } from "@headgate/kafka/codec";
import { encodeAssignment, encodeSubscription } from "@headgate/kafka/consumer-protocol";
import { markOf } from "@headgate/kafka/entity-overrides";
import { Mark } from "@headgate/kafka/marks";
import { encodeBatch } from "@headgate/kafka/records";
import type { Field, Struct } from "@headgate/kafka/schema";
import fc from "fast-check";

export interface Targets {
  readonly topics: readonly string[];
  readonly groups: readonly string[];
  readonly topicIds: readonly string[];
}

/** A value for `encodeRequest` of one version of one API. */
export function aimedRequest(
  apiKey: ApiKey,
  version: number,
  targets: Targets,
): fc.Arbitrary<object> {
  const structValue = (struct: Struct, path: string): fc.Arbitrary<object> => {
    const shape: Record<string, fc.Arbitrary<unknown>> = {};
    for (const field of struct.fields) shape[field.name] = fieldOf(field, `${path}${field.name}`);
    for (const { field } of struct.tagged)
      shape[field.name] = fc.oneof(fc.constant(undefined), fieldOf(field, `${path}${field.name}`));
    return fc.record(shape);
  };
  const fieldOf = (field: Field, path: string): fc.Arbitrary<unknown> => {
    const one = field.struct
      ? structValue(field.struct, `${path}.`)
      : scalarOf(field, markOf(apiKey, "request", path, field), targets);
    const value = field.array ? fc.array(one, { maxLength: 3 }) : one;
    return field.nullable ? fc.option(value, { freq: 8 }) : value;
  };
  return structValue(structOf(apiKey, version, "request"), "");
}

const pick = <T>(...values: readonly T[]) => fc.constantFrom(...values);

function scalarOf(field: Field, mark: number, targets: Targets): fc.Arbitrary<unknown> {
  switch (mark) {
    case Mark.topicName:
      return pick(...targets.topics);
    case Mark.groupId:
      return pick(...targets.groups);
    case Mark.coordinatorKey:
    case Mark.resourceName:
      return pick(...targets.topics, ...targets.groups, "1", "");
    case Mark.topicId:
      return pick(...targets.topicIds);
    case Mark.records:
      return pick(batch, Buffer.concat([batch, batch]), batch.subarray(0, -3), Buffer.from("?"));
    case Mark.subscription:
      return pick(encodeSubscription(1, { topics: targets.topics }), Buffer.from([0, 1, 0]));
    case Mark.assignment:
      return pick(assignmentOf(targets), Buffer.alloc(0));
    case Mark.protocolType:
      return pick("consumer", "connect");
    case Mark.partition:
      return pick(0, 0, 1, -1, 2 ** 31 - 1);
    case Mark.fetchOffset:
      return pick(0n, 1n, -1n);
    case Mark.coordinatorKeyType:
      return pick(0, 1, 2);
    case Mark.resourceType:
      return pick(2, 2, 4, 8, 16, 32);
    case Mark.acks:
      return pick(-1, 1);
    case Mark.replicaId:
      return pick(-1, 1, 2);
    case Mark.maxBytes:
    case Mark.partitionMaxBytes:
      return pick(1, 100_000);
    default:
      return plainOf(field);
  }
}

const batch = encodeBatch([{ value: Buffer.from("by the fuzz"), timestampMs: 1_700_000_000_000 }]);

const assignmentOf = ({ topics }: Targets) =>
  encodeAssignment(1, {
    assignedPartitions: topics.map((topic) => ({ topic, partitions: [0] })),
  });

/** Fields a broker waits by. */
const waits = /TimeoutMs$|WaitMs$/;

/** What lets a member into a group, and lets the group go on without those who left. */
const joining: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  memberId: pick("", "", "", "m"),
  sessionTimeoutMs: pick(6000, 6000, 6000, 1),
  rebalanceTimeoutMs: fc.constant(20),
};

function plainOf(field: Field): fc.Arbitrary<unknown> {
  const aimed = joining[field.name];
  if (aimed) return aimed;
  if (field.type === "int32" && waits.test(field.name)) return pick(0, 20, 2000);
  switch (field.type) {
    case "bool":
      return fc.boolean();
    case "int8":
      return pick(-1, 0, 1, 2, 3);
    case "int16":
    case "int32":
      return pick(-1, 0, 1, 2, 32_767);
    case "int64":
      return pick(-2n, -1n, 0n, 1n, 2n ** 40n);
    case "uuid":
      return pick("AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAQ");
    case "bytes":
      return fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes));
    case "string":
      return pick("", "range", "retention.ms", "60000", "m", "\u0000", "x".repeat(300));
    default:
      throw new Error(`no values of type ${field.type} for ${field.name}`);
  }
}
