// What a gateway knows of one cluster besides its binding: its prefix as bytes, and which topic ids are its own. An id
// is the cluster's only if it was learned from the cluster's own names (Metadata through the prefix, or the control
// plane's status): unknown and foreign ids look alike.
import type { Binding } from "@headgate/core/binding";

/** One life of a topic: a re-created topic has a new id and is another entry. */
export interface TopicEntry {
  readonly name: string;
  /** Kafka's text form (base64url), empty while unknown. */
  id: string;
}

/** Names kept; clients that ask for ever new ones make the map start again, and learning with it. */
const topicsMax = 50_000;

/** Group protocol types remembered per cluster; older SyncGroup versions do not carry them. */
const groupsMax = 10_000;

export class ClusterState {
  readonly tenant: Binding["tenant"];
  readonly cluster: Binding["cluster"];
  readonly clusterIdBytes: Buffer;
  readonly prefix: Buffer;
  readonly prefixText: string;
  readonly #byName = new Map<string, TopicEntry>();
  /** Keyed by the 16 bytes as latin1 text: cheaper on the hot path than any encoding. */
  readonly #byId = new Map<string, TopicEntry>();
  readonly #consumerGroups = new Map<string, boolean>();

  constructor(binding: Binding) {
    this.tenant = binding.tenant;
    this.cluster = binding.cluster;
    this.clusterIdBytes = Buffer.from(binding.cluster);
    this.prefixText = binding.placement.prefix;
    this.prefix = Buffer.from(this.prefixText, "latin1");
  }

  /** Whether bytes[start, end) carry this cluster's prefix. */
  owns(bytes: Buffer, start: number, end: number): boolean {
    const { prefix } = this;
    if (end - start < prefix.length) return false;
    for (let i = 0; i < prefix.length; i++) if (bytes[start + i] !== prefix[i]) return false;
    return true;
  }

  /** The entry of a name, made when it is new. */
  topic(name: string): TopicEntry {
    let entry = this.#byName.get(name);
    if (!entry) {
      if (this.#byName.size >= topicsMax) {
        this.#byName.clear();
        this.#byId.clear();
      }
      entry = { name, id: "" };
      this.#byName.set(name, entry);
    }
    return entry;
  }

  /** The topic of an id, given as latin1 text of its 16 bytes. */
  topicById(id: string): TopicEntry | undefined {
    return this.#byId.get(id);
  }

  /** Joins a name and its id (latin1 text). The id the name had before becomes unknown. */
  learn(name: string, id: string): void {
    const known = this.#byId.get(id);
    if (known?.name === name) return;
    const old = this.#byName.get(name);
    const text = Buffer.from(id, "latin1").toString("base64url");
    const fresh = old === undefined || (old.id !== "" && old.id !== text);
    if (fresh && old) this.#byId.delete(idBytes(old.id));
    const entry = fresh || !old ? { name, id: text } : old;
    entry.id = text;
    this.#byName.set(name, entry);
    this.#byId.set(id, entry);
  }

  /**
   * A topic was deleted somewhere else. Its entry is replaced, since a topic made again counts anew; its id stays
   * known, for by now it may be the new one's, and the broker knows best about an old one.
   */
  renew(name: string): void {
    const entry = this.#byName.get(name);
    if (!entry) return;
    const fresh = { ...entry };
    this.#byName.set(name, fresh);
    if (fresh.id !== "") this.#byId.set(idBytes(fresh.id), fresh);
  }

  /** Forgets a topic that was deleted. */
  forget(name: string): void {
    const entry = this.#byName.get(name);
    if (!entry) return;
    this.#byName.delete(name);
    if (entry.id !== "") this.#byId.delete(idBytes(entry.id));
  }

  /** Remembers whether a group speaks the consumer protocol (JoinGroup says so, older SyncGroups do not). */
  noteGroup(group: string, isConsumer: boolean): void {
    if (this.#consumerGroups.size >= groupsMax) this.#consumerGroups.clear();
    this.#consumerGroups.set(group, isConsumer);
  }

  /** True when unknown: bytes that are no consumer protocol do not parse as such and pass unchanged. */
  isConsumerGroup(group: string): boolean {
    return this.#consumerGroups.get(group) ?? true;
  }
}

/** Kafka's text form of an id as latin1 text of its bytes. */
const idBytes = (id: string): string => Buffer.from(id, "base64url").toString("latin1");
