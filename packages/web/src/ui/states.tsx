// What a place shows when it has no data to show: an error with its way out, an empty state that teaches, a wait.
import type { ReactNode } from "react";
import { toProblem } from "../lib/client.ts";
import { Button } from "./button.tsx";
import { icons } from "./icons.tsx";

/** An error as the API tells it: what is wrong, what mends it, and the request id an operator asks for. */
export function ProblemNote({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const problem = toProblem(error);
  return (
    <div role="alert" className="rise rounded-card border border-rust/45 bg-rust-soft p-4">
      <p className="flex gap-2 font-semibold text-rust">
        <span className="mt-0.5">{icons.alert}</span>
        {problem.detail ?? problem.title}
      </p>
      <p className="mt-1 pl-6.5 text-sm">{problem.fix}</p>
      {problem.requestId !== "" && (
        <p className="mt-1 pl-6.5 text-xs text-muted">
          Request id <code className="text-ink select-all">{problem.requestId}</code>
        </p>
      )}
      {onRetry && (
        <div className="mt-3 pl-6.5">
          <Button onClick={onRetry}>Try again</Button>
        </div>
      )}
    </div>
  );
}

export function Empty(props: { title: string; children: ReactNode; action?: ReactNode }) {
  return (
    <div className="grid justify-items-center gap-2 rounded-card border border-dashed border-line-strong/70 px-6 py-12 text-center">
      <h2 className="text-lg font-semibold">{props.title}</h2>
      <div className="max-w-md text-muted">{props.children}</div>
      {props.action && <div className="mt-3">{props.action}</div>}
    </div>
  );
}

/** Grey bars where rows will be; readers hear that it loads. */
export function Loading({ rows = 4, what }: { rows?: number; what: string }) {
  return (
    <div role="status" aria-label={`Loading ${what}`} className="grid gap-2.5">
      {Array.from({ length: rows }, (_, row) => row).map((row) => (
        <div key={row} className="shimmer h-11 rounded-md bg-line/60" />
      ))}
    </div>
  );
}

const tones = {
  good: "bg-moss-soft text-moss",
  busy: "bg-brass-soft text-brass",
  bad: "bg-rust-soft text-rust",
  plain: "bg-sunken text-muted",
} as const;

export type Tone = keyof typeof tones;

/** A state in a word; colour only repeats what the word says. */
export function Badge({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <span
      className={`inline-flex items-center gap-1.5 rounded-full px-2 py-0.5 text-xs font-medium whitespace-nowrap ${tones[tone]}`}
    >
      <span aria-hidden="true" className="size-1.5 rounded-full bg-current" />
      {children}
    </span>
  );
}

export function PhaseBadge({ phase }: { phase: string }) {
  const tone = phase === "Ready" ? "good" : phase === "Failed" ? "bad" : "busy";
  return <Badge tone={tone}>{phase}</Badge>;
}
