// The gateway around its connections: listens, opens sessions, follows changes of bindings, creates topics clients may
// create by naming them, flushes the counters, and stops serving when it cannot.
import { totalmem } from "node:os";
import type { Control } from "@headgate/control/control";
import { noteKeyUse } from "@headgate/control/key-use";
import type { MintedToken } from "@headgate/control/tokens";
import type { Binding } from "@headgate/core/binding";
import { type Bindings, createBindings } from "./bindings.ts";
import { type CellBrokers, cellBrokers } from "./cell-brokers.ts";
import { ClientConnection } from "./connection.ts";
import { fetchBytesMax, frameMemoryBytesMax, loginTimeoutMs } from "./filters/40-limit.ts";
import { type Advertised, advertised } from "./filters/60-advertise.ts";
import { type FrameMemory, frameMemory } from "./frame-memory.ts";
import type { ConnectionHost } from "./host.ts";
import { findBinding, rebind } from "./live-bindings.ts";
import type { Log } from "./log.ts";
import { minorCollections } from "./minor-collections.ts";
import { listenRun, nodePorts } from "./ports.ts";
import { RequestWalk } from "./request-walk.ts";
import { ResponseWalk } from "./response-walk.ts";
import { createSessions, type Sessions } from "./sessions.ts";
import { createDial } from "./upstream.ts";
import { type UsageSink, usageSink } from "./usage-sink.ts";

export interface ServerParts {
  readonly control: Control;
  readonly log: Log;
  readonly mint: (principal: string) => MintedToken;
  readonly listen: { readonly host: string; readonly port: number };
  /** Host name clients are sent to. */
  readonly advertisedHost: string;
  /** Random id of this process since its start: owner of its usage windows. */
  readonly writerId: string;
  readonly flushMs: number;
  /** Time to log in; 10 s by default. */
  readonly loginTimeoutMs?: number | undefined;
  /** Memory for large frames of all connections; by default what the machine can spare. */
  readonly frameMemoryBytesMax?: number | undefined;
  readonly loadBinding: (apiKey: string) => Promise<Binding | undefined>;
  /** Settles when the cluster behind a key is ready. */
  readonly clusterReady: (apiKey: string) => Promise<void>;
  /** Answers what is not forwarded. */
  readonly localAnswer: (
    brokers: CellBrokers,
    advertised: Advertised,
  ) => ConnectionHost["localAnswer"];
  readonly autoCreate: ConnectionHost["autoCreate"];
  readonly topics: (binding: Binding) => Promise<readonly { name: string; topicId: string }[]>;
}

export interface GatewayStats {
  readonly connections: number;
  readonly sessions: number;
  /** Connections to brokers. */
  readonly links: number;
  /** Large frames in memory. */
  readonly frameBytes: number;
  /** What clients and brokers have not taken yet. */
  readonly bufferedBytes: number;
  readonly flushFailingMs: number;
}

