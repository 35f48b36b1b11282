// Whose key it is: the way to try one.
import * as example from "../examples.ts";
import { type Api, route } from "../route.ts";

export function whoAmIRoutes(api: Api): void {
  const operation = {
    method: "get",
    path: "/v1/whoami",
    operationId: "whoAmI",
    tag: "About",
    summary: "Whose key this is and what it may do",
    access: "view",
    answers: { 200: { description: "The caller.", schema: "WhoAmI", example: example.whoAmI } },
  } as const;
  route(api, operation, ({ c, caller: { actor, cluster, role } }) =>
    c.json({
      kind: "WhoAmI",
      tenant: actor.tenant,
      cluster,
      serviceAccount: actor.serviceAccountName,
      role,
      apiKey: actor.apiKey,
    }),
  );
}
