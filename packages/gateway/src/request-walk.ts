// One pass over a request on its way to the broker: names authorised (20) and prefixed (30), numbers capped (40),
// record batches noted (50). One instance serves all connections, since a walk never waits.

import { ErrorCode } from "@headgate/kafka/errors";
import { Api } from "@headgate/kafka/generated/types";
import { Mark } from "@headgate/kafka/marks";
import {
  ADD_PREFIX,
  type Appendix,
  DROP,
  type Edit,
  KEEP,
  type Visitor,
} from "@headgate/kafka/walker";
import { WireError } from "@headgate/kafka/wire";
import type { TopicEntry } from "./cluster-state.ts";
import { Bit, bitOf } from "./filters/20-authorize.ts";
import {
  capped,
  joinMetadataBytesMax,
  partitionsPerRequestMax,
  recordsPerBatchMax,
} from "./filters/40-limit.ts";
import { fetchedFrom, noteProduced, producedBatches } from "./filters/50-count.ts";
import type { Session } from "./session.ts";
import type { Slot } from "./slots.ts";

const coordinatorTransaction = 1;
const resourceTopic = 2;
const resourceGroup = 32;

export class RequestWalk implements Visitor {
  prefix: Buffer = Buffer.alloc(0);
  #session!: Session;
  #slot!: Slot;
  #topicBit = 0;
  #groupBit = 0;
  /** Inside an array of groups or keys a refusal drops the element, elsewhere it refuses the whole request. */
  #inGroups = false;
  #topic: TopicEntry | undefined;
  #topicKey = "";
  #partition = 0;
  #resourceType = 0;
  #group = "";
  /** Every topic named so far may be created by this credential. */
  #mayCreate = true;
  #partitionsLeft = 0;
  readonly #fetchBytesMax: () => number;

  /** `fetchBytesMax` is asked per fetch: what one answer may bring depends on the memory that is free. */
  constructor(fetchBytesMax: () => number) {
    this.#fetchBytesMax = fetchBytesMax;
  }

  begin(session: Session, slot: Slot): this {
    this.prefix = session.cluster.prefix;
    this.#session = session;
    this.#slot = slot;
    this.#topicBit = bitOf(slot.route.topic);
    this.#groupBit = bitOf(slot.route.group);
    this.#inGroups = false;
    this.#topic = undefined;
    this.#group = "";
    this.#partitionsLeft = partitionsPerRequestMax;
    this.#mayCreate = session.binding.clusterSpec.autoCreateTopics;
    if (slot.route.apiKey === Api.Produce) slot.produced = producedBatches();
    if (slot.route.apiKey === Api.Fetch) slot.fetched = fetchedFrom();
    if (slot.route.apiKey === Api.InitProducerId && !session.access.producesAnything)
      slot.refusal = ErrorCode.CLUSTER_AUTHORIZATION_FAILED;
    return this;
  }

