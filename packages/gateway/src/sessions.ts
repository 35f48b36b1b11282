// Everything kept per cluster: its state, its counters, how many connections it has. Clusters come with their first
// connection and stay: their counters must be flushed, and a few hundred bytes are cheaper than losing them.
import type { Binding } from "@headgate/core/binding";
import type { Clock } from "@headgate/core/clock";
import { perStreamingUnit } from "@headgate/core/cluster";
import { ClusterState } from "./cluster-state.ts";
import { type Access, accessOf } from "./filters/20-authorize.ts";
import { type EmbeddedNames, embeddedNames } from "./filters/30-isolate.ts";
import type { Session } from "./session.ts";
import { type UsageBook, usageBook } from "./usage-book.ts";

interface ClusterEntry {
  readonly state: ClusterState;
  readonly names: EmbeddedNames;
  readonly usage: UsageBook;
  connections: number;
}

export interface Sessions {
  /** Opens a session, or says why not. `learn` is called once per cluster, with what the control plane knows. */
  open(binding: Binding): Promise<Session | string>;
  /** The session a live connection goes on with after its binding changed; not another connection. */
  refresh(binding: Binding): Session;
  /** A topic is gone: one made under the same name is another. */
  topicGone(cluster: string, name: string): void;
  /** A session ended. */
  release(session: Session): void;
  books(): UsageBook[];
}

export interface SessionsOptions {
  readonly clock: Clock;
  /** Names and ids of a cluster's topics as the control plane knows them. */
  readonly topics: (binding: Binding) => Promise<readonly { name: string; topicId: string }[]>;
}

export function createSessions(options: SessionsOptions): Sessions {
  const clusters = new Map<string, ClusterEntry>();
  const learning = new Map<string, Promise<void>>();
  // Grants of one binding object never change: a changed binding is a new object.
  const accesses = new WeakMap<Binding, Access>();

  const learn = async (binding: Binding, state: ClusterState) => {
    for (const { name, topicId } of await options.topics(binding))
      state.learn(name, Buffer.from(topicId, "base64url").toString("latin1"));
  };
  const entryOf = (binding: Binding): ClusterEntry => {
    let entry = clusters.get(binding.cluster);
    // A cluster placed anew has another prefix: what was learned under the old one is void.
    if (!entry || entry.state.prefixText !== binding.placement.prefix) {
      const state = new ClusterState(binding);
      const nowMs = options.clock.nowMs();
      const usage = entry?.usage ?? usageBook(binding.tenant, binding.cluster, nowMs);
      entry = { state, names: embeddedNames(state), usage, connections: entry?.connections ?? 0 };
      clusters.set(binding.cluster, entry);
      learning.set(binding.cluster, learn(binding, state));
    }
    return entry;
  };
  const accessFor = (binding: Binding): Access => {
    let access = accesses.get(binding);
    if (!access) {
      access = accessOf(binding.grants);
      accesses.set(binding, access);
    }
    return access;
  };

  const sessionOf = (binding: Binding, entry: ClusterEntry): Session => ({
    binding,
    cluster: entry.state,
    access: accessFor(binding),
    names: entry.names,
    usage: entry.usage,
    who: entry.usage.attributed(binding.serviceAccountName, ""),
  });

  return {
    async open(binding) {
      const entry = entryOf(binding);
      const max = binding.clusterSpec.streamingUnits.max * perStreamingUnit.connections;
      if (entry.connections >= max)
        return `This cluster has its ${max} connections. Close some, or raise its streaming units.`;
      entry.connections++;
      // Metadata teaches the same ids, so a failure here costs at most one refresh of a client's metadata.
      await learning.get(binding.cluster)?.catch(() => undefined);
      learning.delete(binding.cluster);
      return sessionOf(binding, entry);
    },
    refresh: (binding) => sessionOf(binding, entryOf(binding)),
    topicGone: (cluster, name) => clusters.get(cluster)?.state.renew(name),
    release(session) {
      const entry = clusters.get(session.binding.cluster);
      if (entry) entry.connections--;
    },
    books: () => [...clusters.values()].map((entry) => entry.usage),
  };
}
