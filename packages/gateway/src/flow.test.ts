// Back-pressure, over real sockets.
import { describe, expect, test } from "vitest";
import { socketPair } from "../test/socket-pair.ts";
import { Delivery } from "./filters/50-count.ts";
import { outgoing, Pause, valve } from "./flow.ts";

describe("a valve", () => {
  test("opens again only when no reason is left", async () => {
    const { ours } = await socketPair();
    ours.resume();
    const reading = valve(ours);
    reading.set(Pause.blocked, true);
    reading.set(Pause.inFlight, true);
    reading.set(Pause.inFlight, true);
    reading.set(Pause.blocked, false);
    expect(ours.isPaused()).toBe(true);
    reading.set(Pause.inFlight, false);
    expect(ours.isPaused()).toBe(false);
    reading.set(Pause.otherSideFull, false);
    expect(ours.isPaused()).toBe(false);
  });
});

describe("what goes out", () => {
  const slices = [Buffer.from("one "), Buffer.from("two "), Buffer.from("three")];

  test("arrives in order; its memory comes back and its delivery counts when the last slice is written", async () => {
    const { ours, theirs } = await socketPair();
    const given: Buffer[] = [];
    const counted: Delivery[] = [];
    const { promise: written, resolve } = Promise.withResolvers<void>();
    const out = outgoing(ours, { give: (slab) => void given.push(slab) }, (delivery) => {
      counted.push(delivery);
      resolve();
    });
    const [slab, delivery] = [Buffer.from("slab"), new Delivery()];
    out.send([slices[0]!], undefined);
    expect(out.send(slices, slab, delivery)).toBe(true);
    expect([given, counted]).toEqual([[], []]);
    await written;
    expect([given, counted]).toEqual([[slab], [delivery]]);
    ours.end();
    const got: Buffer[] = [];
    for await (const chunk of theirs) got.push(chunk as Buffer);
    expect(Buffer.concat(got).toString()).toBe("one one two three");
  });

  test("to a reader that does not read says so, and is not counted when the connection ends", async () => {
    const { ours, theirs } = await socketPair();
    theirs.pause();
    let given = 0;
    let counted = 0;
    const sent = { give: () => void given++ };
    const out = outgoing(ours, sent, () => void counted++);
    const large = Buffer.alloc(1024 * 1024);
    let frames = 0;
    // The kernel's own buffers take some; what is left is neither counted nor lost sight of.
    while (out.send([large], large, new Delivery())) {
      frames++;
      await new Promise((resolve) => setImmediate(resolve));
    }
    const closed = new Promise((resolve) => ours.once("close", resolve));
    ours.destroy();
    await closed;
    expect(counted).toBeLessThanOrEqual(frames);
    expect(given).toBe(frames + 1);
  });
});
