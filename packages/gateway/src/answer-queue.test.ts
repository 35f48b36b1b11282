// Answers to the client, over a real socket.
import { Api } from "@headgate/kafka/generated/types";
import { expect, test } from "vitest";
import { socketPair } from "../test/socket-pair.ts";
import { routeFor } from "./allow-list.ts";
import { answerQueue } from "./answer-queue.ts";
import { Slot } from "./slots.ts";

const route = routeFor(Api.Metadata, 9)!;

async function queue() {
  const { ours, theirs } = await socketPair();
  const given: Buffer[] = [];
  let full = 0;
  const answers = answerQueue({
    socket: ours,
    memory: { give: (slab) => void given.push(slab) },
    onDelivered: () => undefined,
    onFull: () => void full++,
  });
  const slots = [0, 1, 2].map((id) => new Slot(route, id, true));
  for (const slot of slots) answers.push(slot);
  const read = async () => {
    ours.end();
    const got: Buffer[] = [];
    for await (const chunk of theirs) got.push(chunk as Buffer);
    return Buffer.concat(got).toString();
  };
  return { answers, slots, given, read, full: () => full };
}

test("an answer waits for those before it, and what waits is known in bytes", async () => {
  const { answers, slots, read } = await queue();
  answers.settle(slots[2]!, [Buffer.from("three")]);
  answers.settle(slots[1]!, [Buffer.from("t"), Buffer.from("wo ")]);
  expect([answers.size, answers.heldBytes]).toEqual([3, 9]);
  answers.settle(slots[0]!, [Buffer.from("one ")]);
  expect([answers.size, answers.heldBytes]).toEqual([0, 0]);
  expect(await read()).toBe("one two three");
});

test("an empty answer sends nothing and gives its memory back", async () => {
  const { answers, slots, given, read } = await queue();
  slots[0]!.slab = Buffer.from("slab");
  answers.settle(slots[0]!, []);
  answers.settle(slots[1]!, [Buffer.from("next")]);
  expect(given).toEqual([Buffer.from("slab")]);
  expect(await read()).toBe("next");
});

test("to a client that is gone nothing is written, and the queue still empties", async () => {
  const { answers, slots, given, read, full } = await queue();
  answers.mute();
  slots[0]!.slab = Buffer.from("slab");
  for (const slot of slots) answers.settle(slot, [Buffer.alloc(10 * 1024 * 1024)]);
  expect([answers.size, answers.heldBytes, full()]).toEqual([0, 0, 0]);
  expect(given).toHaveLength(1);
  expect(await read()).toBe("");
});
