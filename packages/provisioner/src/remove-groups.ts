// Groups of a cluster that goes. A group with members cannot be deleted, and members stay until their session ends, so
// they are made to leave (KIP-345); without ACLs they cannot join again.
import type { KafkaAdmin } from "@headgate/kafka/admin";
import { KafkaError } from "@headgate/kafka/errors";
import { Api } from "@headgate/kafka/generated/types";

/** Removes the groups that `isOwn`; false while one is left. Throws KafkaError, ConnectionError. */
export async function removeGroups(
  admin: KafkaAdmin,
  isOwn: (groupId: string) => boolean,
): Promise<boolean> {
  const own = (await admin.listGroups()).filter(({ groupId }) => isOwn(groupId));
  const classic = own.filter(({ type, state }) => type === "classic" && state !== "Empty");
  for (const group of await admin.describeGroups(classic.map(({ groupId }) => groupId))) {
    await evict(admin, group.groupId, group.members);
  }
  const outcomes = await admin.deleteGroups(own.map(({ groupId }) => groupId));
  const left = outcomes.filter(({ error }) => error && error.errorName !== "GROUP_ID_NOT_FOUND");
  const failed = left.find(({ error }) => error?.errorName !== "NON_EMPTY_GROUP");
  if (failed?.error) throw failed.error;
  return left.length === 0;
}

/** What becomes of a single member shows in the deletion that follows. */
async function evict(
  admin: KafkaAdmin,
  groupId: string,
  members: readonly { readonly memberId: string; readonly groupInstanceId: string | null }[],
): Promise<void> {
  if (members.length === 0) return;
  const search = { keyType: 0, coordinatorKeys: [groupId] };
  const { coordinators } = await admin.ask(undefined, Api.FindCoordinator, search);
  const [found] = coordinators;
  if (found?.errorCode !== 0) throw new KafkaError(found?.errorCode ?? -1);
  const leaving = members.map(({ memberId, groupInstanceId }) => ({ memberId, groupInstanceId }));
  await admin.ask(found.nodeId, Api.LeaveGroup, { groupId, members: leaving });
}