  span(mark: number, bytes: Buffer, start: number, end: number): Edit {
    switch (mark) {
      case Mark.topicName:
        return this.#topicName(bytes.toString("utf8", start, end));
      case Mark.topicId:
        return this.#topicId(bytes.toString("latin1", start, end));
      case Mark.records:
        return this.#records(bytes, start, end);
      case Mark.groupId:
        return this.#groupId(bytes.toString("utf8", start, end));
      case Mark.coordinatorKey:
        return this.#groupId(bytes.toString("utf8", start, end));
      case Mark.transactionalId:
        this.#slot.refusal = ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
        return KEEP;
      case Mark.resourceName:
        return this.#resource(bytes.toString("utf8", start, end));
      case Mark.protocolType: {
        const consumer = bytes.toString("utf8", start, end) === "consumer";
        this.#slot.consumerProtocol = consumer;
        if (this.#slot.route.apiKey === Api.JoinGroup)
          this.#session.cluster.noteGroup(this.#group, consumer);
        return KEEP;
      }
      case Mark.subscription:
      case Mark.assignment:
        return this.#member(mark, bytes, start, end);
      default:
        return KEEP;
    }
  }

  int(mark: number, value: number): number {
    switch (mark) {
      case Mark.partition:
        if (--this.#partitionsLeft < 0) throw new WireError("too many partitions", 0);
        this.#partition = value;
        return value;
      case Mark.fetchOffset:
        return this.#fetchOffset(value);
      case Mark.acks:
        // Without an answer there is no count and the broker's order would have a hole: ask for one and swallow it.
        if (value !== 0) return value;
        this.#slot.swallow = true;
        return 1;
      case Mark.replicaId:
      case Mark.sessionEpoch:
        // Nobody here is a replica. Fetch sessions are guessable across connections, so each fetch is a full one.
        return -1;
      case Mark.sessionId:
        return 0;
      case Mark.maxBytes:
      case Mark.partitionMaxBytes:
        return capped(value, this.#fetchBytesMax());
      case Mark.allowAutoTopicCreation:
        this.#slot.autoCreate = value !== 0 && this.#mayCreate;
        return 0;
      case Mark.coordinatorKeyType:
        if (value === coordinatorTransaction)
          this.#slot.refusal = ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
        else if (value !== 0) this.#slot.refusal = ErrorCode.INVALID_REQUEST;
        return value;
      case Mark.resourceType:
        this.#resourceType = value;
        return value;
      default:
        return value;
    }
  }

  array(mark: number, _count: number): void {
    if (mark === Mark.groupId || mark === Mark.coordinatorKey) this.#inGroups = true;
  }

  append(mark: number): Appendix | undefined {
    if (mark === Mark.groupId || mark === Mark.coordinatorKey) this.#inGroups = false;
    return undefined;
  }

  #topicName(name: string): Edit {
    const { access, cluster } = this.#session;
    this.#topicKey = `n${name}`;
    const bits = access.topic(name);
    if ((bits & this.#topicBit) === 0) return this.#denyTopic(ErrorCode.TOPIC_AUTHORIZATION_FAILED);
    if ((bits & (Bit.produce | Bit.admin)) === 0) this.#mayCreate = false;
    this.#topic = cluster.topic(name);
    return ADD_PREFIX;
  }

  #topicId(id: string): Edit {
    if (id === zeroId) {
      this.#topic = undefined;
      return KEEP;
    }
    this.#topicKey = `i${Buffer.from(id, "latin1").toString("base64url")}`;
    const topic = this.#session.cluster.topicById(id);
    if (!topic) return this.#denyTopic(ErrorCode.UNKNOWN_TOPIC_ID);
    if ((this.#session.access.topic(topic.name) & this.#topicBit) === 0)
      return this.#denyTopic(ErrorCode.TOPIC_AUTHORIZATION_FAILED);
    this.#topic = topic;
    return KEEP;
  }

  /** Ends the walk: what only the whole request decides. */
  end(): void {
    const { route, denied } = this.#slot;
    // Before version 4 Metadata always asks for creation.
    if (route.apiKey === Api.Metadata && route.version < 4) this.#slot.autoCreate = this.#mayCreate;
    // Metadata 0 with an empty list means all.
    if (route.apiKey === Api.Metadata && route.version === 0 && denied && !this.#topic)
      this.#slot.hideTopics = true;
  }

  #denyTopic(code: number): Edit {
    this.#slot.deny(this.#topicKey, code);
    this.#topic = undefined;
    return DROP;
  }

  #records(bytes: Buffer, start: number, end: number): Edit {
    const { produced } = this.#slot;
    if (!produced || !this.#topic) return KEEP;
    const fits = noteProduced(
      produced,
      this.#topic,
      this.#partition,
      bytes,
      start,
      end,
      recordsPerBatchMax,
    );
    // Producers split a batch they are told is too large.
    return fits ? KEEP : this.#denyTopic(ErrorCode.MESSAGE_TOO_LARGE);
  }

  #fetchOffset(value: number): number {
    const { fetched } = this.#slot;
    if (fetched && this.#topic) {
      fetched.asked.add(this.#topic, this.#partition);
      fetched.offsets.push(value);
    }
    return value;
  }

  #groupId(group: string): Edit {
    this.#group = group;
    const { access, cluster } = this.#session;
    this.#slot.consumerProtocol = cluster.isConsumerGroup(group);
    if ((access.group(group) & this.#groupBit) !== 0) return ADD_PREFIX;
    this.#slot.deny(`g${group}`, ErrorCode.GROUP_AUTHORIZATION_FAILED);
    if (this.#inGroups) return DROP;
    this.#slot.refusal = ErrorCode.GROUP_AUTHORIZATION_FAILED;
    return KEEP;
  }

  #resource(name: string): Edit {
    const key = `r${this.#resourceType}:${name}`;
    const { access } = this.#session;
    const deny = (code: number) => this.#slot.deny(key, code);
    if (this.#resourceType === resourceTopic) {
      if ((access.topic(name) & this.#topicBit) !== 0) return ADD_PREFIX;
      deny(ErrorCode.TOPIC_AUTHORIZATION_FAILED);
    } else if (this.#resourceType === resourceGroup) {
      if ((access.group(name) & this.#groupBit) !== 0) return ADD_PREFIX;
      deny(ErrorCode.GROUP_AUTHORIZATION_FAILED);
    } else deny(ErrorCode.CLUSTER_AUTHORIZATION_FAILED);
    return DROP;
  }

  #member(mark: number, bytes: Buffer, start: number, end: number): Edit {
    if (mark === Mark.subscription && end - start > joinMetadataBytesMax) {
      this.#slot.refusal = ErrorCode.INVALID_REQUEST;
      return KEEP;
    }
    if (!this.#slot.consumerProtocol) return KEEP;
    const kind = mark === Mark.subscription ? "subscription" : "assignment";
    return this.#session.names.prefix(kind, bytes, start, end);
  }
}

const zeroId = "\0".repeat(16);
