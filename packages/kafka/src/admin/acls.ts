// Access control lists, with Kafka's own words (AclBinding, AclBindingFilter).

import { errorOf, KafkaError } from "../errors.ts";
import { Api } from "../generated/types.ts";
import type { Router } from "./router.ts";
import type { Outcome } from "./topics.ts";

// Positions are the codes on the wire; 0 is UNKNOWN, 1 ANY (filters only).
const RESOURCE_TYPES =
  "UNKNOWN ANY TOPIC GROUP CLUSTER TRANSACTIONAL_ID DELEGATION_TOKEN USER".split(" ");
const PATTERN_TYPES = "UNKNOWN ANY MATCH LITERAL PREFIXED".split(" ");
const OPERATIONS = (
  "UNKNOWN ANY ALL READ WRITE CREATE DELETE ALTER DESCRIBE CLUSTER_ACTION DESCRIBE_CONFIGS ALTER_CONFIGS " +
  "IDEMPOTENT_WRITE CREATE_TOKENS DESCRIBE_TOKENS TWO_PHASE_COMMIT"
).split(" ");
const PERMISSIONS = "UNKNOWN ANY DENY ALLOW".split(" ");

export type AclResourceType =
  | "TOPIC"
  | "GROUP"
  | "CLUSTER"
  | "TRANSACTIONAL_ID"
  | "DELEGATION_TOKEN"
  | "USER";
export type AclPatternType = "LITERAL" | "PREFIXED";
export type AclOperation =
  | "ALL"
  | "READ"
  | "WRITE"
  | "CREATE"
  | "DELETE"
  | "ALTER"
  | "DESCRIBE"
  | "CLUSTER_ACTION"
  | "DESCRIBE_CONFIGS"
  | "ALTER_CONFIGS"
  | "IDEMPOTENT_WRITE"
  | "CREATE_TOKENS"
  | "DESCRIBE_TOKENS"
  | "TWO_PHASE_COMMIT";

export interface Acl {
  readonly resourceType: AclResourceType;
  /** "kafka-cluster" for CLUSTER. */
  readonly resourceName: string;
  readonly patternType: AclPatternType;
  /** "User:name". */
  readonly principal: string;
  /** "*": any. */
  readonly host: string;
  readonly operation: AclOperation;
  readonly permission: "ALLOW" | "DENY";
}

/** A field left out matches anything. MATCH finds what applies to a name, prefixes and wildcards included. */
export type AclFilter = Partial<Omit<Acl, "patternType">> & {
  readonly patternType?: AclPatternType | "MATCH" | "ANY";
};

export function aclAdmin(router: Router) {
  /** One outcome per ACL, in order. Creating an ACL that exists is fine. */
  async function createAcls(acls: readonly Acl[]): Promise<Outcome[]> {
    const creations = acls.map((acl) => ({
      resourceType: code(RESOURCE_TYPES, acl.resourceType),
      resourceName: acl.resourceName,
      resourcePatternType: code(PATTERN_TYPES, acl.patternType),
      principal: acl.principal,
      host: acl.host,
      operation: code(OPERATIONS, acl.operation),
      permissionType: code(PERMISSIONS, acl.permission),
    }));
    const answer = await router.ask(undefined, Api.CreateAcls, { creations }, { repeatable: true });
    return answer.results.map((r) => ({ error: errorOf(r.errorCode, r.errorMessage) }));
  }

  async function describeAcls(filter: AclFilter = {}): Promise<Acl[]> {
    const { resourceTypeFilter, resourceNameFilter, patternTypeFilter, ...entry } =
      toFilter(filter);
    const request = { ...entry, resourceTypeFilter, resourceNameFilter, patternTypeFilter };
    const answer = await router.ask(undefined, Api.DescribeAcls, request, { repeatable: true });
    if (answer.errorCode !== 0) throw new KafkaError(answer.errorCode, answer.errorMessage);
    return answer.resources.flatMap((resource) =>
      resource.acls.map((acl) => fromAcl({ ...resource, ...acl })),
    );
  }

  /** What each filter deleted, in order. */
  async function deleteAcls(
    filters: readonly AclFilter[],
  ): Promise<(Outcome & { readonly deleted: readonly Acl[] })[]> {
    const request = { filters: filters.map(toFilter) };
    const answer = await router.ask(undefined, Api.DeleteAcls, request, { repeatable: true });
    return answer.filterResults.map((result) => ({
      error: errorOf(result.errorCode, result.errorMessage),
      deleted: result.matchingAcls.filter((acl) => acl.errorCode === 0).map(fromAcl),
    }));
  }

  return { createAcls, describeAcls, deleteAcls };
}

function code(names: readonly string[], name: string): number {
  const index = names.indexOf(name);
  if (index < 0) throw new RangeError(`"${name}" is none of ${names.join(", ")}`);
  return index;
}

const toFilter = (filter: AclFilter) => ({
  resourceTypeFilter: code(RESOURCE_TYPES, filter.resourceType ?? "ANY"),
  resourceNameFilter: filter.resourceName ?? null,
  patternTypeFilter: code(PATTERN_TYPES, filter.patternType ?? "ANY"),
  principalFilter: filter.principal ?? null,
  hostFilter: filter.host ?? null,
  operation: code(OPERATIONS, filter.operation ?? "ANY"),
  permissionType: code(PERMISSIONS, filter.permission ?? "ANY"),
});

interface WireAcl {
  readonly resourceType: number;
  readonly resourceName: string;
  readonly patternType: number;
  readonly principal: string;
  readonly host: string;
  readonly operation: number;
  readonly permissionType: number;
}

const fromAcl = (acl: WireAcl): Acl => ({
  resourceType: (RESOURCE_TYPES[acl.resourceType] ?? "UNKNOWN") as AclResourceType,
  resourceName: acl.resourceName,
  patternType: (PATTERN_TYPES[acl.patternType] ?? "UNKNOWN") as AclPatternType,
  principal: acl.principal,
  host: acl.host,
  operation: (OPERATIONS[acl.operation] ?? "UNKNOWN") as AclOperation,
  permission: (PERMISSIONS[acl.permissionType] ?? "UNKNOWN") as Acl["permission"],
});
