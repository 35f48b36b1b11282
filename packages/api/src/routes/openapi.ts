// The document of all of this.
import { openApiDocument } from "../openapi.ts";
import { type Api, route } from "../route.ts";

export function openApiRoutes(api: Api): void {
  let text: string | undefined;
  const operation = {
    method: "get",
    path: "/openapi.json",
    operationId: "getOpenApi",
    tag: "About",
    summary: "This API as an OpenAPI 3.1 document",
    access: "public",
    answers: {
      200: { description: "The document.", mediaType: "application/json" },
    },
  } as const;
  route(api, operation, ({ c }) => {
    // Made when first asked for: every route is there by then.
    text ??= JSON.stringify(openApiDocument(api.app, api.deps.version));
    c.header("Content-Type", "application/json");
    return c.body(text, 200);
  });
}
