// Consumer groups by Kafka's admin protocol: both protocols of groups, names with the cluster's prefix taken off, and
// nothing of a name without it.
import type { CellId } from "@headgate/core/ids";
import type { KafkaAdmin } from "@headgate/kafka/admin";
import type { ClassicGroup, CommittedOffset, ConsumerGroup } from "@headgate/kafka/admin/groups";
import type { OffsetAnswer } from "@headgate/kafka/admin/offsets";
import { decodeAssignment } from "@headgate/kafka/consumer-protocol";
import { ErrorCode, KafkaError } from "@headgate/kafka/errors";
import { WireError } from "@headgate/kafka/wire";
import type { Group, GroupPartition, GroupReader } from "./groups.ts";

type Admin = Pick<
  KafkaAdmin,
  | "listGroups"
  | "describeGroups"
  | "describeConsumerGroups"
  | "deleteGroups"
  | "offsetFetch"
  | "listOffsets"
>;

export interface GroupsOverKafkaOptions {
  /** The admin client of a cell; it stays its owner's and is not closed here. */
  readonly admins: (cell: CellId) => Promise<Admin>;
}

export function groupsOverKafka({ admins }: GroupsOverKafkaOptions): GroupReader {
  return {
    async list({ cell, prefix }) {
      const groups = await (await admins(cell)).listGroups();
      return groups
        .filter((group) => group.groupId.startsWith(prefix))
        .map(({ groupId, state, type }) => ({
          kind: "Group",
          name: groupId.slice(prefix.length),
          state,
          type,
        }));
    },
    async read({ cell, prefix }, name) {
      const admin = await admins(cell);
      const head = await describe(admin, prefix, prefix + name);
      return head && withLag(admin, prefix, { ...head, kind: "Group", name });
    },
    async remove({ cell, prefix }, name) {
      const [outcome] = await (await admins(cell)).deleteGroups([prefix + name]);
      const code = outcome?.error?.code ?? ErrorCode.NONE;
      if (code === ErrorCode.NONE) return "removed";
      if (isUnknown(code)) return "absent";
      if (code === ErrorCode.NON_EMPTY_GROUP) return "not empty";
      throw outcome!.error!;
    },
  };
}

type Head = Pick<Group, "state" | "type" | "members">;

/** A classic group is unknown to the consumer protocol, so that is asked first. */
async function describe(admin: Admin, prefix: string, groupId: string): Promise<Head | undefined> {
  const [consumer] = await admin.describeConsumerGroups([groupId]);
  if (consumer && !consumer.error) return fromConsumer(consumer, prefix);
  if (consumer?.error && !isUnknown(consumer.error.code)) throw consumer.error;
  const [classic] = await admin.describeGroups([groupId]);
  if (!classic || classic.groupState === "Dead") return undefined;
  if (!classic.error) return fromClassic(classic, prefix);
  if (isUnknown(classic.error.code)) return undefined;
  throw classic.error;
}

function fromConsumer({ groupState, members }: ConsumerGroup, prefix: string): Head {
  return {
    state: groupState,
    type: "consumer",
    members: members.map(({ memberId, clientId, assignment }) => ({
      id: memberId,
      clientId,
      assignments: assignment.topicPartitions.flatMap(({ topicName, partitions }) =>
        ownTopic(prefix, topicName, partitions),
      ),
    })),
  };
}

function fromClassic({ groupState, members }: ClassicGroup, prefix: string): Head {
  return {
    state: groupState,
    type: "classic",
    members: members.map(({ memberId, clientId, memberAssignment }) => ({
      id: memberId,
      clientId,
      assignments: assignedIn(memberAssignment).flatMap(({ topic, partitions }) =>
        ownTopic(prefix, topic, partitions),
      ),
    })),
  };
}

function ownTopic(prefix: string, name: string, partitions: readonly number[]) {
  if (!name.startsWith(prefix)) return [];
  return [{ topic: name.slice(prefix.length), partitions: [...partitions] }];
}

/** Other protocols than consumers' (Connect) put bytes of their own there. */
function assignedIn(bytes: Buffer) {
  if (bytes.length === 0) return [];
  try {
    return decodeAssignment(bytes).assignedPartitions;
  } catch (error) {
    if (error instanceof WireError) return [];
    throw error;
  }
}

async function withLag(
  admin: Admin,
  prefix: string,
  head: Omit<Group, "partitions" | "lag">,
): Promise<Group> {
  const committed = await committedOf(admin, prefix + head.name);
  const own = committed.filter(({ topic, error }) => !error && topic.startsWith(prefix));
  const wanted = new Map(own.map((each) => [`${each.topic}/${each.partition}`, each.offset]));
  for (const { topic, partitions } of head.members.flatMap((member) => member.assignments)) {
    for (const partition of partitions) {
      const key = `${prefix}${topic}/${partition}`;
      wanted.set(key, wanted.get(key) ?? -1n);
    }
  }
  const partitions = await lagsOf(admin, prefix, wanted);
  const lag = partitions.reduce((sum, each) => sum + BigInt(each.lag), 0n);
  return { ...head, partitions, lag: String(lag) };
}

async function committedOf(admin: Admin, groupId: string): Promise<CommittedOffset[]> {
  try {
    return await admin.offsetFetch(groupId);
  } catch (error) {
    if (error instanceof KafkaError && isUnknown(error.code)) return [];
    throw error;
  }
}

/** `wanted` is committed offset (-1: none) by `topic/partition`. Partitions that are gone are left out. */
async function lagsOf(
  admin: Admin,
  prefix: string,
  wanted: ReadonlyMap<string, bigint>,
): Promise<GroupPartition[]> {
  const places = [...wanted].map(([key, offset]) => {
    const slash = key.lastIndexOf("/");
    return { topic: key.slice(0, slash), partition: Number(key.slice(slash + 1)), offset };
  });
  const ask = (at: "latest" | "earliest", of: typeof places) =>
    of.length === 0
      ? Promise.resolve([])
      : admin.listOffsets(of.map(({ topic, partition }) => ({ topic, partition, at })));
  const ends = await ask("latest", places);
  const starts = await ask(
    "earliest",
    places.filter(({ offset }) => offset < 0n),
  );
  return places
    .flatMap(({ topic, partition, offset }): GroupPartition[] => {
      const end = offsetIn(ends, topic, partition);
      if (end === undefined) return [];
      const from = offset >= 0n ? offset : (offsetIn(starts, topic, partition) ?? end);
      return [
        {
          topic: topic.slice(prefix.length),
          partition,
          ...(offset >= 0n ? { committed: String(offset) } : {}),
          end: String(end),
          lag: String(end > from ? end - from : 0n),
        },
      ];
    })
    .sort((a, b) => (a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1));
}

function offsetIn(answers: readonly OffsetAnswer[], topic: string, partition: number) {
  const found = answers.find((each) => each.topic === topic && each.partition === partition);
  return found && !found.error ? found.offset : undefined;
}

function isUnknown(code: number): boolean {
  return code === ErrorCode.GROUP_ID_NOT_FOUND;
}
