// The gateway on a thread of its own: no other service's work stands between two records. Options come as workerData,
// the store through a port, the outcome and commands as messages.
import { isMainThread, type MessagePort, parentPort, workerData } from "node:worker_threads";
import { createTokenSigner, type TokenSignerOptions } from "@headgate/control/tokens";
import { toAppError } from "@headgate/core/errors";
import { processSignal } from "@headgate/store/signal";
import { systemClock, systemRandom } from "@headgate/store/system";
import { storeOver } from "@headgate/store/thread";
import { type GatewayOptions, startGateway } from "./gateway.ts";
import type { GatewayStats } from "./server.ts";

export interface GatewayWorkerData
  extends Pick<GatewayOptions, "listen" | "advertisedHost" | "writerId" | "flushMs"> {
  /** From `StoreThread.connect`, also in `transferList`. */
  readonly storePort: MessagePort;
  /** As in `processSignal`. */
  readonly signalName: string;
  readonly tokens: Omit<TokenSignerOptions, "clock">;
}

export type ToGateway = "close" | "stats";

export type FromGateway =
  | { readonly type: "ready"; readonly port: number }
  | { readonly type: "failed"; readonly code: string; readonly message: string }
  | { readonly type: "stats"; readonly stats: GatewayStats }
  | { readonly type: "log"; readonly message: string; readonly fields: Record<string, unknown> }
  | { readonly type: "closed" };

if (!isMainThread && parentPort) await run(parentPort, workerData as GatewayWorkerData);

async function run(parent: MessagePort, data: GatewayWorkerData): Promise<void> {
  const send = (message: FromGateway) => parent.postMessage(message);
  const signal = processSignal(data.signalName);
  try {
    const gateway = await startGateway({
      ...data,
      store: storeOver(data.storePort),
      signal,
      clock: systemClock,
      random: systemRandom,
      tokenSigner: createTokenSigner({ ...data.tokens, clock: systemClock }),
      log: (message, fields) => send({ type: "log", message, fields: plain(fields) }),
    });
    parent.on("message", (message: ToGateway) => {
      if (message === "stats") send({ type: "stats", stats: gateway.stats() });
      if (message === "close")
        void gateway.close().then(() => {
          signal.close();
          send({ type: "closed" });
          parent.close();
          data.storePort.close();
        });
    });
    send({ type: "ready", port: gateway.port });
  } catch (error) {
    const { code, message } = toAppError(error);
    send({ type: "failed", code, message });
    signal.close();
    parent.close();
    data.storePort.close();
  }
}

/** What a message can carry. */
const plain = (fields: Record<string, unknown>): Record<string, unknown> =>
  JSON.parse(JSON.stringify(fields)) as Record<string, unknown>;
