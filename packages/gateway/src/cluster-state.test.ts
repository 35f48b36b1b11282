// What a gateway knows of a cluster's topics: only its own.
import { beforeEach, describe, expect, test } from "vitest";
import { prefix, testBinding } from "../test/session.ts";
import { ClusterState } from "./cluster-state.ts";

let state: ClusterState;
const id = (byte: number) => Buffer.alloc(16, byte);
const learn = (name: string, byte: number) => state.learn(name, id(byte).toString("latin1"));
const byId = (byte: number) => state.topicById(id(byte).toString("latin1"))?.name;

beforeEach(() => {
  state = new ClusterState(testBinding());
});

test("names are its own by the whole prefix and nothing else", () => {
  const owns = (text: string) => {
    const bytes = Buffer.from(`before${text}after`);
    return state.owns(bytes, 6, 6 + text.length);
  };
  expect(owns(`${prefix}t`)).toBe(true);
  expect(owns(prefix)).toBe(true);
  for (const name of ["", "t", prefix.slice(0, -1), `x${prefix}t`, "c876543210.t"])
    expect(owns(name)).toBe(false);
});

describe("a topic id", () => {
  test("is known once it was learned, unknown before, and of no other name", () => {
    expect(byId(1)).toBeUndefined();
    learn("t", 1);
    expect(byId(1)).toBe("t");
    expect(byId(2)).toBeUndefined();
  });

  test("completes the entry that was used by name before, so that counts stay together", () => {
    const entry = state.topic("t");
    learn("t", 1);
    expect(state.topic("t")).toBe(entry);
    expect(entry.id).toBe(id(1).toString("base64url"));
  });

  test("of a topic made anew replaces the old one, which becomes unknown and is another entry", () => {
    learn("t", 1);
    const first = state.topic("t");
    learn("t", 2);
    expect([byId(1), byId(2)]).toEqual([undefined, "t"]);
    expect(state.topic("t")).not.toBe(first);
    expect(first.id).toBe(id(1).toString("base64url"));
  });

  test("is forgotten with its topic", () => {
    learn("t", 1);
    state.forget("t");
    state.forget("t");
    expect(byId(1)).toBeUndefined();
    expect(state.topic("t").id).toBe("");
  });

  test("stays known when somebody else deleted the topic, while its counts begin anew", () => {
    learn("t", 1);
    const first = state.topic("t");
    state.renew("t");
    state.renew("unheard of");
    expect(byId(1)).toBe("t");
    expect(state.topic("t")).not.toBe(first);
  });
});

test("names without end do not fill the memory", () => {
  learn("t", 1);
  for (let i = 0; i < 60_000; i++) state.topic(`n${i}`);
  expect(byId(1)).toBeUndefined();
  learn("t", 1);
  expect(byId(1)).toBe("t");
});

test("a group speaks the consumer protocol unless it said otherwise", () => {
  expect(state.isConsumerGroup("g")).toBe(true);
  state.noteGroup("g", false);
  expect(state.isConsumerGroup("g")).toBe(false);
  state.noteGroup("g", true);
  expect(state.isConsumerGroup("g")).toBe(true);
});
