// The broker's side of one client connection: dialled when a request needs it, replaced before its login ends, dialled
// again when the broker closed it with nothing due. What was sent over a link that is gone is its owner's to judge.
import type { Placement } from "@headgate/core/cluster";
import { frameBytesMax, renewBeforeMs } from "./filters/40-limit.ts";
import { type Outgoing, outgoing, type Valve, valve } from "./flow.ts";
import type { MemoryLease } from "./frame-memory.ts";
import { frameReader } from "./frame-reader.ts";
import type { Dial, Upstream } from "./upstream.ts";

export interface BrokerLinkOptions {
  readonly dial: Dial;
  readonly memory: MemoryLease;
  /** The node the client connected for, -1 for any. */
  readonly nodeId: number;
  /** Bytes came. Runs `read`, which calls `onAnswer` for each whole frame and throws when they make no sense. */
  readonly onData: (bytes: number, read: () => void) => void;
  readonly onAnswer: (frame: Buffer, slab: Buffer | undefined) => void;
  /** The broker takes bytes again. */
  readonly onDrain: () => void;
  /** The broker closed the link. */
  readonly onGone: () => void;
}

export interface BrokerLink {
  readonly isOpen: boolean;
  /** Dials; at most one at a time. Throws AppError `cell.unavailable`. */
  open(placement: Placement): Promise<void>;
  /** False when the broker takes no more for now; `slab` is given back once it is written. */
  send(slices: readonly Buffer[], slab: Buffer | undefined): boolean;
  /** Holds the broker's answers back while a reason stands. */
  pause(reason: number, on: boolean): void;
  /** Writes between the two leave in one piece. */
  cork(): void;
  uncork(): void;
  /** Whether the broker is about to end the login. `nowMs` is monotonic. */
  endsSoon(nowMs: number): boolean;
  /** Bytes the broker has not taken yet. */
  readonly writableBytes: number;
  /** Lets the link go without `onGone`; it may be opened again. */
  drop(): void;
  /** The same for good, also for a dial under way. */
  close(): void;
}

/** Answers may be a little larger than any request: a fetch brings one batch whatever its size (KIP-74). */
const answerBytesMax = frameBytesMax * 2;

interface Live {
  readonly upstream: Upstream;
  readonly out: Outgoing;
  readonly reading: Valve;
}

export function brokerLink(options: BrokerLinkOptions): BrokerLink {
  const { memory, nodeId, onData, onAnswer } = options;
  let live: Live | undefined;
  let isClosed = false;

  const attach = (upstream: Upstream): void => {
    const { socket } = upstream;
    live = { upstream, out: outgoing(socket, memory), reading: valve(socket) };
    const read = frameReader({ memory, frameBytesMax: () => answerBytesMax, onFrame: onAnswer });
    socket.on("data", (chunk: Buffer) => onData(chunk.length, () => read(chunk)));
    socket.on("drain", () => options.onDrain());
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      if (live?.upstream !== upstream) return;
      live = undefined;
      options.onGone();
    });
    socket.resume();
  };
  const drop = (): void => {
    const socket = live?.upstream.socket;
    live = undefined;
    socket?.destroy();
  };

  return {
    get isOpen() {
      return live !== undefined;
    },
    async open(placement) {
      const upstream = await options.dial(placement, nodeId);
      if (isClosed) upstream.socket.destroy();
      else attach(upstream);
    },
    send: (slices, slab) => live?.out.send(slices, slab) ?? true,
    pause: (reason, on) => live?.reading.set(reason, on),
    cork: () => live?.upstream.socket.cork(),
    uncork: () => live?.upstream.socket.uncork(),
    endsSoon: (nowMs) =>
      live !== undefined && nowMs >= live.upstream.sessionEndsAtMs - renewBeforeMs,
    get writableBytes() {
      return live?.upstream.socket.writableLength ?? 0;
    },
    drop,
    close() {
      isClosed = true;
      drop();
    },
  };
}
