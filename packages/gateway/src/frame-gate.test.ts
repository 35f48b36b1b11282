// Requests that wait keep their order.
import { beforeEach, describe, expect, test } from "vitest";
import { Pause } from "./flow.ts";
import { type FrameGate, frameGate } from "./frame-gate.ts";

let handled: string[];
let paused: boolean;
let gate: FrameGate;
/** What handling a frame does besides being noted. */
let onHandle: (frame: Buffer) => void;

beforeEach(() => {
  handled = [];
  paused = false;
  onHandle = () => undefined;
  gate = frameGate(
    {
      set(reason, on) {
        expect(reason).toBe(Pause.blocked);
        paused = on;
      },
    },
    (frame) => {
      handled.push(frame.toString());
      onHandle(frame);
    },
  );
});

const pass = (...names: string[]) => {
  for (const name of names) gate.pass(Buffer.from(name), undefined);
};

test("an open gate hands on at once", () => {
  pass("a");
  expect(handled).toEqual(["a"]);
  expect(paused).toBe(false);
});

describe("a shut gate", () => {
  test("stops reading and keeps what was read, in order", () => {
    gate.shut();
    expect(paused).toBe(true);
    pass("a", "b");
    expect(handled).toEqual([]);
    gate.open();
    expect(handled).toEqual(["a", "b"]);
    expect(paused).toBe(false);
  });

  test("that is shut again by the first of those who waited keeps the others behind it", () => {
    gate.shut();
    pass("a", "b", "c");
    onHandle = (frame) => {
      if (handled.length === 1) gate.shutBefore(frame, undefined);
    };
    gate.open();
    expect(handled).toEqual(["a"]);
    expect(paused).toBe(true);
    pass("d");
    gate.open();
    expect(handled).toEqual(["a", "a", "b", "c", "d"]);
    expect(paused).toBe(false);
  });

  test("forgets what waits when its connection ends", () => {
    gate.shut();
    pass("a");
    gate.clear();
    gate.open();
    expect(handled).toEqual([]);
  });
});
