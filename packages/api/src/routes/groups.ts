// Consumer groups with members and lag, read from the cluster's brokers when asked. A deployment without a way to them
// says so.
import { type OwnedCluster, requireCluster } from "@headgate/control/cluster-reads";
import { type Commit, commit } from "@headgate/control/commit";
import { AppError } from "@headgate/core/errors";
import { z } from "@hono/zod-openapi";
import { type ClusterScope, clusterOf, clusterScopes } from "../cluster-scope.ts";
import * as example from "../examples.ts";
import type { GroupPlace, GroupReader } from "../groups.ts";
import { listQuery } from "../list-query.ts";
import { pageOfNames } from "../page-of-names.ts";
import { type Api, route } from "../route.ts";
import { isDryRun, writeQuery } from "../writes.ts";

const tag = "Groups";
const groupsQuery = z.strictObject({
  limit: listQuery.shape.limit,
  cursor: listQuery.shape.cursor,
  filter: z.string().optional().openapi({ description: "`name=PREFIX*`.", example: "name=bil*" }),
  sort: listQuery.shape.sort,
});
const errors = [
  "resource.not_found",
  "cluster.not_ready",
  "cell.unavailable",
  "deployment.unsupported",
] as const;

export function groupRoutes(api: Api): void {
  for (const scope of clusterScopes) {
    listRoute(api, scope);
    readRoute(api, scope);
    deleteRoute(api, scope);
  }
}

function listRoute(api: Api, scope: ClusterScope): void {
  const operation = {
    method: "get",
    path: `${scope.base}/groups`,
    operationId: `list${scope.of}Groups`,
    tag,
    summary: "List consumer groups by name",
    access: "view",
    query: groupsQuery,
    answers: {
      200: {
        description: "A page of groups.",
        schema: "GroupList",
        example: { items: [example.groupSummary] },
      },
    },
    errors,
  } as const;
  route(api, operation, async (call) => {
    const { reader, place } = await groupsOf(api, call.caller.actor.tenant, clusterOf(scope, call));
    return call.c.json(pageOfNames(await reader.list(place), call.query));
  });
}

function readRoute(api: Api, scope: ClusterScope): void {
  const operation = {
    method: "get",
    path: `${scope.base}/groups/{group}`,
    operationId: `get${scope.of}Group`,
    tag,
    summary: "Get a consumer group with its members and lag",
    access: "view",
    answers: { 200: { description: "The group.", schema: "Group", example: example.group } },
    errors,
  } as const;
  route(api, operation, async (call) => {
    const { reader, place } = await groupsOf(api, call.caller.actor.tenant, clusterOf(scope, call));
    const name = call.param("group");
    const group = await reader.read(place, name);
    if (!group) throw unknownGroup(name);
    return call.c.json(group);
  });
}

function deleteRoute(api: Api, scope: ClusterScope): void {
  const { control } = api.deps;
  const operation = {
    method: "delete",
    path: `${scope.base}/groups/{group}`,
    operationId: `delete${scope.of}Group`,
    tag,
    summary: "Delete a consumer group without members, and its offsets",
    access: "edit",
    query: writeQuery,
    answers: {
      200: {
        description: "It could be deleted (validateOnly).",
        schema: "Group",
        example: { ...example.group, state: "Empty", members: [] },
      },
      204: { description: "It is gone." },
    },
    errors: [...errors, "group.not_empty"],
  } as const;
  route(api, operation, async (call) => {
    const { actor } = call.caller;
    const name = call.param("group");
    const { reader, place, cluster } = await groupsOf(api, actor.tenant, clusterOf(scope, call));
    const group = await reader.read(place, name);
    if (!group) throw unknownGroup(name);
    if (group.members.length > 0) throw notEmpty(name);
    if (isDryRun(call.query)) return call.c.json(group);
    const written: Commit = {
      tenant: actor.tenant,
      event: {
        action: "delete",
        kind: "Group",
        resource: `clusters/${cluster.name}/groups/${name}`,
        before: { partitions: group.partitions },
      },
      change: { kind: "group", parts: [cluster.id, name], action: "delete" },
    };
    const outcome = await commit(control, actor, written, () => reader.remove(place, name));
    if (outcome === "not empty") throw notEmpty(name);
    return call.c.body(null, 204);
  });
}

interface Groups {
  readonly reader: GroupReader;
  readonly cluster: OwnedCluster;
  readonly place: GroupPlace;
}

/** Throws `deployment.unsupported`, `resource.not_found`, `cluster.not_ready`. */
async function groupsOf(
  { deps }: Api,
  tenant: OwnedCluster["tenant"],
  name: string,
): Promise<Groups> {
  const cluster = await requireCluster(deps.control, tenant, name, "also deleting");
  const { groups: reader } = deps;
  if (!reader) {
    throw new AppError("deployment.unsupported", {
      detail: "Consumer groups cannot be read here: this deployment has no way to the brokers.",
    });
  }
  if (!cluster.placement) {
    throw new AppError("cluster.not_ready", {
      detail: `Cluster '${name}' has no place yet.`,
      retryAfterSeconds: 1,
    });
  }
  return { reader, cluster, place: cluster.placement };
}

function unknownGroup(name: string): AppError {
  const shown = name.length > 80 ? `${name.slice(0, 80)}…` : name;
  return new AppError("resource.not_found", { detail: `There is no group '${shown}'.` });
}

function notEmpty(name: string): AppError {
  return new AppError("group.not_empty", { detail: `Group '${name}' still has members.` });
}
