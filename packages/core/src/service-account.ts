// An identity and what it may do: a role over the REST API, grants on Kafka resources. Usage and audit name it.
import { z } from "zod";
import { ServiceAccountId } from "./ids.ts";
import { baseStatus, Labels, Name, resource } from "./resource.ts";

/** `operator` runs the service; the others act within their tenant. */
export const Role = z.enum(["operator", "owner", "developer", "viewer", "none"]);
export type Role = z.infer<typeof Role>;

export const GrantResource = z.enum(["topic", "group", "transactionalId"]);
export type GrantResource = z.infer<typeof GrantResource>;
export const GrantOperation = z.enum(["produce", "consume", "admin"]);
export type GrantOperation = z.infer<typeof GrantOperation>;

/** `produce` on topics `orders.` (prefixed) reads: may write to every topic whose name starts with `orders.`. */
export const Grant = z.strictObject({
  operation: GrantOperation,
  resource: GrantResource.default("topic"),
  pattern: z.enum(["literal", "prefixed"]).default("literal"),
  /** A name, or with `prefixed` the start of it; `*` with `literal` means all. */
  name: z.string().min(1).max(249),
});
export type Grant = z.infer<typeof Grant>;

export const ServiceAccountSpec = z.strictObject({
  displayName: z.string().max(100).default(""),
  /** The cluster its Kafka connections reach and its REST default. */
  cluster: Name.default("default"),
  role: Role.default("none"),
  grants: z.array(Grant).max(100).default([]),
  protected: z.boolean().default(false),
  labels: Labels.default({}),
});
export type ServiceAccountSpec = z.infer<typeof ServiceAccountSpec>;

export const ServiceAccountStatus = z.object({ ...baseStatus });

export const ServiceAccount = resource(
  "ServiceAccount",
  ServiceAccountId,
  Name,
  ServiceAccountSpec,
  ServiceAccountStatus,
);
export type ServiceAccount = z.infer<typeof ServiceAccount>;

/** What REST routes ask for; each role holds those left of it too. */
export const Permission = z.enum(["view", "edit", "own", "operate"]);
export type Permission = z.infer<typeof Permission>;

const permissions: Record<Role, readonly Permission[]> = {
  none: [],
  viewer: ["view"],
  developer: ["view", "edit"],
  owner: ["view", "edit", "own"],
  operator: ["view", "edit", "own", "operate"],
};

/** Whether a role may use a REST route that asks for `permission`. */
export function roleMay(role: Role, permission: Permission): boolean {
  return permissions[role].includes(permission);
}

/** What a role grants on the Kafka port: developers and above everything in their cluster, viewers reading. */
export function roleGrants(role: Role): readonly Grant[] {
  const all = (operation: GrantOperation, resource: GrantResource): Grant => ({
    operation,
    resource,
    pattern: "literal",
    name: "*",
  });
  if (role === "none") return [];
  if (role === "viewer") return [all("consume", "topic"), all("consume", "group")];
  return GrantOperation.options.flatMap((operation) =>
    GrantResource.options.map((resource) => all(operation, resource)),
  );
}

/** Whether grants allow an operation on a name as the tenant sees it. `admin` includes the other two. */
export function grantsAllow(
  grants: readonly Grant[],
  operation: GrantOperation,
  resource: GrantResource,
  name: string,
): boolean {
  return grants.some(
    (grant) =>
      grant.resource === resource &&
      (grant.operation === operation || grant.operation === "admin") &&
      covers(grant, name),
  );
}

/** Whether a name may be seen at all: any operation on it is granted (Kafka's DESCRIBE). */
export function grantsDescribe(
  grants: readonly Grant[],
  resource: GrantResource,
  name: string,
): boolean {
  return grants.some((grant) => grant.resource === resource && covers(grant, name));
}

function covers(grant: Grant, name: string): boolean {
  if (grant.pattern === "prefixed") return name.startsWith(grant.name);
  return grant.name === "*" || grant.name === name;
}
