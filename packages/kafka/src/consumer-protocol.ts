// What classic consumer groups carry as opaque bytes inside JoinGroup, SyncGroup and DescribeGroups: `version int16`,
// then a ConsumerProtocolSubscription or ConsumerProtocolAssignment. Topic names in them must be rewritten: the
// coordinator expires offsets of topics that a stable group is not subscribed to, and committed names are prefixed.
//
// Newer versions only append fields, so an unknown one is read with the newest layout and its tail is kept as it is.

import { decode, encode, type Input } from "./codec.ts";
import { consumerProtocolAssignment, consumerProtocolSubscription } from "./generated/schemas.ts";
import type {
  ConsumerProtocolAssignment,
  ConsumerProtocolSubscription,
} from "./generated/types.ts";
import { Mark } from "./marks.ts";
import { compile, type Plan } from "./plan.ts";
import { type Field, type MessageSchema, resolve, type Struct } from "./schema.ts";
import { rewritePrefix, type Visitor } from "./walker.ts";
import { WireError } from "./wire.ts";

export type EmbeddedKind = "subscription" | "assignment";

interface Layout {
  readonly struct: Struct;
  readonly plan: Plan;
}

const MESSAGES: Readonly<Record<EmbeddedKind, MessageSchema>> = {
  subscription: consumerProtocolSubscription,
  assignment: consumerProtocolAssignment,
};

// Apache annotates the topic of owned and assigned partitions, but not the subscription's own topics.
const markOf = (path: string, field: Field): Mark =>
  path === "topics" || field.entity === "topicName" ? Mark.topicName : Mark.none;

const layouts = new Map<string, Layout>();

function layout(kind: EmbeddedKind, version: number): Layout {
  const message = MESSAGES[kind];
  const known = Math.min(version, message.versions[1]);
  const key = `${kind} ${known}`;
  let found = layouts.get(key);
  if (!found) {
    const struct = resolve(message, known);
    found = { struct, plan: compile(struct, markOf) };
    layouts.set(key, found);
  }
  return found;
}

/**
 * The bytes with the visitor's edits of topic names. Undefined when they cannot be read: the broker tolerates such
 * bytes, so they are forwarded as they are.
 */
export function rewriteEmbedded(
  kind: EmbeddedKind,
  bytes: Buffer,
  start: number,
  end: number,
  visitor: Visitor,
): Buffer | undefined {
  if (end - start < 2) return undefined;
  const version = bytes.readInt16BE(start);
  if (version < 0) return undefined;
  try {
    const { plan } = layout(kind, version);
    const slices = rewritePrefix(plan, bytes, start + 2, end, visitor);
    return Buffer.concat([bytes.subarray(start, start + 2), ...slices]);
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}

/** Reads a member's subscription. Throws WireError. */
export const decodeSubscription = (bytes: Buffer): ConsumerProtocolSubscription =>
  decodeEmbedded("subscription", bytes) as ConsumerProtocolSubscription;

/** Reads a member's assignment. Throws WireError. */
export const decodeAssignment = (bytes: Buffer): ConsumerProtocolAssignment =>
  decodeEmbedded("assignment", bytes) as ConsumerProtocolAssignment;

function decodeEmbedded(kind: EmbeddedKind, bytes: Buffer): unknown {
  if (bytes.length < 2) throw new WireError("no version", 0);
  const version = bytes.readInt16BE(0);
  if (version < 0) throw new WireError(`version ${version}`, 0);
  return decode(layout(kind, version).struct, bytes.subarray(2), "with tail");
}

export const encodeSubscription = (version: number, value: Input<ConsumerProtocolSubscription>) =>
  encodeEmbedded("subscription", version, value);

export const encodeAssignment = (version: number, value: Input<ConsumerProtocolAssignment>) =>
  encodeEmbedded("assignment", version, value);

function encodeEmbedded(kind: EmbeddedKind, version: number, value: object): Buffer {
  const head = Buffer.alloc(2);
  head.writeInt16BE(version);
  return Buffer.concat([head, encode(layout(kind, version).struct, value)]);
}
