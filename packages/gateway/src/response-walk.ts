// One pass over a broker's answer on its way to the client: names stripped and filtered (20, 30), addresses and ids of
// the cell replaced (60), accepted and delivered batches counted (50), refused names put back in as Kafka's errors.

import { ErrorCode } from "@headgate/kafka/errors";
import { Api } from "@headgate/kafka/generated/types";
import { Mark } from "@headgate/kafka/marks";
import type { AbortedTransaction } from "@headgate/kafka/record-batch";
import {
  type Appendix,
  DROP,
  type Edit,
  KEEP,
  STRIP_PREFIX,
  type Visitor,
} from "@headgate/kafka/walker";
import type { TopicEntry } from "./cluster-state.ts";
import { authorizedOperations, Bit } from "./filters/20-authorize.ts";
import { cleanText, stripName } from "./filters/30-isolate.ts";
import { Delivery, isFirstAck } from "./filters/50-count.ts";
import type { Advertised } from "./filters/60-advertise.ts";
import type { Session } from "./session.ts";
import type { Slot } from "./slots.ts";

const notAsked = -2147483648;
const resourceTopic = 2;
const resourceGroup = 32;

/**
 * Errors only the second wall can raise: the grants were checked before. A client must not see them; some are fatal.
 */
const isWallError = (code: number): boolean =>
  code === ErrorCode.TOPIC_AUTHORIZATION_FAILED ||
  code === ErrorCode.GROUP_AUTHORIZATION_FAILED ||
  code === ErrorCode.CLUSTER_AUTHORIZATION_FAILED ||
  code === ErrorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED ||
  code === ErrorCode.SASL_AUTHENTICATION_FAILED;

const EMPTY = Buffer.alloc(0);

export class ResponseWalk implements Visitor {
  prefix: Buffer = EMPTY;
  /** First error of the second wall met, else 0. */
  wallError = 0;
  /** First other error met: decides about a swallowed answer. */
  anyError = 0;
  /** Unknown topics, by the tenant's name, that the request allowed to create. */
  toCreate: string[] | undefined;
  readonly #advertised: Advertised;
  #session!: Session;
  #slot!: Slot;
  #topicName = "";
  /** The name stands in the same element as the id that follows: a topic asked for by id may come without one. */
  #isNamed = false;
  #topic: TopicEntry | undefined;
  #group = "";
  #partition = 0;
  #errorCode = 0;
  #brokerId = -1;
  #resourceType = 0;
  #aborted: AbortedTransaction[] = [];
  #producerId = 0;

  constructor(advertised: Advertised) {
    this.#advertised = advertised;
  }

