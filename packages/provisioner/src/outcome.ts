// What a reconcile ended with, and the one place where an error becomes that: try again, or tell the tenant.
import { AppError } from "@headgate/core/errors";
import { KafkaError } from "@headgate/kafka/errors";

export type Outcome =
  /** The world is as generation `generation` asks; 0 when there was nothing to look at. */
  | { readonly do: "done"; readonly generation: number }
  /** Nothing failed, something takes its time. */
  | { readonly do: "again"; readonly afterMs: number }
  /** It failed in a way that may pass. */
  | { readonly do: "retry"; readonly error: unknown }
  /** It will fail until the spec changes; shown as a Failed condition. */
  | {
      readonly do: "stuck";
      readonly generation: number;
      readonly reason: string;
      readonly message: string;
    };

export const done = (generation: number): Outcome => ({ do: "done", generation });
export const again = (afterMs: number): Outcome => ({ do: "again", afterMs });

/** Which outcome an error means for a resource at `generation`. What is not known to be final is tried again. */
export function outcomeOf(error: unknown, generation: number): Outcome {
  if (error instanceof KafkaError && isFinal(error)) {
    return { do: "stuck", generation, reason: error.errorName, message: error.message };
  }
  if (error instanceof AppError && !error.retryable) {
    return { do: "stuck", generation, reason: error.code, message: error.message };
  }
  return { do: "retry", error };
}

/** Answers of a broker that only another spec changes (org.apache.kafka.common.protocol.Errors). */
const finalErrors = new Set([
  "INVALID_TOPIC_EXCEPTION",
  "INVALID_PARTITIONS",
  "INVALID_REPLICATION_FACTOR",
  "INVALID_REPLICA_ASSIGNMENT",
  "INVALID_CONFIG",
  "INVALID_REQUEST",
  "POLICY_VIOLATION",
]);

const isFinal = (error: KafkaError): boolean => finalErrors.has(error.errorName);

const backoffMsMin = 50;
const backoffMsMax = 30_000;

/** Wait before try `attempt` (1 is the first repetition): doubling, with full jitter; `dice` is in [0, 1). */
export function backoffMs(attempt: number, dice: number): number {
  const ceilingMs = Math.min(backoffMsMax, backoffMsMin * 2 ** Math.min(attempt, 20));
  return backoffMsMin + dice * (ceilingMs - backoffMsMin);
}
