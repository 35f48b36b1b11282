// Answers leave in the order of their requests. Each request of a connection takes a slot; the broker's answers come in
// order for forwarded slots, our own answers when they are ready, and a slot's answer waits until all before it have
// left.
import type { Appendix } from "@headgate/kafka/walker";
import type { Route } from "./allow-list.ts";
import type { Delivery, FetchedFrom, ProducedBatches } from "./filters/50-count.ts";

export class Slot {
  readonly route: Route;
  readonly correlationId: number;
  /** False when it is answered here after all. */
  forwarded: boolean;
  /** The whole answer, once known. Empty: nothing is sent. */
  answer: readonly Buffer[] | undefined;
  /** Memory the answer lies in, to be given back once it was written. */
  slab: Buffer | undefined;
  /** What the answer delivers, to be counted when it reached the client. */
  delivery: Delivery | undefined;
  /** acks=0: the broker's answer is not for the client. */
  swallow = false;
  /** Kafka error the whole request is refused with, decided while walking it. */
  refusal = 0;
  /**
   * Error per refused name ("n" + topic), id ("i" + base64url), group ("g" + id) or resource ("r" + type + ":" + name).
   */
  denied: Map<string, number> | undefined;
  /** Answers for what was refused, by the array they belong to: "" or a group id. */
  stubs: Map<string, Appendix> | undefined;
  produced: ProducedBatches | undefined;
  fetched: FetchedFrom | undefined;
  /** Unknown topics named in Metadata are to be created. */
  autoCreate = false;
  /** Metadata 0 cannot ask for "none": the answer to "all" is emptied instead. */
  hideTopics = false;
  /** The group's members speak the consumer protocol. */
  consumerProtocol = true;

  constructor(route: Route, correlationId: number, forwarded: boolean) {
    this.route = route;
    this.correlationId = correlationId;
    this.forwarded = forwarded;
  }

  deny(name: string, code: number): void {
    this.denied ??= new Map();
    this.denied.set(name, code);
  }
}

const compactAt = 1024;

export class SlotQueue {
  #slots: (Slot | undefined)[] = [];
  #head = 0;
  /** First slot that may still wait for the broker. */
  #awaiting = 0;

  get size(): number {
    return this.#slots.length - this.#head;
  }

  push(slot: Slot): void {
    this.#slots.push(slot);
  }

  /** Whether the broker still owes the answer to a request of this API. */
  owes(apiKey: number): boolean {
    for (let i = Math.max(this.#awaiting, this.#head); i < this.#slots.length; i++) {
      const slot = this.#slots[i]!;
      if (slot.forwarded && slot.route.apiKey === apiKey) return true;
    }
    return false;
  }

  /** The forwarded slot the broker's next answer belongs to. */
  nextForwarded(): Slot | undefined {
    if (this.#awaiting < this.#head) this.#awaiting = this.#head;
    while (this.#awaiting < this.#slots.length) {
      const slot = this.#slots[this.#awaiting]!;
      this.#awaiting++;
      if (slot.forwarded) return slot;
    }
    return undefined;
  }

  /** Takes the oldest slot when its answer is known. */
  shiftReady(): Slot | undefined {
    const slot = this.#slots[this.#head];
    if (slot?.answer === undefined) return undefined;
    // A client that always has a request under way never empties the queue: what left must not be kept by it.
    this.#slots[this.#head] = undefined;
    this.#head++;
    if (this.#head >= compactAt || this.#head === this.#slots.length) this.#compact();
    return slot;
  }

  #compact(): void {
    this.#slots = this.#slots.slice(this.#head);
    this.#awaiting = Math.max(0, this.#awaiting - this.#head);
    this.#head = 0;
  }
}
