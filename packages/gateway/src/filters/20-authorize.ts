// Grants become Kafka's authorization errors before anything is forwarded. Decisions are cached per name, since the
// same few names come with every frame.
import {
  type Grant,
  type GrantResource,
  grantsAllow,
  grantsDescribe,
} from "@headgate/core/service-account";
import type { Need } from "../allow-list.ts";

export const Bit = { describe: 1, produce: 2, consume: 4, admin: 8 } as const;

/** Names whose decision is kept; a client that sends ever new names only loses the cache. */
const namesMax = 10_000;

export interface Access {
  /** Bits granted on a topic, as the tenant names it. */
  topic(name: string): number;
  group(name: string): number;
  /** Whether any topic at all may be written: Kafka asks this of idempotent producers. */
  readonly producesAnything: boolean;
}

export function accessOf(grants: readonly Grant[]): Access {
  const cached = (resource: GrantResource) => {
    const known = new Map<string, number>();
    return (name: string): number => {
      let bits = known.get(name);
      if (bits === undefined) {
        if (known.size >= namesMax) known.clear();
        bits = bitsOf(grants, resource, name);
        known.set(name, bits);
      }
      return bits;
    };
  };
  return {
    topic: cached("topic"),
    group: cached("group"),
    producesAnything: grants.some(
      (grant) => grant.resource === "topic" && grant.operation !== "consume",
    ),
  };
}

function bitsOf(grants: readonly Grant[], resource: GrantResource, name: string): number {
  let bits = grantsDescribe(grants, resource, name) ? Bit.describe : 0;
  for (const operation of ["produce", "consume", "admin"] as const)
    if (grantsAllow(grants, operation, resource, name)) bits |= Bit[operation];
  return bits;
}

/** The bit a need asks for; no need asks for nothing. */
export const bitOf = (need: Need | undefined): number => (need === undefined ? 0 : Bit[need]);

// org.apache.kafka.common.acl.AclOperation: READ 3, WRITE 4, CREATE 5, DELETE 6, ALTER 7, DESCRIBE 8,
// DESCRIBE_CONFIGS 10, ALTER_CONFIGS 11.
const operation = (...codes: number[]) => codes.reduce((bits, code) => bits | (1 << code), 0);

/** Kafka's bit field of authorized operations for what a credential may do. */
export function authorizedOperations(bits: number): number {
  return (
    (bits & Bit.describe ? operation(8, 10) : 0) |
    (bits & Bit.produce ? operation(4) : 0) |
    (bits & Bit.consume ? operation(3) : 0) |
    (bits & Bit.admin ? operation(5, 6, 7, 11) : 0)
  );
}
