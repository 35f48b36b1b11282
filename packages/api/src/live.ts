// The live stream's port: hints that something of a tenant changed. A hint names a thing and never describes it; who
// gets one reads the thing again, so a lost or repeated hint does no harm.
import type { TenantId } from "@headgate/core/ids";
import { z } from "@hono/zod-openapi";

export const LiveEvent = z.object({
  /** `topic`, `cluster`, `service-account`, `api-key`, `tenant`, `group`, `usage`, … */
  kind: z.string(),
  action: z.enum(["write", "delete", "status", "count"]),
  /** Id of the cluster it lies in, where it lies in one. */
  cluster: z.string().optional(),
  name: z.string().optional(),
});
export type LiveEvent = z.infer<typeof LiveEvent>;

export interface LiveListener {
  readonly onEvent: (event: LiveEvent) => void;
  /** The source ends. */
  readonly onEnd: () => void;
}

export interface LiveSource {
  /** Events of one tenant from now on, and perhaps a few from before. Returns the function that stops it. */
  listen(tenant: TenantId, listener: LiveListener): () => void;
  /** Ends every listener. */
  close(): Promise<void>;
}
