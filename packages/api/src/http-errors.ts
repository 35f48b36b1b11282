// The one edge where errors become HTTP: problem details (RFC 9457) with a code, a fix, every fault, the request id.
// What the store or a broker says of itself (keys, addresses) goes to the log and never to a caller.
import { AppError, errorTable, type FieldError, toAppError } from "@headgate/core/errors";
import { ConnectionError } from "@headgate/kafka/connection";
import { KafkaError } from "@headgate/kafka/errors";
import { StoreError, type StoreErrorKind } from "@headgate/store/errors";
import type { z } from "@hono/zod-openapi";
import type { ApiDeps } from "./deps.ts";
import type { ApiContext } from "./env.ts";
import type { Problem } from "./schemas.ts";

/** The problem document of an error. */
export function problemOf(error: unknown, requestId: string): Problem {
  const known = toKnown(error);
  const { title, status, retryable } = errorTable[known.code];
  return {
    type: `/v1/errors/${known.code}`,
    title,
    status,
    code: known.code,
    ...(known.detail === undefined ? {} : { detail: known.detail }),
    fix: known.fix,
    instance: `urn:headgate:request:${requestId}`,
    requestId,
    ...(known.errors.length === 0 ? {} : { errors: [...known.errors] }),
    retryable,
    ...(known.retryAfterSeconds === undefined
      ? {}
      : { retryAfterSeconds: known.retryAfterSeconds }),
  };
}

/** Answers an error, whatever it is; tells the operator's log of those that are ours. */
export function answerProblem(
  { control }: Pick<ApiDeps, "control">,
  c: ApiContext,
  error: unknown,
) {
  const problem = problemOf(error, c.var.requestId);
  if (problem.status >= 500 && problem.code !== "deployment.unsupported") {
    const { method, path } = c.req;
    const { requestId, code } = problem;
    control.log?.("A request failed", { requestId, method, path, code, error: reasonOf(error) });
  }
  c.header("Content-Type", "application/problem+json");
  c.header("Cache-Control", "no-store");
  if (problem.retryAfterSeconds !== undefined) {
    c.header("Retry-After", String(problem.retryAfterSeconds));
  }
  // Bearer only: a Basic challenge would open the browser's own password dialogue over the portal.
  if (problem.status === 401) c.header("WWW-Authenticate", 'Bearer realm="headgate"');
  return c.body(JSON.stringify(problem), problem.status as 400);
}

/** Faults of a part of a request other than its body: `/query/limit`, `/path/name`. */
export function partError(issues: readonly z.core.$ZodIssue[], part: string): AppError {
  const errors = issues.flatMap((issue) => partFaults(issue, part));
  return new AppError("request.invalid", { detail: errors[0]?.detail ?? "", errors });
}

function partFaults(issue: z.core.$ZodIssue, part: string): FieldError[] {
  const code = "request.invalid";
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      pointer: `/${part}/${pointerToken(key)}`,
      code,
      detail: `There is no ${part} parameter '${key.slice(0, 80)}' here.`,
    }));
  }
  const name = issue.path.map(String).join(".");
  const pointer = `/${part}${issue.path.map((step) => `/${pointerToken(String(step))}`).join("")}`;
  return [{ pointer, code, detail: `${name}: ${issue.message.replace(/[.]?$/, ".")}` }];
}

const publicDetail: Partial<Record<StoreErrorKind, string>> = {
  cursor: "The cursor is not one that this list handed out with this filter.",
  too_large: "It is larger than what can be kept of one resource.",
};

function toKnown(error: unknown): AppError {
  if (error instanceof StoreError) {
    const detail = publicDetail[error.kind];
    const cursor: FieldError[] =
      error.kind === "cursor"
        ? [{ pointer: "/query/cursor", code: error.code, detail: publicDetail.cursor! }]
        : [];
    return new AppError(error.code, {
      ...(detail === undefined ? {} : { detail }),
      errors: cursor,
      ...(error.retryable && error.status === 503 ? { retryAfterSeconds: 1 } : {}),
    });
  }
  if (error instanceof KafkaError || error instanceof ConnectionError) {
    return new AppError("cell.unavailable", { cause: error, retryAfterSeconds: 1 });
  }
  return toAppError(error);
}

function reasonOf(error: unknown): string {
  const cause = error instanceof AppError ? (error.cause ?? error) : error;
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
}

/** RFC 6901 §3. */
function pointerToken(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}
