import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decodeAssignment,
  decodeSubscription,
  type EmbeddedKind,
  encodeAssignment,
  encodeSubscription,
  rewriteEmbedded,
} from "./consumer-protocol.ts";
import { Mark } from "./marks.ts";
import { ADD_PREFIX, bystander, KEEP, STRIP_PREFIX, type Visitor } from "./walker.ts";
import { WireError } from "./wire.ts";

const prefix = Buffer.from("c123456789.");
const adding: Visitor = {
  ...bystander,
  prefix,
  span: (mark) => (mark === Mark.topicName ? ADD_PREFIX : KEEP),
};
const stripping: Visitor = {
  ...adding,
  span: (mark) => (mark === Mark.topicName ? STRIP_PREFIX : KEEP),
};

const rewritten = (kind: EmbeddedKind, bytes: Buffer, visitor: Visitor) =>
  rewriteEmbedded(kind, bytes, 0, bytes.length, visitor);

const topic = fc.string({ minLength: 1, maxLength: 20 }).map((text) => text.toWellFormed());
const owned = fc.array(fc.record({ topic, partitions: fc.array(fc.nat(1000), { maxLength: 4 }) }), {
  maxLength: 3,
});
const userData = fc.option(fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)));
const subscription = fc.record({
  version: fc.integer({ min: 0, max: 3 }),
  value: fc.record({ topics: fc.array(topic, { maxLength: 4 }), userData, ownedPartitions: owned }),
});
const assignment = fc.record({
  version: fc.integer({ min: 0, max: 3 }),
  value: fc.record({ assignedPartitions: owned, userData }),
});
/** Either kind, encoded. */
const member: fc.Arbitrary<{ kind: EmbeddedKind; bytes: Buffer }> = fc.oneof(
  subscription.map(({ version, value }) => ({
    kind: "subscription" as const,
    bytes: encodeSubscription(version, value),
  })),
  assignment.map(({ version, value }) => ({
    kind: "assignment" as const,
    bytes: encodeAssignment(version, value),
  })),
);

describe("a member's bytes", () => {
  it("are read as they were written, in every version", () => {
    fc.assert(
      fc.property(subscription, ({ version, value }) => {
        const read = decodeSubscription(encodeSubscription(version, value));
        expect(read.topics).toEqual(value.topics);
        expect(read.userData).toEqual(value.userData);
        expect(read.ownedPartitions).toEqual(version >= 1 ? value.ownedPartitions : []);
      }),
    );
    fc.assert(
      fc.property(assignment, ({ version, value }) => {
        expect(decodeAssignment(encodeAssignment(version, value))).toEqual(value);
      }),
    );
  });

  it("come back unchanged after a prefix was put on every topic and taken off again", () => {
    fc.assert(
      fc.property(member, ({ kind, bytes }) => {
        const prefixed = rewritten(kind, bytes, adding);
        expect(rewritten(kind, prefixed!, stripping)).toEqual(bytes);
      }),
    );
  });

  it("carry the prefix on subscribed, owned and assigned topics, and nowhere else", () => {
    const userData = Buffer.from("orders");
    const subscribed = rewritten(
      "subscription",
      encodeSubscription(3, {
        topics: ["orders", "bills"],
        userData,
        ownedPartitions: [{ topic: "orders", partitions: [0, 2] }],
        generationId: 7,
        rackId: "orders",
      }),
      adding,
    );
    expect(decodeSubscription(subscribed!)).toEqual({
      topics: ["c123456789.orders", "c123456789.bills"],
      userData,
      ownedPartitions: [{ topic: "c123456789.orders", partitions: [0, 2] }],
      generationId: 7,
      rackId: "orders",
    });
    const assigned = rewritten(
      "assignment",
      encodeAssignment(1, { assignedPartitions: [{ topic: "orders", partitions: [1] }], userData }),
      adding,
    );
    expect(decodeAssignment(assigned!)).toEqual({
      assignedPartitions: [{ topic: "c123456789.orders", partitions: [1] }],
      userData,
    });
  });

  it("of a version that is not known yet keep their version and their tail", () => {
    fc.assert(
      fc.property(
        member,
        fc.integer({ min: 4, max: 32767 }),
        fc.uint8Array({ maxLength: 30 }),
        ({ kind, bytes }, version, tail) => {
          // The newest known layout, with a higher number and more behind it.
          fc.pre(bytes.readInt16BE(0) === 3);
          const future = Buffer.concat([bytes, tail]);
          future.writeInt16BE(version, 0);
          const prefixed = rewritten(kind, future, adding);
          expect(prefixed?.readInt16BE(0)).toBe(version);
          expect(prefixed?.subarray(prefixed.length - tail.length)).toEqual(Buffer.from(tail));
          expect(rewritten(kind, prefixed!, stripping)).toEqual(future);
        },
      ),
    );
  });

  it("are taken from the middle of a frame without a look at what surrounds them", () => {
    fc.assert(
      fc.property(member, fc.uint8Array(), fc.uint8Array(), ({ kind, bytes }, before, after) => {
        const frame = Buffer.concat([before, bytes, after]);
        const end = before.length + bytes.length;
        const inside = rewriteEmbedded(kind, frame, before.length, end, adding);
        expect(inside).toEqual(rewritten(kind, bytes, adding));
      }),
    );
  });
});

describe("hostile bytes", () => {
  it("are left alone when nobody could read them: cut, negative version, empty", () => {
    const bytes = encodeSubscription(1, { topics: ["orders"], ownedPartitions: [] });
    for (let length = 0; length < bytes.length; length++)
      expect(rewritten("subscription", bytes.subarray(0, length), adding)).toBeUndefined();
    const negative = Buffer.from(bytes);
    negative.writeInt16BE(-1, 0);
    expect(rewritten("subscription", negative, adding)).toBeUndefined();
    expect(() => decodeSubscription(negative)).toThrow(WireError);
    expect(() => decodeAssignment(Buffer.alloc(1))).toThrow(WireError);
  });

  it("cannot claim a topic count that costs memory before it is disbelieved", () => {
    const claim = Buffer.alloc(10, 0xff);
    claim.writeInt16BE(0, 0);
    claim.writeInt32BE(0x7fff_ffff, 2);
    expect(rewritten("subscription", claim, adding)).toBeUndefined();
    expect(() => decodeSubscription(claim)).toThrow(WireError);
  });

  it("of any kind end in an answer or in WireError, never in another failure", () => {
    const kinds = fc.constantFrom<EmbeddedKind>("subscription", "assignment");
    fc.assert(
      fc.property(kinds, fc.uint8Array({ maxLength: 200 }), (kind, raw) => {
        const bytes = Buffer.from(raw);
        if (bytes.length > 0) bytes[0] = 0; // else nearly every version is negative or unknown
        const result = rewritten(kind, bytes, adding);
        expect(result === undefined || result.length >= bytes.length).toBe(true);
        try {
          (kind === "subscription" ? decodeSubscription : decodeAssignment)(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
