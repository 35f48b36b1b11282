// The OpenAPI 3.1 document, made of the same operations and schemas that serve the requests.
import { AppError, type ErrorCode, errorTable } from "@headgate/core/errors";
import type { OpenAPIHono, z } from "@hono/zod-openapi";
import type { ApiEnv } from "./env.ts";
import { problemOf } from "./http-errors.ts";
import type { Access, Answer, Operation } from "./operation.ts";
import { componentSchemas } from "./schemas.ts";

type AnyOperation = Operation<z.ZodObject, z.ZodType>;

const ref = (part: string, name: string) => ({ $ref: `#/components/${part}/${name}` });

/** An operation as the document's library wants it. Only `query` is a schema it checks by. */
export function documented(operation: unknown, query: z.ZodObject) {
  const op = operation as AnyOperation;
  return {
    method: op.method,
    path: op.path,
    operationId: op.operationId,
    tags: [op.tag],
    summary: op.summary,
    ...(op.description ? { description: op.description } : {}),
    security: securityOf(op.access),
    "x-headgate-permission": op.access,
    parameters: [...pathParameters(op.path), ...headerParameters(op)],
    request: { query, ...requestBody(op) },
    responses: responsesOf(op),
  };
}

function securityOf(access: Access) {
  const key = [{ apiKey: [] }, { apiKeyBasic: [] }];
  if (access === "public") return [];
  return access === "loopback" ? [{}, ...key] : key;
}

function responsesOf(op: AnyOperation) {
  const responses = problemResponses(errorsOf(op));
  for (const [status, answer] of Object.entries(op.answers)) {
    if (!answer) continue;
    const own = response(op, answer);
    const problem = responses[status];
    responses[status] = problem ? { ...own, content: { ...problem.content, ...own.content } } : own;
  }
  return responses;
}

