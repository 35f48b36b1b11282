// What a place shows when it has no data to show: an error with its way out, an empty state that teaches, a wait.
import type { UseQueryResult } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { ApiProblem, toProblem } from "../lib/client.ts";
import { Button } from "./button.tsx";
import { icons } from "./icons.tsx";

/** An error as the API tells it: what is wrong, what mends it, and the request id an operator asks for. */
export function ProblemNote({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const problem = toProblem(error);
  return (
    <div role="alert" className="rise rounded-card border border-rust/45 bg-rust-soft p-4">
      <p className="flex gap-2 font-semibold text-rust">
        <span className="mt-0.5">{icons.alert}</span>
        <span className="min-w-0 wrap-anywhere">{problem.detail ?? problem.title}</span>
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

/**
 * What a read has to show: its data; `loading` until there is some; what went wrong, above data that may be old by
 * then. That nothing answers at all is said once, by the frame around the page (shell.tsx).
 */
export function Read<T>(props: {
  query: UseQueryResult<T>;
  loading: ReactNode;
  children: (data: T) => ReactNode;
}) {
  const { query } = props;
  const [error, setError] = useState<unknown>();
  // A read that failed and is tried again has no error meanwhile, which must not flicker.
  if (query.isError && query.error !== error) setError(query.error);
  if (query.isSuccess && error !== undefined) setError(undefined);
  const isShown = error !== undefined && !(error instanceof ApiProblem && error.isSilence);
  return (
    <>
      {isShown && (
        <div className="mb-4">
          <ProblemNote error={error} onRetry={() => void query.refetch()} />
        </div>
      )}
      {query.data !== undefined && props.children(query.data)}
      {query.data === undefined && !isShown && props.loading}
    </>
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

type Tone = keyof typeof tones;

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

const phaseTones: Readonly<Record<string, Tone>> = { Ready: "good", Failed: "bad" };

export function PhaseBadge({ phase }: { phase: string }) {
  return <Badge tone={phaseTones[phase] ?? "busy"}>{phase}</Badge>;
}
