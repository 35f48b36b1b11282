// The one condition the provisioner keeps on topics and clusters: whether they are as their spec asks, and if not, why.
import { type Clock, toTimestamp } from "@headgate/core/clock";
import { type Condition, type Phase, setCondition } from "@headgate/core/resource";
import type { Outcome } from "./outcome.ts";

interface Status {
  readonly phase: Phase;
  readonly conditions: readonly Condition[];
  readonly observedGeneration: number;
}

type ReadyCondition = Pick<Condition, "status" | "reason" | "message">;

const asSpecified: ReadyCondition = {
  status: "True",
  reason: "AsSpecified",
  message: "It is as its spec asks.",
};

/** A status in which `generation` was reached. */
export function readyStatus<S extends Status>(status: S, generation: number, clock: Clock): S {
  const conditions = withReady(status, asSpecified, clock);
  return { ...status, phase: "Ready", observedGeneration: generation, conditions };
}

/**
 * A status in which `generation` cannot be reached. A topic that serves an older generation stays as it is, but says
 * so.
 */
export function failedStatus<S extends Status>(
  status: S,
  outcome: Extract<Outcome, { do: "stuck" }>,
  clock: Clock,
): S {
  const { generation, reason, message } = outcome;
  const conditions = withReady(status, { status: "False", reason, message }, clock);
  return { ...status, phase: "Failed", observedGeneration: generation, conditions };
}

function withReady(status: Status, condition: ReadyCondition, clock: Clock): Condition[] {
  const at = toTimestamp(clock.nowMs());
  return setCondition(status.conditions, { type: "Ready", at, ...condition });
}