function pathParameters(path: string) {
  return [...path.matchAll(/{(.+?)}/g)].map(([, name]) => ({
    name: name!,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
}

function headerParameters(op: AnyOperation) {
  return [...(op.headers ?? []), "X-Request-Id", "traceparent"].map((name) =>
    ref("parameters", name),
  );
}

function requestBody({ body, method }: AnyOperation) {
  if (!body) return {};
  const content = { schema: ref("schemas", body.name), example: body.example };
  const types = method === "patch" ? ["application/merge-patch+json"] : [];
  return {
    body: {
      required: !body.mayBeEmpty,
      content: Object.fromEntries(
        ["application/json", ...types].map((type) => [type, content] as const),
      ),
    },
  };
}

interface ResponseObject {
  readonly description: string;
  readonly headers: Readonly<Record<string, { readonly $ref: string }>>;
  readonly content?: Readonly<
    Record<string, { readonly schema: object; readonly example?: unknown }>
  >;
}

function response(op: AnyOperation, answer: Answer): ResponseObject {
  const { description, schema, mediaType, example, headers = [] } = answer;
  const limits = op.access === "public" ? [] : ["RateLimit", "RateLimit-Policy"];
  const names = [...headers, "X-Request-Id", ...limits];
  const type = mediaType ?? "application/json";
  const plain = { type: type === "application/json" ? "object" : "string" };
  const body = schema ? ref("schemas", schema) : mediaType ? plain : undefined;
  return {
    description,
    headers: Object.fromEntries(names.map((name) => [name, ref("headers", name)])),
    ...(body && {
      content: { [type]: { schema: body, ...(example === undefined ? {} : { example }) } },
    }),
  };
}

/** Its own errors and those that any route of its kind can have. */
function errorsOf(op: AnyOperation): ErrorCode[] {
  const has = (name: string) => op.headers?.some((header) => header === name) ?? false;
  const codes: (ErrorCode | false)[] = [
    "request.invalid",
    op.access !== "public" && "auth.missing",
    op.access !== "public" && "auth.failed",
    op.access !== "public" && "auth.forbidden",
    op.access !== "public" && "rate.limited",
    op.body !== undefined && "request.not_json",
    op.body !== undefined && "request.too_large",
    (has("If-Match") || has("If-None-Match")) && "request.precondition_failed",
    has("Idempotency-Key") && "request.idempotency_mismatch",
    has("Idempotency-Key") && "request.idempotency_in_progress",
    op.method !== "get" && "resource.conflict",
    op.access !== "public" && "store.full",
    "store.unavailable",
    "internal",
    ...(op.errors ?? []),
  ];
  return codes.filter((code) => code !== false);
}

function problemResponses(codes: readonly ErrorCode[]): Record<string, ResponseObject> {
  const byStatus = Map.groupBy(new Set(codes), (code) => errorTable[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [
      String(status),
      {
        description: group.map((code) => `\`${code}\`: ${errorTable[code].title}`).join(" "),
        headers: { "X-Request-Id": ref("headers", "X-Request-Id") },
        content: {
          "application/problem+json": {
            schema: ref("schemas", "Problem"),
            example: problemOf(new AppError(group[0]!), "req_4qg7m2x9k1c8v5zt"),
          },
        },
      },
    ]),
  );
}

const text = (description: string, example: string) => ({
  description,
  schema: { type: "string" as const },
  example,
});

const responseHeaders = {
  "X-Request-Id": text("Names this request in logs and audit events.", "req_4qg7m2x9k1c8v5zt"),
  ETag: text("The resource's generation, for If-Match.", '"3"'),
  Location: text("The resource's own address.", "/v1/clusters/default/topics/orders"),
  "Preference-Applied": text("The part of Prefer that was followed.", "wait=10"),
  "Idempotency-Replayed": text("`true`: this is the first request's answer again.", "true"),
  RateLimit: text("Requests left for this key, and seconds until all are back.", '"key";r=499;t=1'),
  "RateLimit-Policy": text(
    "Requests at once, and in how many seconds they come back.",
    '"key";q=500;w=5',
  ),
};

const headerParameter = (name: string, description: string, example: string) => ({
  name,
  in: "header" as const,
  required: false,
  ...text(description, example),
});

const requestHeaders = [
  headerParameter(
    "If-Match",
    "The ETag that was read, or `*`; another generation is refused.",
    '"3"',
  ),
  headerParameter("If-None-Match", "`*`: create, never replace.", "*"),
  headerParameter(
    "Prefer",
    "`wait=N`: answer when it is ready (or gone), or after N seconds as it is then. 0 to 60.",
    "wait=10",
  ),
  headerParameter(
    "Idempotency-Key",
    "For 24 hours the same key of the same caller gets the first answer again, a new secret too: " +
      "it is kept encrypted under the caller's own secret, which is stored nowhere.",
    "5f1c2b8e-5e0b-4b1e-9a55-0d6f3d7a2c11",
  ),
  headerParameter(
    "X-Request-Id",
    "Taken over when it is 1 to 128 letters, digits or `._:-`.",
    "order-42",
  ),
  headerParameter(
    "traceparent",
    "W3C trace context; given back.",
    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  ),
];

/** Puts what operations refer to into the application's registry. */
function registerComponents({ openAPIRegistry: registry }: OpenAPIHono<ApiEnv>): void {
  for (const [name, schema] of Object.entries(componentSchemas())) {
    registry.registerComponent("schemas", name, schema);
  }
  for (const [name, header] of Object.entries(responseHeaders)) {
    registry.registerComponent("headers", name, header);
  }
  for (const parameter of requestHeaders) {
    registry.registerComponent("parameters", parameter.name, parameter);
  }
  registry.registerComponent("securitySchemes", "apiKey", {
    type: "http",
    scheme: "bearer",
    bearerFormat: "<key id>:<secret>",
    description:
      "An API key: `Authorization: Bearer ak_…:hgs_…`. The same key works on the Kafka port.",
  });
  registry.registerComponent("securitySchemes", "apiKeyBasic", {
    type: "http",
    scheme: "basic",
    description: "The same key: its id as user name, its secret as password.",
  });
}

/** The whole document; asked for once per application, because it takes a tenth of a second. */
export function openApiDocument(app: OpenAPIHono<ApiEnv>, version: string) {
  registerComponents(app);
  return app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "Headgate",
      version,
      description:
        "Serverless Kafka: clusters, topics, service accounts, keys, groups, usage and the bill. " +
        "Errors are problem details (RFC 9457) that say how to mend them. " +
        "`?validateOnly=true` on a write makes every check and writes nothing.",
      license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
    },
    servers: [{ url: "/" }],
  });
}
