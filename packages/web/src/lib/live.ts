// The live stream: told by the server that something changed, the portal reads it again by REST. Events are hints, never
// the truth, so a lost one costs a few seconds and nothing else. While the stream is down, queries poll.
import type { QueryClient } from "@tanstack/react-query";
import { open } from "./client.ts";
import { createEventParser, type ServerEvent } from "./sse.ts";

export type LiveState = "connecting" | "live" | "polling";

let state: LiveState = "connecting";
const listeners = new Set<() => void>();

export const live = {
  get: () => state,
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

/** How often queries ask by themselves: seldom while the stream lives, else every two seconds. */
export function pollMs(): number {
  return state === "live" ? 15_000 : 2000;
}

/** First words of the query keys an event makes stale. */
export function staleAfter({ event, data }: ServerEvent): readonly string[] {
  const kind = kindOf(data) ?? event;
  if (/usage|record|rate/i.test(kind)) return ["usage", "invoice"];
  if (/topic/i.test(kind)) return ["topics"];
  if (/account|key/i.test(kind)) return ["accounts"];
  if (/cluster/i.test(kind)) return ["cluster"];
  return [];
}

function kindOf(data: string): string | undefined {
  try {
    const kind = (JSON.parse(data) as { kind?: unknown } | null)?.kind;
    return typeof kind === "string" ? kind : undefined;
  } catch {
    return undefined;
  }
}

/** Follows the stream until the returned function is called; reconnects with growing pauses. */
export function followLive(queries: QueryClient): () => void {
  const abort = new AbortController();
  void follow(queries, abort.signal);
  return () => abort.abort();
}

async function follow(queries: QueryClient, signal: AbortSignal): Promise<void> {
  let pauseMs = 500;
  while (!signal.aborted) {
    try {
      const response = await open("/v1/live", { signal, headers: { accept: "text/event-stream" } });
      setState("live");
      pauseMs = 500;
      // What happened while nobody listened.
      void queries.invalidateQueries();
      await readEvents(response, queries);
    } catch {
      // Told to the user by the state; the queries' own errors say what is wrong.
    }
    if (signal.aborted) return;
    setState("polling");
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    pauseMs = Math.min(pauseMs * 2, 10_000);
  }
}

async function readEvents(response: Response, queries: QueryClient): Promise<void> {
  if (!response.body) return;
  const parse = createEventParser();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const stale = new Set(parse(value).flatMap(staleAfter));
    for (const key of stale) void queries.invalidateQueries({ queryKey: [key] });
  }
}

function setState(next: LiveState): void {
  state = next;
  for (const listener of listeners) listener();
}
