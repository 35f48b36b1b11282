// What a field means to whoever walks a message: the walker calls back at marked fields only and skips the rest.
// Which field carries which mark is decided in entity-overrides.ts.

export const Mark = {
  none: 0,

  // Names and ids that belong to a tenant. The array they are directly in carries their mark too.
  topicName: 1,
  groupId: 2,
  transactionalId: 3,
  /** A group or transactional id (or a share group key), as a key type elsewhere in the message says. */
  coordinatorKey: 4,
  /** A topic, group, broker … name, as `resourceType` before it says. */
  resourceName: 5,
  /** 16 bytes. */
  topicId: 6,
  topicRegex: 7,
  transactionalIdPattern: 8,

  // What a tenant must not see as it is.
  clusterId: 10,
  host: 11,
  port: 12,
  rack: 13,
  brokerId: 14,
  /** Free text that may quote a name. */
  errorMessage: 15,
  clientHost: 16,
  /** A user, principal or client-quota entity name. */
  principal: 17,

  // Opaque bytes.
  /** One record set: a batch in Produce, batches with a possibly cut tail in Fetch. */
  records: 20,
  /** ConsumerProtocolSubscription when the group's protocol type is "consumer". */
  subscription: 21,
  /** ConsumerProtocolAssignment when the group's protocol type is "consumer". */
  assignment: 22,
  protocolType: 23,

  // Integers a proxy reads or replaces.
  partition: 30,
  errorCode: 31,
  throttleTimeMs: 32,
  acks: 33,
  replicaId: 34,
  sessionId: 35,
  sessionEpoch: 36,
  maxWaitMs: 37,
  minBytes: 38,
  maxBytes: 39,
  partitionMaxBytes: 40,
  isolationLevel: 41,
  fetchOffset: 42,
  baseOffset: 43,
  highWatermark: 44,
  lastStableOffset: 45,
  producerId: 46,
  firstOffset: 47,
  coordinatorKeyType: 48,
  resourceType: 49,
  allowAutoTopicCreation: 50,
  authorizedOperations: 51,
  endpointType: 52,
  preferredReadReplica: 53,
  committedOffset: 54,
  offset: 55,
  timestampMs: 56,
} as const;

export type Mark = (typeof Mark)[keyof typeof Mark];
