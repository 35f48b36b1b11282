// Server-sent events (HTML Standard §9.2) of hints that may be told late or once for many: a slow reader is owed no
// more than one of each, so what waits for it is bounded by what there is to hint at, and then by a limit.
const heartbeat = ": heartbeat\n\n";
const waitingMax = 1000;

export interface EventStreamOptions {
  /** Called when the first byte is asked for: a HEAD request never asks. Answers the function that stops it. */
  readonly start: (stream: { send(event: string, data: unknown): void; end(): void }) => () => void;
  /** Before each heartbeat; false ends the stream. */
  readonly mayGoOn: () => Promise<boolean>;
  readonly heartbeatMs: number;
}

export function eventStream({ start, mayGoOn, heartbeatMs }: EventStreamOptions): ReadableStream {
  const encoder = new TextEncoder();
  const waiting = new Set<string>([": connected\n\n"]);
  let wake: (() => void) | undefined;
  let stop: (() => void) | undefined;
  let timer: NodeJS.Timeout | undefined;
  let ended = false;
  const push = (text: string): void => {
    if (waiting.size >= waitingMax) end();
    waiting.add(text);
    wake?.();
  };
  const release = (): void => {
    ended = true;
    clearInterval(timer);
    stop?.();
  };
  const end = (): void => {
    release();
    wake?.();
  };
  const beat = async (): Promise<void> => {
    const lives = await mayGoOn().catch(() => false);
    if (lives) push(heartbeat);
    else end();
  };
  const begin = (): void => {
    timer = setInterval(() => void beat(), heartbeatMs).unref();
    stop = start({
      send: (event, data) => push(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`),
      end,
    });
    // It ended while it began.
    if (ended) release();
  };
  return new ReadableStream(
    {
      async pull(controller) {
        if (!timer) begin();
        while (waiting.size === 0 && !ended) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
        for (const text of waiting) controller.enqueue(encoder.encode(text));
        waiting.clear();
        if (ended) controller.close();
      },
      cancel: release,
    },
    { highWaterMark: 0 },
  );
}
