// Which field carries which mark. Apache's `entityType` annotations give topic names, group ids, transactional ids,
// producer ids and broker ids; everything they do not cover is listed here by hand, each with its reason. A path names
// the field inside one message; a bare name holds for every message of that direction.

import { Mark } from "./marks.ts";
import type { Direction, Field } from "./schema.ts";

const BY_ENTITY: Readonly<Record<string, Mark>> = {
  topicName: Mark.topicName,
  groupId: Mark.groupId,
  transactionalId: Mark.transactionalId,
  producerId: Mark.producerId,
  brokerId: Mark.brokerId,
};

/** Same name, same meaning in all messages, checked against 4.3.1. The type guards against a namesake. */
export const BY_NAME: Readonly<Record<string, readonly [type: Field["type"], mark: Mark]>> = {
  topicId: ["uuid", Mark.topicId], // no annotation: ownership of an id must be checked, ids are never renamed
  host: ["string", Mark.host], // brokers' addresses are ours to hide
  port: ["int32", Mark.port],
  rack: ["string", Mark.rack], // tells the provider's zones
  clusterId: ["string", Mark.clusterId], // the cell's id, shared by tenants
  clientHost: ["string", Mark.clientHost], // through a proxy this is the proxy's address
  errorMessage: ["string", Mark.errorMessage], // may quote a prefixed name
  batchIndexErrorMessage: ["string", Mark.errorMessage], // the same, one level down in ProduceResponse
  acknowledgeErrorMessage: ["string", Mark.errorMessage], // the same in ShareFetchResponse
  statusDetail: ["string", Mark.errorMessage], // StreamsGroupHeartbeatResponse names topics in it
  records: ["records", Mark.records],
  protocolType: ["string", Mark.protocolType], // says how to read the opaque member bytes
  partition: ["int32", Mark.partition],
  partitionIndex: ["int32", Mark.partition],
  errorCode: ["int16", Mark.errorCode],
  throttleTimeMs: ["int32", Mark.throttleTimeMs],
  acks: ["int16", Mark.acks], // 0 becomes 1 upstream, else an answer slot would jam
  replicaId: ["int32", Mark.replicaId], // a tenant posing as follower reads past the high watermark
  sessionId: ["int32", Mark.sessionId], // fetch sessions are guessable across connections
  sessionEpoch: ["int32", Mark.sessionEpoch],
  maxWaitMs: ["int32", Mark.maxWaitMs],
  minBytes: ["int32", Mark.minBytes],
  maxBytes: ["int32", Mark.maxBytes],
  partitionMaxBytes: ["int32", Mark.partitionMaxBytes],
  isolationLevel: ["int8", Mark.isolationLevel],
  fetchOffset: ["int64", Mark.fetchOffset],
  baseOffset: ["int64", Mark.baseOffset],
  highWatermark: ["int64", Mark.highWatermark],
  lastStableOffset: ["int64", Mark.lastStableOffset],
  firstOffset: ["int64", Mark.firstOffset],
  keyType: ["int8", Mark.coordinatorKeyType],
  resourceType: ["int8", Mark.resourceType],
  resourceTypeFilter: ["int8", Mark.resourceType],
  allowAutoTopicCreation: ["bool", Mark.allowAutoTopicCreation], // creation is the control plane's
  endpointType: ["int8", Mark.endpointType],
  preferredReadReplica: ["int32", Mark.preferredReadReplica],
  committedOffset: ["int64", Mark.committedOffset],
  offset: ["int64", Mark.offset],
  timestamp: ["int64", Mark.timestampMs],
  principal: ["string", Mark.principal], // ACL and token principals are cell-wide names
  principalFilter: ["string", Mark.principal],
  principalName: ["string", Mark.principal],
  ownerPrincipalName: ["string", Mark.principal],
  tokenRequesterPrincipalName: ["string", Mark.principal],
  // The names in these requests and answers mean what the resource type beside them says.
  resourceName: ["string", Mark.resourceName],
  resourceNameFilter: ["string", Mark.resourceName],
  subscribedTopicRegex: ["string", Mark.topicRegex], // RE2J on full names, evaluated by the broker
  sourceTopicRegex: ["string", Mark.topicRegex],
  transactionalIdPattern: ["string", Mark.transactionalIdPattern], // RE2J on full ids
};

