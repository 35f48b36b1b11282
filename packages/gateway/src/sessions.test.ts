// Sessions of clusters: how many, what they share, and what stays when a binding changes.
import type { Binding } from "@headgate/core/binding";
import { roleGrants } from "@headgate/core/service-account";
import { beforeEach, describe, expect, test } from "vitest";
import { testBinding } from "../test/session.ts";
import type { Session } from "./session.ts";
import { createSessions, type Sessions } from "./sessions.ts";

const topicId = Buffer.alloc(16, 1);
let sessions: Sessions;
let learned: number;
let isStoreDown: boolean;

beforeEach(() => {
  learned = 0;
  isStoreDown = false;
  sessions = createSessions({
    clock: { nowMs: () => 0 },
    async topics() {
      learned++;
      if (isStoreDown) throw new Error("store");
      return [{ name: "t", topicId: topicId.toString("base64url") }];
    },
  });
});

const open = async (binding: Binding) => (await sessions.open(binding)) as Session;
const small = testBinding(undefined, { streamingUnits: { min: 0, max: 1 } });
const knows = ({ cluster }: Session) => cluster.topicById(topicId.toString("latin1"))?.name;

describe("connections", () => {
  test("are as many as the cluster's streaming units allow, and one that ends makes room", async () => {
    const opened = await Promise.all(Array.from({ length: 100 }, () => open(small)));
    const refused = await sessions.open(small);
    expect(refused).toMatch(/has its 100 connections.*raise its streaming units/);
    sessions.release(opened[0]!);
    expect(typeof (await sessions.open(small))).toBe("object");
    expect(typeof (await sessions.open(small))).toBe("string");
  });

  test("of one cluster take nothing from another", async () => {
    await Promise.all(Array.from({ length: 100 }, () => open(small)));
    const other = { ...small, cluster: "cl_1111111111111111" as Binding["cluster"] };
    expect(typeof (await sessions.open(other))).toBe("object");
  });
});

describe("a cluster's state", () => {
  test("is made once, and knows its topics before the first request", async () => {
    const [a, b] = await Promise.all([open(small), open(small)]);
    expect(learned).toBe(1);
    expect(a.cluster).toBe(b.cluster);
    expect(a.usage).toBe(b.usage);
    expect(knows(a)).toBe("t");
    expect(sessions.books()).toEqual([a.usage]);
  });

  test("does without what the store cannot tell: metadata teaches the same", async () => {
    isStoreDown = true;
    expect(knows(await open(small))).toBeUndefined();
  });

  test("is made anew for a cluster that was placed elsewhere, while its counters go on", async () => {
    const before = await open(small);
    const placement = { ...small.placement, prefix: "c999999999." };
    const after = await open({ ...small, placement });
    expect(after.cluster).not.toBe(before.cluster);
    expect(after.cluster.prefixText).toBe("c999999999.");
    expect(after.usage).toBe(before.usage);
  });
});

test("a changed binding has its new grants at once and is no further connection", async () => {
  const all = await Promise.all(Array.from({ length: 100 }, () => open(small)));
  const grants = roleGrants("viewer");
  const fresh = sessions.refresh({ ...small, grants });
  expect(fresh.access).not.toBe(all[0]!.access);
  expect(fresh.access.producesAnything).toBe(false);
  sessions.release(fresh);
  expect(typeof (await sessions.open(small))).toBe("object");
});

test("a topic that is gone counts anew; clusters nobody used are not made for it", async () => {
  const session = await open(small);
  const before = session.cluster.topic("t");
  sessions.topicGone(small.cluster, "t");
  expect(session.cluster.topic("t")).not.toBe(before);
  sessions.topicGone("cl_1111111111111111", "t");
  expect(sessions.books()).toHaveLength(1);
});
