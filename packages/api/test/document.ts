// Holds an answer to the API's own document: the status is described, the body fits its schema and has no field that is
// not described, and the headers that every answer has are there.
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { expect } from "vitest";
import type { createApp } from "../src/app.ts";
import type { Answered } from "./world.ts";

type Json = Record<string, unknown>;

const id = "https://headgate.test/api";

interface OperationObject {
  readonly operationId: string;
  readonly responses: Record<
    string,
    { content?: Record<string, { schema: Json; example?: unknown }> }
  >;
  readonly requestBody?: { content: Record<string, { schema: Json; example?: unknown }> };
}

export interface ApiDocument {
  readonly json: {
    paths: Record<string, Record<string, OperationObject>>;
    components: Json;
  } & Json;
  /** `GET /v1/topics/{name}` of every operation. */
  readonly operations: readonly string[];
  /** Throws when a value does not fit a schema of the document. */
  fits(schema: Json, value: unknown): void;
  /** The answer, checked. */
  checked(method: string, path: string, response: Response): Promise<Answered>;
}

export async function documentOf(app: ReturnType<typeof createApp>): Promise<ApiDocument> {
  const response = await app.request("/openapi.json");
  const json = (await response.json()) as ApiDocument["json"];
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
  ajv.addSchema(closed({ $id: id, components: json.components }));
  const templates = Object.entries(json.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      method: method.toUpperCase(),
      pattern: new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/{.+?}/g, "[^/]+")}$`),
      operation,
    })),
  );
  // Compiling takes longer than anything else here, and there are few schemas.
  const compiled = new Map<string, ValidateFunction>();
  const fits = (schema: Json, value: unknown): void => {
    const text = JSON.stringify(closed(schema)).replaceAll('"#/', `"${id}#/`);
    const validate = compiled.get(text) ?? ajv.compile(JSON.parse(text));
    compiled.set(text, validate);
    if (!validate(value)) {
      throw new Error(`${ajv.errorsText(validate.errors)}\nin ${JSON.stringify(value, null, 1)}`);
    }
  };
  return {
    json,
    operations: templates.map(({ name }) => name),
    fits,
    async checked(method, path, answer) {
      const [pathname] = path.split("?") as [string];
      // An alias with fewer parameters is the more exact one.
      const found = templates
        .filter((each) => each.method === method && each.pattern.test(pathname))
        .sort((a, b) => a.name.split("{").length - b.name.split("{").length)[0];
      expect(answer.headers.get("x-request-id"), "every answer names its request").toBeTruthy();
      const type = answer.headers.get("content-type")?.split(";")[0];
      const text = type === "text/event-stream" ? "" : await answer.text();
      const body = type?.endsWith("json") ? JSON.parse(text) : text === "" ? undefined : text;
      if (found) checkAgainst(found, fits, answer.status, type, body);
      else if (answer.status >= 400) fits({ $ref: "#/components/schemas/Problem" }, body);
      if (answer.status >= 400 && type === "application/problem+json") {
        expect(body.requestId).toBe(answer.headers.get("x-request-id"));
        expect(body.status).toBe(answer.status);
      }
      return { status: answer.status, headers: answer.headers, body };
    },
  };
}

function checkAgainst(
  { name, operation }: { name: string; operation: OperationObject },
  fits: ApiDocument["fits"],
  status: number,
  type: string | undefined,
  body: unknown,
): void {
  const described = operation.responses[String(status)];
  if (!described) {
    throw new Error(`${name} answered ${status}, not described: ${JSON.stringify(body)}`);
  }
  if (!described.content) {
    expect(body, `${name} ${status} has no body`).toBeUndefined();
    return;
  }
  const content = described.content[type ?? ""];
  if (!content) throw new Error(`${name} ${status} answered ${type}, not described`);
  if (type?.endsWith("json")) fits(content.schema, body);
}

/** Objects that list their properties have no others: a field that nobody described is a leak. */
function closed<T>(schema: T): T {
  if (Array.isArray(schema)) return schema.map(closed) as T;
  if (typeof schema !== "object" || schema === null) return schema;
  const copy = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, key === "example" ? value : closed(value)]),
  ) as Json;
  const isObject = copy.type === "object" && typeof copy.properties === "object";
  if (isObject && copy.additionalProperties === undefined) copy.additionalProperties = false;
  return copy as T;
}
