// The one function that reads how far logs have grown and writes it down. Any number of callers may run it at once, for
// the same topics: boundaries are put once, the latest is written over the version that was read before the watermarks,
// and whoever loses either race reads again.
import { hourOf } from "@headgate/core/clock";
import type { ClusterId, TenantId } from "@headgate/core/ids";
import { nextSnapshot } from "@headgate/core/offset-chain";
import { type OffsetRange, OffsetSnapshot } from "@headgate/core/usage";
import type { KafkaAdmin } from "@headgate/kafka/admin";
import { isConflict } from "@headgate/store/errors";
import { offsetsPk, offsetsSk } from "@headgate/store/keys";
import { putOnce } from "@headgate/store/resources";
import type { Item } from "@headgate/store/store";
import type { Control } from "./control.ts";

export interface SnapshotScope {
  readonly tenant: TenantId;
  readonly cluster: ClusterId;
  /** What the cluster's names carry on its cell. */
  readonly prefix: string;
  /** Names as the tenant knows them. */
  readonly topics: readonly string[];
}

export interface Snapshots {
  /** The newest of each topic that is there. */
  readonly latest: readonly OffsetSnapshot[];
  /** Where a watermark went back since the snapshot before. */
  readonly lost: readonly OffsetRange[];
}

type OffsetReader = Pick<KafkaAdmin, "metadata" | "listOffsets">;
interface Found {
  readonly topic: string;
  readonly physical: string;
  readonly topicId: string;
  readonly partitions: readonly number[];
}

const topicsPerRead = 200;
const attemptsMax = 10;

/** Snapshots topics; those the cell does not have are left out. Throws StoreError and what the admin client throws. */
export async function snapshotOffsets(
  control: Pick<Control, "store" | "clock">,
  admin: OffsetReader,
  scope: SnapshotScope,
): Promise<Snapshots> {
  const latest: OffsetSnapshot[] = [];
  const lost: OffsetRange[] = [];
  for (let i = 0; i < scope.topics.length; i += topicsPerRead) {
    let left: readonly string[] = scope.topics.slice(i, i + topicsPerRead);
    for (let attempt = 1; left.length > 0; attempt += 1) {
      const again: string[] = [];
      for (const { before, read } of await readTopics(control, admin, scope, left)) {
        const written = await write(control, scope, before, read, attempt);
        if (written === undefined) again.push(read.topic);
        else {
          latest.push(written.latest);
          lost.push(...written.lost);
        }
      }
      left = again;
    }
  }
  return { latest, lost };
}

interface Read {
  readonly before: Item | undefined;
  readonly read: OffsetSnapshot;
}

/** Latest items and then the watermarks of topics, in this order: see nextSnapshot. */
async function readTopics(
  control: Pick<Control, "store" | "clock">,
  admin: OffsetReader,
  scope: SnapshotScope,
  topics: readonly string[],
): Promise<Read[]> {
  const found = await findTopics(admin, scope, topics);
  const items = await control.store.getMany(found.map((topic) => latestKey(scope, topic.topicId)));
  const atMs = control.clock.nowMs();
  const answers = await admin.listOffsets(
    found.flatMap(({ physical, partitions }) =>
      partitions.map((partition) => ({ topic: physical, partition, at: "latest" as const })),
    ),
  );
  // Offsets are asked by name: a topic made anew in between must not lend its offsets to the old id.
  const still = new Set((await findTopics(admin, scope, topics)).map((topic) => topic.topicId));
  return found
    .filter((topic) => still.has(topic.topicId))
    .map(({ topic, physical, topicId }) => {
      const offsets = answers
        .filter((answer) => answer.topic === physical && answer.error === undefined)
        .map(({ partition, offset }) => [String(partition), String(offset)]);
      return {
        before: items.find((item) => item.sk === latestKey(scope, topicId).sk),
        read: { topic, topicId, hour: hourOf(atMs), atMs, offsets: Object.fromEntries(offsets) },
      };
    });
}

async function findTopics(
  admin: OffsetReader,
  scope: SnapshotScope,
  topics: readonly string[],
): Promise<Found[]> {
  const names = topics.map((topic) => scope.prefix + topic);
  const described = await admin.metadata({ names });
  return described.flatMap(({ name, topicId, error, partitions }) =>
    error !== undefined || name === null
      ? []
      : [
          {
            topic: name.slice(scope.prefix.length),
            physical: name,
            topicId,
            partitions: partitions.map(({ partition }) => partition),
          },
        ],
  );
}

/** Boundaries, then the latest; undefined when somebody else wrote first. */
async function write(
  { store }: Pick<Control, "store">,
  scope: SnapshotScope,
  before: Item | undefined,
  read: OffsetSnapshot,
  attempt: number,
): Promise<{ latest: OffsetSnapshot; lost: readonly OffsetRange[] } | undefined> {
  const current = before && OffsetSnapshot.parse(before.data);
  const step = nextSnapshot(current, read);
  const pk = offsetsPk(scope.tenant, scope.cluster);
  for (const boundary of step.boundaries) {
    const key = { pk, sk: offsetsSk(boundary.hour, boundary.topicId) };
    const isNew = await putOnce(store, key, boundary);
    // Another reader opened this hour first, maybe further on than we read: read again, not to fall behind it.
    if (!isNew && boundary !== current && attempt === 1) return undefined;
  }
  if (step.latest === undefined) return { latest: current ?? read, lost: [] };
  try {
    const item = { ...latestKey(scope, read.topicId), data: step.latest };
    await store.put(item, before?.version ?? "absent");
    return { latest: step.latest, lost: step.lost };
  } catch (error) {
    if (!isConflict(error) || attempt >= attemptsMax) throw error;
    return undefined;
  }
}

function latestKey(scope: SnapshotScope, topicId: string) {
  return { pk: offsetsPk(scope.tenant, scope.cluster), sk: offsetsSk("LATEST", topicId) };
}
