// What the `type` of a problem points at: the error table, one entry each.
import { AppError, type ErrorCode, errorTable } from "@headgate/core/errors";
import { type Api, route } from "../route.ts";

export function errorRoutes(api: Api): void {
  const operation = {
    method: "get",
    path: "/v1/errors/{code}",
    operationId: "getError",
    tag: "About",
    summary: "What an error code means and what mends it",
    access: "public",
    answers: {
      200: {
        description: "The error.",
        schema: "Error",
        example: describe("topic.name_invalid"),
      },
    },
    errors: ["resource.not_found"],
  } as const;
  route(api, operation, ({ c, param }) => {
    const code = param("code");
    if (!Object.hasOwn(errorTable, code)) {
      throw new AppError("resource.not_found", { detail: "There is no such error code." });
    }
    return c.json(describe(code as ErrorCode));
  });
}

function describe(code: ErrorCode) {
  const { status, title, fix, retryable } = errorTable[code];
  return { kind: "Error", code, status, title, fix, retryable };
}
