// A session without a store behind it, for tests of what happens to one frame.
import type { Binding } from "@headgate/core/binding";
import { ClusterSpec } from "@headgate/core/cluster";
import { type Grant, roleGrants } from "@headgate/core/service-account";
import type { z } from "zod";
import { ClusterState } from "../src/cluster-state.ts";
import { accessOf } from "../src/filters/20-authorize.ts";
import { embeddedNames } from "../src/filters/30-isolate.ts";
import type { Session } from "../src/session.ts";
import { usageBook } from "../src/usage-book.ts";

export const prefix = "c012345678.";

export const testBinding = (
  grants: readonly Grant[] = roleGrants("owner"),
  spec: z.input<typeof ClusterSpec> = {},
  more: Partial<Binding> = {},
): Binding => ({
  tenant: "tn_0000000000000000",
  cluster: "cl_0000000000000000",
  clusterName: "default",
  serviceAccount: "sa_0000000000000000",
  serviceAccountName: "app",
  apiKey: "ak_0000000000000000",
  verifiers: {} as Binding["verifiers"],
  grants,
  placement: { cell: "ce_0000000000000000", prefix, principal: "cl_0000000000000000" },
  clusterSpec: ClusterSpec.parse(spec),
  expiresAt: undefined,
  ...more,
});

export function testSession(
  grants?: readonly Grant[],
  spec: z.input<typeof ClusterSpec> = {},
): Session {
  const binding = testBinding(grants, spec);
  const cluster = new ClusterState(binding);
  const usage = usageBook(binding.tenant, binding.cluster, 0);
  return {
    binding,
    cluster,
    access: accessOf(binding.grants),
    names: embeddedNames(cluster),
    usage,
    who: usage.attributed("app", "test"),
  };
}