type Overrides = Readonly<Record<string, Mark>>;

/** "<apiKey> <direction>" → path → mark. */
export const BY_PATH: Readonly<Record<string, Overrides>> = {
  // Produce calls the partition `index`, and the topics' names carry entityType.
  "0 request": { "topicData.partitionData.index": Mark.partition },
  "0 response": { "responses.partitionResponses.index": Mark.partition },
  // Replica epochs and follower state: the tag as a whole is refused by forcing its replica id.
  "1 request": { "replicaState.replicaId": Mark.replicaId },
  // The coordinator's key is a group, a transactional id or a share key, by KeyType.
  "10 request": { key: Mark.coordinatorKey, coordinatorKeys: Mark.coordinatorKey },
  "10 response": { "coordinators.key": Mark.coordinatorKey },
  // Members' bytes are opaque to the definitions; for protocol type "consumer" they hold topic names.
  "11 request": { "protocols.metadata": Mark.subscription },
  "11 response": { "members.metadata": Mark.subscription },
  "14 request": { "assignments.assignment": Mark.assignment },
  "14 response": { assignment: Mark.assignment },
  "15 response": {
    "groups.members.memberMetadata": Mark.subscription,
    "groups.members.memberAssignment": Mark.assignment,
  },
  // Names of users, also of other tenants' principals.
  "48 request": { "components.match": Mark.principal },
  "48 response": { "entries.entity.entityName": Mark.principal },
  "49 request": { "entries.entity.entityName": Mark.principal },
  "49 response": { "entries.entity.entityName": Mark.principal },
  "50 request": { "users.name": Mark.principal },
  "50 response": { "results.user": Mark.principal },
  "51 request": { "deletions.name": Mark.principal, "upsertions.name": Mark.principal },
  "51 response": { "results.user": Mark.principal },
  // Share groups: annotated everywhere but in the heartbeat.
  "76 request": { subscribedTopicNames: Mark.topicName },
  // Coordinator state of share groups carries no entityType on the group.
  "83 request": { groupId: Mark.groupId },
  "84 request": { groupId: Mark.groupId },
  "85 request": { groupId: Mark.groupId },
  "86 request": { groupId: Mark.groupId },
  "87 request": { groupId: Mark.groupId },
  // Streams groups: request names are annotated, response ones mostly not.
  "88 response": {
    "partitionsByUserEndpoint.activePartitions.topic": Mark.topicName,
    "partitionsByUserEndpoint.standbyPartitions.topic": Mark.topicName,
  },
  "89 response": {
    "groups.topology.subtopologies.sourceTopics": Mark.topicName,
    "groups.topology.subtopologies.repartitionSinkTopics": Mark.topicName,
    "groups.topology.subtopologies.stateChangelogTopics.name": Mark.topicName,
    "groups.topology.subtopologies.repartitionSourceTopics.name": Mark.topicName,
  },
};

const AUTHORIZED = /AuthorizedOperations$|^authorizedOperations$/;

/** The mark of one field; `none` for fields a walk skips. */
export function markOf(apiKey: number, direction: Direction, path: string, field: Field): Mark {
  const override = BY_PATH[`${apiKey} ${direction}`]?.[path];
  if (override !== undefined) return override;
  const named = Object.hasOwn(BY_NAME, field.name) ? BY_NAME[field.name] : undefined;
  if (named !== undefined && named[0] === field.type) return named[1];
  if (field.type === "int32" && AUTHORIZED.test(field.name)) return Mark.authorizedOperations;
  const annotated = field.entity === undefined ? undefined : BY_ENTITY[field.entity];
  // Lists of broker ids (replicas, ISR) are long and pass through unchanged: ids are the brokers' own.
  if (annotated === Mark.brokerId && field.array) return Mark.none;
  return annotated ?? Mark.none;
}
