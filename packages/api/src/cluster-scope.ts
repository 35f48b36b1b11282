// What lies in a cluster has two addresses: the cluster's own, and a short one for the credential's default cluster.
import type { z } from "@hono/zod-openapi";
import type { Call } from "./operation.ts";

export interface ClusterScope {
  /** What paths begin with. */
  readonly base: "/v1/clusters/{cluster}" | "/v1";
  /** In operation ids. */
  readonly of: "Cluster" | "";
}

export const clusterScopes: readonly ClusterScope[] = [
  { base: "/v1/clusters/{cluster}", of: "Cluster" },
  { base: "/v1", of: "" },
];

/** Name of the cluster a call is about. */
export function clusterOf<Q extends z.ZodObject, B extends z.ZodType>(
  { base }: ClusterScope,
  call: Pick<Call<Q, B>, "caller" | "param">,
): string {
  return base === "/v1" ? call.caller.cluster : call.param("cluster");
}
