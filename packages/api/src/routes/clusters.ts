// Clusters: a write answers what the cluster can cost at most.
import { getCluster, listClusters } from "@headgate/control/cluster-reads";
import { deleteCluster, writeCluster } from "@headgate/control/clusters";
import { ifMatch, whenExists } from "../conditional.ts";
import * as example from "../examples.ts";
import { clusterHoldsData, preconditionRequired } from "../holds-data.ts";
import { listOptions } from "../list-query.ts";
import { findCluster, whenClusterReady, whenGone } from "../prefer.ts";
import { deleting, listing, type ResourceKind, reading, writing } from "../resource-operations.ts";
import { type Api, route } from "../route.ts";
import { answerResource, answerWritten, changeBy, isDryRun, writeOptions } from "../writes.ts";

const kind: ResourceKind = {
  tag: "Clusters",
  path: "/v1/clusters",
  param: "cluster",
  id: "Cluster",
  noun: "cluster",
  schemas: { one: "Cluster", list: "ClusterList", write: "ClusterWrite" },
  examples: { one: example.cluster, write: example.clusterWrite, patch: example.clusterPatch },
  mayWrite: "own",
  isProvisioned: true,
  unknown: ["resource.not_found"],
  refused: ["quota.exceeded", "resource.deleting"],
};

export function clusterRoutes(api: Api): void {
  readRoutes(api);
  writeRoute(api, "put");
  writeRoute(api, "patch");
  deleteRoute(api);
}

function readRoutes(api: Api): void {
  const { control } = api.deps;
  route(api, listing(kind), async ({ c, caller, query }) =>
    c.json(await listClusters(control, caller.actor, listOptions(query))),
  );
  route(api, reading(kind), async ({ c, caller, param }) =>
    answerResource(c, await getCluster(control, caller.actor, param("cluster"))),
  );
}

function writeRoute(api: Api, method: "put" | "patch"): void {
  const { control } = api.deps;
  route(api, writing(kind, method), async ({ c, query, caller: { actor }, body, param }) => {
    const name = param("cluster");
    const options = writeOptions(c, query, method);
    const change = changeBy(method, body.spec);
    const done = await whenExists(c, writeCluster(control, actor, name, change, options));
    const ready = isDryRun(query)
      ? done.resource
      : await whenClusterReady(control, c, actor, done.resource);
    return answerWritten(c, query, done, ready, `/v1/clusters/${name}`);
  });
}

function deleteRoute(api: Api): void {
  const { control } = api.deps;
  const operation = deleting(kind, "It is being deleted.", "It was waited for, and is gone.");
  route(api, operation, async ({ c, query, caller: { actor }, param }) => {
    const name = param("cluster");
    const cluster = await getCluster(control, actor, name);
    const { expect, isBlind } = ifMatch(c);
    const options = { expect, validateOnly: isDryRun(query) };
    if (isBlind && !options.validateOnly && cluster.deletedAt === undefined) {
      const holdsData = await clusterHoldsData(control, actor.tenant, cluster);
      if (holdsData) throw preconditionRequired(`cluster '${name}'`);
    }
    const deleted = await deleteCluster(control, actor, name, options);
    if (options.validateOnly) return c.json(deleted);
    const read = () => findCluster(control, actor, name);
    const isGone = await whenGone(control, c, read, `cluster:${cluster.id}`);
    return isGone ? c.body(null, 204) : answerResource(c, deleted);
  });
}
