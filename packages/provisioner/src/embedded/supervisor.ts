// The life of one broker node as a state machine: starting → running ⇄ restarting → stopping → stopped. Whoever stops
// it wins over every restart, and no JVM is launched before the last one is gone.
import { setTimeout as sleep } from "node:timers/promises";
import { AppError } from "@headgate/core/errors";
import { type Jvm, type JvmCommand, launchJvm, logTail } from "./jvm.ts";
import { brokerIsLive, type ProbeTarget, raiseFeatures } from "./probe.ts";

export type BrokerState = "starting" | "running" | "restarting" | "stopping" | "stopped";

export interface SupervisedNode {
  probe: ProbeTarget;
  /** Made anew for each launch: the class archive may exist by the second. */
  command(): Promise<JvmCommand>;
  startTimeoutMs: number;
  stopTimeoutMs: number;
}

export interface Supervisor {
  state(): BrokerState;
  pid(): number | undefined;
  onStateChange(listener: (state: BrokerState) => void): () => void;
  stop(timeoutMs: number): Promise<void>;
}

const PROBE_EVERY_MS = 10;
const PROBE_TIMEOUT_MS = 5000;
const BACKOFF_MS_MIN = 100;
const BACKOFF_MS_MAX = 10_000;
/** A broker that lived this long starts its backoff anew. */
const HEALTHY_MS = 60_000;

// What `kafka-storage format` of 4.3 sets besides metadata.version. Asked for at each start, since a first start may
// have been cut short; where it is so already, nothing is written.
const STOCK_FEATURES = {
  "group.version": 1,
  "transaction.version": 2,
  "share.version": 1,
  "streams.version": 1,
  "eligible.leader.replicas.version": 1,
};

/** Resolves when the broker is live; throws `kafka.start_failed` when the first start fails, leaving nothing behind. */
export async function supervise(node: SupervisedNode, signal?: AbortSignal): Promise<Supervisor> {
  const listeners = new Set<(state: BrokerState) => void>();
  const stopping = new AbortController();
  let state: BrokerState = "starting";
  let jvm: Jvm | undefined;
  let restarts: Promise<void> = Promise.resolve();

  const enter = (next: BrokerState) => {
    if (state === next) return;
    state = next;
    for (const listener of listeners) listener(next);
  };
  const launch = async (abort: AbortSignal) => {
    const command = await node.command();
    abort.throwIfAborted();
    jvm = await launchJvm(command);
    try {
      await untilLive(node, jvm, command.logFile, abort);
      await raiseFeatures(node.probe, STOCK_FEATURES, PROBE_TIMEOUT_MS);
      abort.throwIfAborted();
    } catch (error) {
      await jvm.stop(node.stopTimeoutMs);
      throw error;
    }
    enter("running");
  };
  const restartForEver = async () => {
    let backoffMs = BACKOFF_MS_MIN;
    while (!stopping.signal.aborted) {
      const since = performance.now();
      await jvm?.exited;
      if (stopping.signal.aborted) return;
      enter("restarting");
      if (performance.now() - since > HEALTHY_MS) backoffMs = BACKOFF_MS_MIN;
      await sleep(backoffMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      backoffMs = Math.min(BACKOFF_MS_MAX, backoffMs * 2);
      // A failed start has stopped its JVM and left its reasons in the log; the next round tries again.
      await launch(stopping.signal).catch(() => undefined);
    }
  };

  await launch(signal ?? stopping.signal);
  restarts = restartForEver();

  return {
    state: () => state,
    pid: () => (state === "running" || state === "stopping" ? jvm?.pid : undefined),
    onStateChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stop: async (timeoutMs) => {
      if (!stopping.signal.aborted) enter("stopping");
      stopping.abort();
      await jvm?.stop(timeoutMs);
      await restarts;
      enter("stopped");
    },
  };
}

/** Throws when the JVM ends, when time is up, or when nobody wants it any more. */
async function untilLive(
  node: SupervisedNode,
  jvm: Jvm,
  logFile: string,
  abort: AbortSignal,
): Promise<void> {
  const deadline = performance.now() + node.startTimeoutMs;
  let exit: number | undefined;
  void jvm.exited.then(({ status }) => {
    exit = status;
  });
  while (!(await brokerIsLive(node.probe, PROBE_TIMEOUT_MS))) {
    const late = performance.now() > deadline;
    if (exit !== undefined || late || abort.aborted) {
      abort.throwIfAborted();
      const why = late
        ? `was not ready within ${node.startTimeoutMs} ms`
        : `ended with status ${exit}`;
      throw new AppError("kafka.start_failed", {
        detail: `Apache Kafka ${why}. The end of ${logFile}:\n${logTail(logFile, 8)}`,
      });
    }
    await sleep(PROBE_EVERY_MS);
  }
}