  begin(session: Session, slot: Slot): this {
    this.prefix = session.cluster.prefix;
    this.wallError = 0;
    this.anyError = 0;
    this.toCreate = undefined;
    this.#session = session;
    this.#slot = slot;
    this.#topic = undefined;
    this.#topicName = "";
    this.#isNamed = false;
    this.#group = "";
    this.#errorCode = 0;
    if (this.#aborted.length > 0) this.#aborted = [];
    return this;
  }

  span(mark: number, bytes: Buffer, start: number, end: number): Edit {
    switch (mark) {
      case Mark.topicName:
        return this.#name(bytes, start, end);
      case Mark.topicId:
        return this.#topicId(bytes.toString("latin1", start, end));
      case Mark.records:
        this.#fetched(bytes, start, end);
        return KEEP;
      case Mark.groupId:
      case Mark.coordinatorKey:
        return this.#groupId(bytes, start, end);
      case Mark.resourceName:
        if (this.#resourceType !== resourceTopic && this.#resourceType !== resourceGroup)
          return DROP;
        return stripName(this.#session.cluster, bytes, start, end);
      case Mark.host:
        return this.#brokerId < 0 ? EMPTY : this.#advertised.hostBytes;
      case Mark.clusterId:
        return this.#session.cluster.clusterIdBytes;
      case Mark.rack:
      case Mark.clientHost:
        return EMPTY;
      case Mark.errorMessage:
        return cleanText(this.#session.cluster, bytes, start, end);
      case Mark.protocolType:
        this.#slot.consumerProtocol = bytes.toString("utf8", start, end) === "consumer";
        return KEEP;
      case Mark.subscription:
      case Mark.assignment:
        if (!this.#slot.consumerProtocol) return KEEP;
        return this.#session.names.strip(
          mark === Mark.subscription ? "subscription" : "assignment",
          bytes,
          start,
          end,
        );
      default:
        return KEEP;
    }
  }

  int(mark: number, value: number): number {
    switch (mark) {
      case Mark.partition:
        this.#partition = value;
        if (this.#aborted.length > 0) this.#aborted = [];
        return value;
      case Mark.errorCode:
        return this.#error(value);
      case Mark.brokerId:
        this.#brokerId = value;
        return value;
      case Mark.port:
        return this.#brokerId < 0 ? value : this.#advertised.portOf(this.#brokerId);
      case Mark.baseOffset:
        if (this.#errorCode === 0) this.#accepted(value);
        return value;
      case Mark.producerId:
        this.#producerId = value;
        return value;
      case Mark.firstOffset:
        this.#aborted.push({ producerId: this.#producerId, firstOffset: value });
        return value;
      case Mark.resourceType:
        this.#resourceType = value;
        return value;
      case Mark.authorizedOperations:
        return value === notAsked ? value : this.#operations();
      default:
        return value;
    }
  }

  array(_mark: number, _count: number): void {}

  append(mark: number): Appendix | undefined {
    // What follows the topics is not about the last one (Metadata's operations on the cluster).
    if (mark === Mark.topicName) this.#topicName = "";
    const { stubs } = this.#slot;
    if (stubs === undefined) return undefined;
    // Topics of a group (OffsetFetch 8+) end before their group does.
    const inside = mark === Mark.topicName && this.#group !== "";
    return stubs.get(inside ? this.#group : "");
  }

  #error(code: number): number {
    this.#errorCode = code;
    if (code === 0) return code;
    if (isWallError(code)) this.wallError ||= code;
    this.anyError ||= code;
    const creating =
      this.#slot.autoCreate &&
      code === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION &&
      this.#slot.route.apiKey === Api.Metadata;
    return creating ? ErrorCode.LEADER_NOT_AVAILABLE : code;
  }

  #name(bytes: Buffer, start: number, end: number): Edit {
    const { cluster, access } = this.#session;
    if (this.#slot.hideTopics) return DROP;
    const edit = stripName(cluster, bytes, start, end);
    this.#topicName = "";
    if (edit !== STRIP_PREFIX) return edit;
    const name = bytes.toString("utf8", start + cluster.prefix.length, end);
    if ((access.topic(name) & Bit.describe) === 0) return DROP;
    this.#topicName = name;
    this.#isNamed = true;
    this.#topic = cluster.topic(name);
    if (this.#slot.autoCreate && this.#errorCode === ErrorCode.UNKNOWN_TOPIC_OR_PARTITION) {
      this.toCreate ??= [];
      this.toCreate.push(name);
    }
    return edit;
  }

  #topicId(id: string): Edit {
    const { cluster } = this.#session;
    const name = this.#isNamed ? this.#topicName : "";
    this.#isNamed = false;
    this.#topicName = name;
    if (id === zeroId) {
      if (name === "") this.#topic = undefined;
      return KEEP;
    }
    if (this.#slot.route.apiKey !== Api.Metadata) {
      // One that was forgotten meanwhile is still known by who asked for it; anything else is a neighbour's.
      this.#topic = cluster.topicById(id) ?? this.#askedTopic(id);
      return this.#topic ? KEEP : DROP;
    }
    // An id that was asked for and is gone by now comes back with its error.
    if (name === "") return this.#errorCode === 0 ? DROP : KEEP;
    cluster.learn(name, id);
    this.#topic = cluster.topic(name);
    return KEEP;
  }

  #askedTopic(id: string): TopicEntry | undefined {
    const text = Buffer.from(id, "latin1").toString("base64url");
    const { asked } = this.#slot.produced ?? this.#slot.fetched ?? {};
    return asked?.topicById(text);
  }

  #groupId(bytes: Buffer, start: number, end: number): Edit {
    const { cluster, access } = this.#session;
    const edit = stripName(cluster, bytes, start, end);
    if (edit !== STRIP_PREFIX) return edit;
    const group = bytes.toString("utf8", start + cluster.prefix.length, end);
    if ((access.group(group) & Bit.describe) === 0) return DROP;
    this.#group = group;
    return edit;
  }

  #accepted(baseOffset: number): void {
    const { produced } = this.#slot;
    if (!produced || !this.#topic) return;
    const at = produced.asked.find(this.#topic, this.#partition);
    if (at < 0) return;
    const topic = produced.asked.topics[at]!;
    const { usage, who } = this.#session;
    const seen = usage.seenProducers(topic, this.#partition);
    if (!isFirstAck(seen, produced.producerIds[at]!, baseOffset)) return;
    who.produced(topic, produced.records[at]!, produced.bytes[at]!);
  }

  #fetched(bytes: Buffer, start: number, end: number): void {
    const { fetched } = this.#slot;
    if (!fetched || !this.#topic || start === end) return;
    const at = fetched.asked.find(this.#topic, this.#partition);
    if (at < 0) return;
    this.#slot.delivery ??= new Delivery();
    const topic = fetched.asked.topics[at]!;
    this.#slot.delivery.add(topic, bytes, start, end, fetched.offsets[at]!, this.#aborted);
  }

  #operations(): number {
    const { access } = this.#session;
    const { apiKey } = this.#slot.route;
    if (apiKey === Api.DescribeGroups) return authorizedOperations(access.group(this.#group));
    return this.#topicName === "" ? 0 : authorizedOperations(access.topic(this.#topicName));
  }
}

const zeroId = "\0".repeat(16);
