// The second wall: what a cluster's upstream principal may do on its cell, and nothing besides. A hole in the gateway's
// rewrite then meets an authorisation error and not a neighbour's data.
import type { Placement } from "@headgate/core/cluster";
import type { Acl, AclFilter, AclOperation, AclResourceType } from "@headgate/kafka/admin/acls";

/**
 * Topic and config writes are the admin's, so no CREATE or ALTER; nothing on CLUSTER: DESCRIBE there lists all groups.
 */
const granted: readonly [AclResourceType, readonly AclOperation[]][] = [
  ["TRANSACTIONAL_ID", ["WRITE"]],
  ["GROUP", ["READ", "DELETE", "DESCRIBE_CONFIGS"]],
  ["TOPIC", ["READ", "WRITE", "DELETE", "DESCRIBE_CONFIGS"]],
];

/**
 * One for the whole cell. Without it the broker scans every ACL of the cell at each InitProducerId to see whether the
 * principal may write anywhere.
 */
const idempotentWrite: Acl = {
  resourceType: "CLUSTER",
  resourceName: "kafka-cluster",
  patternType: "LITERAL",
  principal: "User:*",
  host: "*",
  operation: "IDEMPOTENT_WRITE",
  permission: "ALLOW",
};

/** Every ACL that must exist for a cluster, the cell-wide one among them. */
export function aclsOf({ prefix, principal }: Pick<Placement, "prefix" | "principal">): Acl[] {
  const own = granted.flatMap(([resourceType, operations]) =>
    operations.map(
      (operation): Acl => ({
        resourceType,
        resourceName: prefix,
        patternType: "PREFIXED",
        principal: `User:${principal}`,
        host: "*",
        operation,
        permission: "ALLOW",
      }),
    ),
  );
  return [idempotentWrite, ...own];
}

/** What to remove with a cluster: everything of its principal, the cell-wide ACL stays. */
export function aclsToRemove({ principal }: Pick<Placement, "principal">): AclFilter {
  return { principal: `User:${principal}` };
}
