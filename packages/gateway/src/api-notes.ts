// One sentence for every API of Kafka's broker port: what a client should know of a served one, why another is refused.
// Which is which stands in the allow-list alone; docs/kafka-compatibility.md is made of both. The type asks for a
// sentence when a new release of Kafka brings a new API.
import type { Api } from "@headgate/kafka/generated/types";

const transactions = "Transactions are not offered yet; idempotent producers need none of it.";
const nextProtocol =
  "The new consumer group protocol (KIP-848) is not offered yet: clients use the classic one.";
const shareGroups = "Share groups (KIP-932) are not offered yet.";
const streamsGroups =
  "Streams groups (KIP-1071) are not offered: Kafka Streams uses the classic protocol.";
const accessRules =
  "Who may do what is a matter of service accounts and their grants, set over REST or in the portal.";
const placement = "Replicas and their directories are placed by the service.";
const tokens = "Delegation tokens are the broker's own credentials; tenants log in with API keys.";
const cell = "It is about the machinery behind the service, which is the operator's.";
const betweenBrokers = "It is spoken between brokers only.";

export const apiNotes: Readonly<Record<keyof typeof Api, string>> = {
  Produce:
    "Batches go to the broker untouched; acks=0 is acknowledged behind the scenes, so that it is counted.",
  Fetch:
    "Batches come from the broker untouched, at most 8 MiB (or one batch) an answer; fetch sessions are not kept. Version 18 is of use to replicas only.",
  ListOffsets: "As on a broker. Version 11 asks about tiered storage, which is not offered.",
  Metadata:
    "Shows the tenant's own topics, the gateway's addresses and the tenant's cluster id; unknown topics are created only where the cluster allows it.",
  OffsetCommit: "As on a broker. Version 10 names topics by id, which gains clients nothing.",
  OffsetFetch: "As on a broker. Version 10 names topics by id, which gains clients nothing.",
  FindCoordinator: "For groups; a transactional id is refused. Version 6 adds share groups only.",
  JoinGroup: "As on a broker; a member's metadata may have 64 KiB.",
  Heartbeat: "As on a broker, and free of charge.",
  LeaveGroup: "As on a broker.",
  SyncGroup: "As on a broker.",
  DescribeGroups: "As on a broker, but for the members' addresses, which are left empty.",
  ListGroups: "Lists the tenant's own groups.",
  SaslHandshake:
    "PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512; version 0 is answered with an error, since raw SASL would follow it.",
  ApiVersions: "Answers with this table; no broker is asked.",
  CreateTopics:
    "The same command as over REST: any replication factor is accepted and replaced by the tier's, replica assignments are refused.",
  DeleteTopics: "The same command as over REST; deletion protection holds here too.",
  DeleteRecords: "Not offered yet; retention.ms and retention.bytes remove old records.",
  InitProducerId: "For idempotent producers; a transactional id is refused.",
  OffsetForLeaderEpoch: "As on a broker.",
  AddPartitionsToTxn: transactions,
  AddOffsetsToTxn: transactions,
  EndTxn: transactions,
  WriteTxnMarkers: betweenBrokers,
  TxnOffsetCommit: transactions,
  DescribeAcls: accessRules,
  CreateAcls: accessRules,
  DeleteAcls: accessRules,
  DescribeConfigs:
    "Topics and groups as on a broker; of a broker's settings the few that tools look at.",
  AlterConfigs:
    "It replaces every setting of a topic, those it does not name too: IncrementalAlterConfigs changes what it names.",
  AlterReplicaLogDirs: placement,
  DescribeLogDirs: placement,
  SaslAuthenticate:
    "The key's id is the user name, its secret the password; the same key may log in again on the same connection.",
  CreatePartitions: "The same command as over REST, within the cluster's partition limit.",
  CreateDelegationToken: tokens,
  RenewDelegationToken: tokens,
  ExpireDelegationToken: tokens,
  DescribeDelegationToken: tokens,
  DeleteGroups: "As on a broker.",
  ElectLeaders: placement,
  IncrementalAlterConfigs:
    "The same command as over REST, for the topic settings that tenants may set.",
  AlterPartitionReassignments: placement,
  ListPartitionReassignments: placement,
  OffsetDelete:
    "Not offered yet; a group's offsets can be set by OffsetCommit, or go with the group.",
  DescribeClientQuotas: "Limits follow from the cluster's streaming units.",
  AlterClientQuotas: "Limits follow from the cluster's streaming units.",
  DescribeUserScramCredentials: accessRules,
  AlterUserScramCredentials: accessRules,
  DescribeQuorum: cell,
  UpdateFeatures: cell,
  DescribeCluster:
    "The tenant's cluster id and the gateway's addresses; there is no controller to be seen.",
  DescribeProducers: "Not offered yet: it looks for hanging transactions, and there are none.",
  UnregisterBroker: cell,
  DescribeTransactions: transactions,
  ListTransactions: transactions,
  ConsumerGroupHeartbeat: nextProtocol,
  ConsumerGroupDescribe: nextProtocol,
  GetTelemetrySubscriptions:
    "The service collects no metrics from clients; without it they stay silent.",
  PushTelemetry: "The service collects no metrics from clients; without it they stay silent.",
  ListConfigResources: "It lists resources of every tenant.",
  DescribeTopicPartitions:
    "Its cursor walks through every tenant's names; clients use Metadata instead.",
  ShareGroupHeartbeat: shareGroups,
  ShareGroupDescribe: shareGroups,
  ShareFetch: shareGroups,
  ShareAcknowledge: shareGroups,
  AddRaftVoter: cell,
  RemoveRaftVoter: cell,
  InitializeShareGroupState: betweenBrokers,
  ReadShareGroupState: betweenBrokers,
  WriteShareGroupState: betweenBrokers,
  DeleteShareGroupState: betweenBrokers,
  ReadShareGroupStateSummary: betweenBrokers,
  StreamsGroupHeartbeat: streamsGroups,
  StreamsGroupDescribe: streamsGroups,
  DescribeShareGroupOffsets: shareGroups,
  AlterShareGroupOffsets: shareGroups,
  DeleteShareGroupOffsets: shareGroups,
};
