// Answers on their way to the client: each waits until all before it have left (slots.ts), is written in slices, and is
// counted as delivered when its last byte has left the process. Nothing goes to a client that is gone.
import type { Socket } from "node:net";
import type { Delivery } from "./filters/50-count.ts";
import { outgoing } from "./flow.ts";
import type { MemoryLease } from "./frame-memory.ts";
import { type Slot, SlotQueue } from "./slots.ts";

export interface AnswerQueueOptions {
  readonly socket: Socket;
  readonly memory: Pick<MemoryLease, "give">;
  readonly onDelivered: (delivery: Delivery) => void;
  /** The client takes no more for now; its socket says `drain` when it does. */
  readonly onFull: () => void;
}

export interface AnswerQueue {
  /** Takes the next place. */
  push(slot: Slot): void;
  /** The answer to `slot` is known; empty: nothing is sent. Whatever is ready now leaves. */
  settle(slot: Slot, answer: readonly Buffer[]): void;
  /** The forwarded slot the broker's next answer belongs to. */
  nextForwarded(): Slot | undefined;
  /** Whether the broker still owes the answer to a request of this API. */
  owes(apiKey: number): boolean;
  /** The client is gone: answers are only taken off. */
  mute(): void;
  /** Requests without an answer, or whose answer waits. */
  readonly size: number;
  /** Bytes of answers that wait behind a slower one. */
  readonly heldBytes: number;
}

export function answerQueue(options: AnswerQueueOptions): AnswerQueue {
  const { memory, onFull } = options;
  const toClient = outgoing(options.socket, memory, options.onDelivered);
  const slots = new SlotQueue();
  let heldBytes = 0;
  let isMuted = false;

  const leave = (slot: Slot, answer: readonly Buffer[]): void => {
    if (isMuted || answer.length === 0) {
      if (slot.slab) memory.give(slot.slab);
      return;
    }
    const delivery = slot.delivery?.isEmpty ? undefined : slot.delivery;
    if (!toClient.send(answer, slot.slab, delivery)) onFull();
  };

  return {
    push: (slot) => slots.push(slot),
    settle(slot, answer) {
      slot.answer = answer;
      heldBytes += bytesOf(answer);
      for (let ready = slots.shiftReady(); ready; ready = slots.shiftReady()) {
        const slices = ready.answer ?? [];
        heldBytes -= bytesOf(slices);
        leave(ready, slices);
      }
    },
    nextForwarded: () => slots.nextForwarded(),
    owes: (apiKey) => slots.owes(apiKey),
    mute() {
      isMuted = true;
    },
    get size() {
      return slots.size;
    },
    get heldBytes() {
      return heldBytes;
    },
  };
}

function bytesOf(slices: readonly Buffer[]): number {
  let bytes = 0;
  for (const slice of slices) bytes += slice.length;
  return bytes;
}
