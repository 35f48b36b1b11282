// The gateway as the composition starts it: bindings and topics from the store, changes from its feed, topic writes
// through control.
import type { Control } from "@headgate/control/control";
import type { TokenSigner } from "@headgate/control/tokens";
import { changeFeed } from "@headgate/store/change-feed";
import type { Commands } from "./answers/topic-commands.ts";
import { autoCreator } from "./auto-create.ts";
import { clusterReady, loadBinding, loadTopics } from "./load-binding.ts";
import { localAnswers } from "./local-answers.ts";
import type { Log } from "./log.ts";
import { type GatewayStats, startServer } from "./server.ts";

export interface GatewayOptions extends Omit<Control, "log"> {
  readonly tokenSigner: Pick<TokenSigner, "mint">;
  /** Port 0 looks for a free run of ports. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Host name clients are sent to. */
  readonly advertisedHost: string;
  /** Random id of this process since its start. */
  readonly writerId: string;
  readonly flushMs: number;
  /** Time to log in; 10 s by default. */
  readonly loginTimeoutMs?: number | undefined;
  /** Memory for large frames of all connections; by default what the machine can spare. */
  readonly frameMemoryBytesMax?: number | undefined;
  readonly log?: Log | undefined;
}

export interface Gateway {
  /** The bootstrap port; the broker of node `n` is at `port + 1 + n`. */
  readonly port: number;
  stats(): GatewayStats;
  /** Writes what was counted so far. */
  flush(): Promise<void>;
  /** Closes every connection, then writes the last counts. */
  close(): Promise<void>;
}

/** Events about these change what a key opens. */
const bindingKinds = new Set(["tenant", "cluster", "service-account", "api-key"]);

/** Starts the gateway. Throws AppError `env.port_taken`. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { store, signal, clock, random } = options;
  const log: Log = options.log ?? (() => {});
  const control: Control = { store, signal, clock, random, log };
  const commands: Commands = { control, log };
  const server = await startServer({
    control,
    log,
    mint: (principal) => options.tokenSigner.mint(principal),
    listen: options.listen,
    advertisedHost: options.advertisedHost,
    writerId: options.writerId,
    flushMs: options.flushMs,
    loginTimeoutMs: options.loginTimeoutMs,
    frameMemoryBytesMax: options.frameMemoryBytesMax,
    loadBinding: (apiKey) => loadBinding(control, apiKey),
    clusterReady: (apiKey) => clusterReady(control, apiKey),
    topics: (binding) => loadTopics(store, binding),
    localAnswer: (brokers, advertised) => localAnswers(commands, brokers, advertised),
    autoCreate: autoCreator(commands),
  });
  const tail = changeFeed({ store, clock, random, signal }).tail({
    async onEvents(events) {
      for (const { kind, action, parts } of events)
        if (kind === "topic" && action === "delete") server.topicGone(parts[0]!, parts[1]!);
      const relevant = events.filter((event) => bindingKinds.has(event.kind));
      const tenants = new Set(relevant.map((event) => event.tenant));
      if (tenants.size > 0) await server.bindingsChanged(({ tenant }) => tenants.has(tenant));
    },
    onError: (error) => log("Changes could not be read", { error: String(error) }),
  });
  return {
    port: server.port,
    stats: server.stats,
    flush: server.flush,
    async close() {
      await tail.stop();
      await server.close();
    },
  };
}
