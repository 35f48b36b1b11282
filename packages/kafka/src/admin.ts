// The admin client: Kafka's admin requests with routing, retries and per-item outcomes. One object per cell and
// credential; it reconnects when brokers restart.

import { aclAdmin } from "./admin/acls.ts";
import { configAdmin } from "./admin/configs.ts";
import { groupAdmin } from "./admin/groups.ts";
import { offsetAdmin } from "./admin/offsets.ts";
import { type AdminOptions, adminRouter, type Router } from "./admin/router.ts";
import { topicAdmin } from "./admin/topics.ts";
import { userAdmin } from "./admin/users.ts";

export type KafkaAdmin = ReturnType<typeof kafkaAdmin>;

/** Connects lazily, at the first request. */
export function kafkaAdmin(options: AdminOptions) {
  const router: Router = adminRouter(options);
  return {
    ...topicAdmin(router),
    ...offsetAdmin(router),
    ...configAdmin(router),
    ...aclAdmin(router),
    ...groupAdmin(router),
    ...userAdmin(router),
    /** For requests that have no method here. */
    ask: router.ask,
    brokers: router.brokers,
    close: router.close,
  };
}
