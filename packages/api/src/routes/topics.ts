// Topics, under their cluster and, for the credential's default cluster, directly under /v1.
import { requireCluster } from "@headgate/control/cluster-reads";
import { deleteTopic, findTopic, getTopic, listTopics, writeTopic } from "@headgate/control/topics";
import { type ClusterScope, clusterOf, clusterScopes } from "../cluster-scope.ts";
import { ifMatch, whenExists } from "../conditional.ts";
import * as example from "../examples.ts";
import { preconditionRequired, topicHoldsData } from "../holds-data.ts";
import { listOptions } from "../list-query.ts";
import { whenGone, whenReady } from "../prefer.ts";
import { deleting, listing, type ResourceKind, reading, writing } from "../resource-operations.ts";
import { type Api, route } from "../route.ts";
import { answerResource, answerWritten, changeBy, isDryRun, writeOptions } from "../writes.ts";

const kindIn = ({ base, of }: ClusterScope): ResourceKind => ({
  tag: "Topics",
  path: `${base}/topics`,
  param: "name",
  id: `${of}Topic`,
  noun: "topic",
  schemas: { one: "Topic", list: "TopicList", write: "TopicWrite" },
  examples: { one: example.topic, write: example.topicWrite, patch: example.topicPatch },
  mayWrite: "edit",
  isProvisioned: true,
  unknown: ["resource.not_found", "topic.unknown", "topic.name_invalid"],
  refused: [
    "topic.partitions_invalid",
    "topic.partitions_decrease",
    "topic.config_unknown",
    "topic.config_invalid",
    "topic.config_operator_only",
    "quota.exceeded",
    "resource.deleting",
  ],
});

export function topicRoutes(api: Api): void {
  for (const scope of clusterScopes) {
    readRoutes(api, scope);
    writeRoute(api, scope, "put");
    writeRoute(api, scope, "patch");
    deleteRoute(api, scope);
  }
}

function readRoutes(api: Api, scope: ClusterScope): void {
  const { control } = api.deps;
  const kind = kindIn(scope);
  route(api, listing(kind, ["resource.not_found"]), async (call) => {
    const options = listOptions(call.query);
    return call.c.json(
      await listTopics(control, call.caller.actor, clusterOf(scope, call), options),
    );
  });
  route(api, reading(kind), async (call) => {
    const [cluster, name] = [clusterOf(scope, call), call.param("name")];
    return answerResource(call.c, await getTopic(control, call.caller.actor, cluster, name));
  });
}

function writeRoute(api: Api, scope: ClusterScope, method: "put" | "patch"): void {
  const { control } = api.deps;
  route(api, writing(kindIn(scope), method), async (call) => {
    const { c, query, body } = call;
    const { actor } = call.caller;
    const [cluster, name] = [clusterOf(scope, call), call.param("name")];
    const options = writeOptions(c, query, method);
    const change = changeBy(method, body.spec);
    const done = await whenExists(c, writeTopic(control, actor, cluster, name, change, options));
    const location = `/v1/clusters/${cluster}/topics/${name}`;
    if (isDryRun(query)) return answerWritten(c, query, done, done.resource, location);
    const { id } = await requireCluster(control, actor.tenant, cluster, "also deleting");
    const read = () => findTopic(control, actor, cluster, name);
    const ready = await whenReady(control, c, done.resource, read, `topic:${id}:${name}`);
    return answerWritten(c, query, done, ready, location);
  });
}

function deleteRoute(api: Api, scope: ClusterScope): void {
  const { control } = api.deps;
  const operation = deleting(
    kindIn(scope),
    "It is being deleted.",
    "It was waited for, and is gone.",
  );
  route(api, operation, async (call) => {
    const { c, query } = call;
    const { actor } = call.caller;
    const [cluster, name] = [clusterOf(scope, call), call.param("name")];
    const owned = await requireCluster(control, actor.tenant, cluster, "also deleting");
    const topic = await getTopic(control, actor, cluster, name);
    const { expect, isBlind } = ifMatch(c);
    const options = { expect, validateOnly: isDryRun(query) };
    if (isBlind && !options.validateOnly && topic.deletedAt === undefined) {
      const holdsData = await topicHoldsData(control, actor.tenant, owned, topic);
      if (holdsData) throw preconditionRequired(`topic '${name}'`);
    }
    const deleted = await deleteTopic(control, actor, cluster, name, options);
    if (options.validateOnly) return c.json(deleted);
    const read = () => findTopic(control, actor, cluster, name);
    const isGone = await whenGone(control, c, read, `topic:${owned.id}:${name}`);
    return isGone ? c.body(null, 204) : answerResource(c, deleted);
  });
}
