// Typed identifiers. A prefix tells the kind; handles and secrets never share one, so a secret in a log is seen as one.
import { z } from "zod";
import type { RandomSource } from "./clock.ts";

/** Crockford's base32, lower case: no i, l, o, u, so ids survive being read aloud. */
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
const idBody = "[0-9a-hjkmnp-tv-z]{16}";

const idOf = <P extends string>(prefix: P) =>
  z.templateLiteral([z.literal(prefix), "_", z.string().regex(new RegExp(`^${idBody}$`))]);

export const TenantId = idOf("tn");
export const ClusterId = idOf("cl");
export const ServiceAccountId = idOf("sa");
export const ApiKeyId = idOf("ak");
export const CellId = idOf("ce");
export const TopicHandle = idOf("tp");

export type TenantId = z.infer<typeof TenantId>;
export type ClusterId = z.infer<typeof ClusterId>;
export type ServiceAccountId = z.infer<typeof ServiceAccountId>;
export type ApiKeyId = z.infer<typeof ApiKeyId>;
export type CellId = z.infer<typeof CellId>;
export type TopicHandle = z.infer<typeof TopicHandle>;

/** `n` characters of base32 from as many random bytes (5 bits kept of each). */
export function base32(random: RandomSource, n: number): string {
  let text = "";
  for (const byte of random.bytes(n)) text += alphabet[byte & 31];
  return text;
}

/** A new id such as `tn_4qg7…`: 80 random bits, never reused. */
export function newId<P extends "tn" | "cl" | "sa" | "ak" | "ce" | "tp">(
  prefix: P,
  random: RandomSource,
): `${P}_${string}` {
  return `${prefix}_${base32(random, 16)}`;
}

/** 260 random bits. `hgs_` marks it as a secret for scanners; it is shown once and never stored. */
export function newSecret(random: RandomSource): string {
  return `hgs_${base32(random, 52)}`;
}

/** What a cluster's names carry on its cell: `c` + 9 base32 + `.`. Fixed length, hence prefix-free. */
export const PhysicalPrefix = z.string().regex(/^c[0-9a-hjkmnp-tv-z]{9}[.]$/);
export type PhysicalPrefix = z.infer<typeof PhysicalPrefix>;
export const prefixBytes = 11;

export function newPrefix(random: RandomSource): PhysicalPrefix {
  return `c${base32(random, 9)}.`;
}
