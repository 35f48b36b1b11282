// The five operations of every resource with a spec, described once: list, get, put, patch, delete.
import type { ErrorCode } from "@headgate/core/errors";
import type { Permission } from "@headgate/core/service-account";
import type { z } from "@hono/zod-openapi";
import { listQuery } from "./list-query.ts";
import type { Answer, Operation } from "./operation.ts";
import { type InputName, type OutputName, SpecBody } from "./schemas.ts";
import { writeQuery } from "./writes.ts";

export interface ResourceKind {
  readonly tag: string;
  /** Of the list; one resource lies at `path/{param}`. */
  readonly path: string;
  readonly param: string;
  /** Singular, as it stands in operation ids: `ClusterTopic`. */
  readonly id: string;
  /** In sentences: `service account`. */
  readonly noun: string;
  readonly schemas: {
    readonly one: OutputName;
    readonly list: OutputName;
    readonly write: InputName;
  };
  readonly examples: { readonly one: object; readonly write: object; readonly patch: object };
  readonly mayWrite: Permission;
  /** Whether Prefer: wait means something: something is provisioned. */
  readonly isProvisioned: boolean;
  /** Of reading one. */
  readonly unknown: readonly ErrorCode[];
  /** Beside those, of writing one. */
  readonly refused: readonly ErrorCode[];
}

const onePath = ({ path, param }: ResourceKind) => `${path}/{${param}}`;

export function listing(kind: ResourceKind, errors: readonly ErrorCode[] = []) {
  return {
    method: "get",
    path: kind.path,
    operationId: `list${kind.id}s`,
    tag: kind.tag,
    summary: `List ${kind.noun}s by name`,
    access: "view",
    query: listQuery,
    answers: {
      200: {
        description: `A page of ${kind.noun}s.`,
        schema: kind.schemas.list,
        example: { items: [kind.examples.one] },
      },
    },
    errors,
  } as const satisfies Operation<typeof listQuery, z.ZodType>;
}

export function reading(kind: ResourceKind) {
  return {
    method: "get",
    path: onePath(kind),
    operationId: `get${kind.id}`,
    tag: kind.tag,
    summary: `Get a ${kind.noun}`,
    access: "view",
    answers: { 200: one(kind, `The ${kind.noun}.`, ["ETag"]) },
    errors: kind.unknown,
  } as const;
}

export function writing(kind: ResourceKind, method: "put" | "patch") {
  const isPut = method === "put";
  const waits = kind.isProvisioned ? (["Preference-Applied"] as const) : [];
  const done = isPut ? "It was replaced, or was so already." : "It was changed, or was so already.";
  const written = one(kind, done, ["ETag", ...waits]);
  const created = one(kind, "It was created.", ["ETag", "Location", ...waits]);
  return {
    method,
    path: onePath(kind),
    operationId: `${method}${kind.id}`,
    tag: kind.tag,
    summary: isPut
      ? `Create a ${kind.noun} or replace its spec`
      : `Change parts of a ${kind.noun}'s spec`,
    access: kind.mayWrite,
    query: writeQuery,
    body: {
      schema: SpecBody,
      name: isPut ? kind.schemas.write : "SpecPatch",
      example: isPut ? kind.examples.write : kind.examples.patch,
    },
    headers: [
      "If-Match",
      ...(isPut ? (["If-None-Match"] as const) : []),
      ...(kind.isProvisioned ? (["Prefer"] as const) : []),
    ],
    answers: isPut ? { 200: written, 201: created } : { 200: written },
    errors: [...kind.unknown, ...kind.refused],
  } as const satisfies Operation<typeof writeQuery, typeof SpecBody>;
}

/** `ok` is what 200 means; 204 is what `gone` says. */
export function deleting(kind: ResourceKind, ok: string, gone: string) {
  const waits = kind.isProvisioned ? (["Preference-Applied"] as const) : [];
  return {
    method: "delete",
    path: onePath(kind),
    operationId: `delete${kind.id}`,
    tag: kind.tag,
    summary: `Delete a ${kind.noun}`,
    description: kind.isProvisioned
      ? "With every record in it; then If-Match must say what was looked at."
      : "With its keys.",
    access: kind.mayWrite,
    query: writeQuery,
    headers: ["If-Match", ...(kind.isProvisioned ? (["Prefer"] as const) : [])],
    answers: {
      200: one(kind, ok, kind.isProvisioned ? ["ETag", "Preference-Applied"] : []),
      204: { description: gone, headers: waits },
    },
    errors: [
      ...kind.unknown,
      "resource.protected",
      ...(kind.isProvisioned ? (["request.precondition_required"] as const) : []),
    ],
  } as const satisfies Operation<typeof writeQuery, z.ZodType>;
}

function one(
  { schemas, examples }: ResourceKind,
  description: string,
  headers: NonNullable<Answer["headers"]>,
): Answer {
  return { description, schema: schemas.one, example: examples.one, headers };
}