export interface Server {
  /** The bootstrap port; node `n` is at `port + 1 + n`. */
  readonly port: number;
  /** Something the bindings in question are made of changed. */
  bindingsChanged(matches: (binding: Binding) => boolean): Promise<void>;
  /** A topic is gone: one made under the same name is another. */
  topicGone(cluster: string, name: string): void;
  stats(): GatewayStats;
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** Without a written flush for this long nothing more is served: what cannot be counted must not be delivered. */
const flushFailingMsMax = 30_000;

/** Frame memory that lay unused for as long is let go. */
const poolTrimMs = 10_000;

/** Starts listening. Throws AppError `env.port_taken`. */
export async function startServer(parts: ServerParts): Promise<Server> {
  const { control, log } = parts;
  const sessions = createSessions({ clock: control.clock, topics: parts.topics });
  const bindings = createBindings(parts.loadBinding);
  const sink = usageSink({
    store: control.store,
    signal: control.signal,
    writer: parts.writerId,
    books: sessions.books,
    nowMs: () => control.clock.nowMs(),
    log,
  });
  const memory = frameMemory({
    bytesMax: parts.frameMemoryBytesMax ?? frameMemoryBytesMax(totalmem()),
  });
  const connections = new Set<ClientConnection>();
  let host: ConnectionHost | undefined;
  const run = await listenRun(parts.listen.host, parts.listen.port, (socket, nodeId) => {
    if (sink.failingMs() > flushFailingMsMax || !host) {
      socket.destroy();
      return;
    }
    const connection = new ClientConnection(host, socket, nodeId);
    connections.add(connection);
    setTimeout(() => connection.expireLogin(), parts.loginTimeoutMs ?? loginTimeoutMs).unref();
  });
  host = hostOf(parts, { basePort: run.basePort, sessions, bindings, memory, connections });
  const timers = startTimers(parts, sink, connections, () => memory.trim());

  return {
    port: run.basePort,
    bindingsChanged: (matches) => rebind(matches, { log, bindings, sessions, connections }),
    topicGone: (cluster, name) => sessions.topicGone(cluster, name),
    stats: () => ({
      connections: connections.size,
      sessions: [...connections].filter((connection) => connection.session).length,
      links: [...connections].filter((connection) => connection.hasLink).length,
      frameBytes: memory.heldBytes,
      bufferedBytes: [...connections].reduce((sum, each) => sum + each.bufferedBytes, 0),
      flushFailingMs: sink.failingMs(),
    }),
    flush: () => sink.flush(),
    async close() {
      const closed = run.close();
      for (const connection of connections) connection.close();
      await closed;
      timers.stop();
      await sink.flush();
    },
  };
}

interface State {
  readonly basePort: number;
  readonly sessions: Sessions;
  readonly bindings: Bindings;
  readonly memory: FrameMemory;
  readonly connections: Set<ClientConnection>;
}

/** What the connections share. */
function hostOf(parts: ServerParts, state: State): ConnectionHost {
  const { control, log } = parts;
  const { sessions, bindings, memory, connections } = state;
  const brokers = cellBrokers(control.store);
  const address = advertised(parts.advertisedHost, state.basePort, nodePorts);
  return {
    log,
    nowMs: () => control.clock.nowMs(),
    memory,
    bytesRead: minorCollections(),
    findBinding: (apiKey) => findBinding(bindings, parts.clusterReady, apiKey),
    isCurrent: (binding) => bindings.isCurrent(binding),
    dial: createDial({ brokers, mint: parts.mint }),
    requestWalk: new RequestWalk(() => fetchBytesMax(memory.usedShare)),
    responseWalk: new ResponseWalk(address),
    openSession: (binding) => sessions.open(binding),
    releaseSession: (session) => sessions.release(session),
    keyUsed: keyUses(control),
    localAnswer: parts.localAnswer(brokers, address),
    autoCreate: parts.autoCreate,
    closed(connection) {
      const gone = connection as ClientConnection;
      if (connections.delete(gone) && gone.session) sessions.release(gone.session);
    },
  };
}

const keyNotedEveryMs = 60_000;

/** Notes that a key was used. Remembered here too: thousands of connections may come back at once. */
function keyUses(control: Control): ConnectionHost["keyUsed"] {
  const notedAtMs = new WeakMap<Binding, number>();
  return (binding) => {
    const nowMs = control.clock.nowMs();
    if (nowMs - (notedAtMs.get(binding) ?? 0) < keyNotedEveryMs) return;
    notedAtMs.set(binding, nowMs);
    noteKeyUse(control, { tenant: binding.tenant, id: binding.apiKey, lastUsedAt: undefined });
  };
}

function startTimers(
  parts: ServerParts,
  sink: UsageSink,
  connections: ReadonlySet<ClientConnection>,
  trim: () => void,
) {
  const flushing = setInterval(() => {
    void sink.flush();
    if (sink.failingMs() <= flushFailingMsMax || connections.size === 0) return;
    parts.log("Usage cannot be written: connections are closed", { failingMs: sink.failingMs() });
    for (const connection of connections) connection.close();
  }, parts.flushMs);
  const ticking = setInterval(() => {
    const now = new Date(parts.control.clock.nowMs()).toISOString();
    for (const connection of connections) {
      const { expiresAt } = connection.session?.binding ?? {};
      if (expiresAt !== undefined && expiresAt <= now) connection.close();
      else connection.tick(performance.now());
    }
  }, 1000);
  const trimming = setInterval(trim, poolTrimMs);
  return {
    stop() {
      clearInterval(flushing);
      clearInterval(ticking);
      clearInterval(trimming);
    },
  };
}
