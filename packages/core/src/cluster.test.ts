import fc from "fast-check";
import { expect, test } from "vitest";
import { Actor, managerOf } from "./audit.ts";
import { ClusterSpec, partitionsMax, replication, StreamingUnits, Tier } from "./cluster.ts";
import type { TenantId } from "./ids.ts";
import { Channel, Manager } from "./resource.ts";

test("streaming units are whole, from nothing reserved to a hundred, and never reserve above the ceiling", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -2, max: 103 }),
      fc.integer({ min: -2, max: 103 }),
      (min, max) => {
        const legal = min >= 0 && max >= 1 && max <= 100 && min <= max;
        expect(StreamingUnits.safeParse({ min, max }).success).toBe(legal);
      },
    ),
  );
  expect(StreamingUnits.safeParse({ min: 0.5, max: 1 }).success).toBe(false);
});

test("a cluster without a word about it is a dev cluster that may sleep and costs nothing idle", () => {
  expect(ClusterSpec.parse({})).toEqual({
    tier: "dev",
    streamingUnits: { min: 0, max: 5 },
    idleAfterSeconds: 600,
    autoCreateTopics: false,
    protected: false,
    labels: {},
  });
  expect(partitionsMax(ClusterSpec.parse({}))).toBe(500);
  expect(ClusterSpec.safeParse({ cell: "ce_x" }).success).toBe(false);
});

test("no tier asks for more acknowledgements than it has copies to lose one of", () => {
  for (const tier of Tier.options) {
    const { factor, minInsyncReplicas } = replication[tier];
    expect(minInsyncReplicas).toBeLessThanOrEqual(Math.max(1, factor - 1));
  }
});

test("whoever acts, through whatever door, has a name that spec fields can carry", () => {
  const actor = { tenant: "tn_0123456789abcdef" as TenantId, requestId: "r" };
  for (const channel of Channel.options) {
    for (const serviceAccountName of [undefined, "owner"]) {
      const acting = Actor.parse({ ...actor, channel, serviceAccountName });
      expect(Manager.safeParse(managerOf(acting)).success).toBe(true);
    }
  }
});
