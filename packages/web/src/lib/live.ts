// The live stream: told by the server that something changed, the portal reads it again by REST. Events are hints,
// never the truth, so a lost one costs a few seconds and nothing else. While the stream is down, queries poll.
import type { QueryClient } from "@tanstack/react-query";
import { ApiProblem, open } from "./client.ts";
import { createRefresher } from "./refresher.ts";
import { createEventParser, type ServerEvent } from "./sse.ts";

/** `polling`: the API answers, but not this; `offline`: nothing answers. */
export type LiveState = "connecting" | "live" | "polling" | "offline";

const pauseMinMs = 300;
const pauseMaxMs = 3000;
/** The server's heartbeats are 15 s apart: after two missed ones the connection is dead, whatever TCP thinks. */
const silenceMs = 40_000;
const refreshGapMs = 250;

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

/** Kind of what changed → first words of the query keys that are stale then. */
const staleByKind: Readonly<Record<string, readonly string[]>> = {
  usage: ["usage", "invoice"],
  topic: ["topics"],
  cluster: ["cluster"],
  "service-account": ["accounts", "whoami"],
  "api-key": ["accounts"],
};

/** What an event makes stale; nothing when it is about things this portal does not show. */
export function staleAfter({ data }: ServerEvent): readonly string[] {
  try {
    const { kind } = JSON.parse(data) as { kind: string };
    return Object.hasOwn(staleByKind, kind) ? staleByKind[kind]! : [];
  } catch {
    return [];
  }
}

/** Follows the stream until the returned function is called; reconnects with growing pauses. */
export function followLive(queries: QueryClient): () => void {
  const abort = new AbortController();
  void follow(queries, abort.signal);
  return () => abort.abort();
}

async function follow(queries: QueryClient, signal: AbortSignal): Promise<void> {
  const refresh = createRefresher(
    (names) =>
      queries.invalidateQueries({ predicate: ({ queryKey }) => names.has(String(queryKey[0])) }),
    refreshGapMs,
  );
  let pauseMs = pauseMinMs;
  setState("connecting");
  while (!signal.aborted) {
    const connection = new AbortController();
    try {
      const response = await open("/v1/live", {
        signal: AbortSignal.any([signal, connection.signal]),
        headers: { accept: "text/event-stream" },
      });
      setState("live");
      pauseMs = pauseMinMs;
      // What happened while nobody listened.
      void queries.invalidateQueries();
      await readEvents(response, (event) => refresh(staleAfter(event)));
      if (!signal.aborted) setState("polling");
    } catch (error) {
      const isOffline = error instanceof ApiProblem && error.isSilence;
      if (!signal.aborted) setState(isOffline ? "offline" : "polling");
    }
    connection.abort();
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    pauseMs = Math.min(pauseMs * 2, pauseMaxMs);
  }
}

/** Returns when the stream ends or has been silent for too long; throws when it breaks. */
async function readEvents(
  response: Response,
  onEvent: (event: ServerEvent) => void,
): Promise<void> {
  if (!response.body) return;
  const parse = createEventParser();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const silence = new Promise<"silence">((resolve) => {
      timer = setTimeout(resolve, silenceMs, "silence");
    });
    const chunk = await Promise.race([reader.read(), silence]).finally(() => clearTimeout(timer));
    if (chunk === "silence" || chunk.done) return;
    for (const event of parse(chunk.value)) onEvent(event);
  }
}

function setState(next: LiveState): void {
  state = next;
  for (const listener of listeners) listener();
}
