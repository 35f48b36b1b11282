// What the write routes of resources with a spec share: the dry run, preconditions, merge patches, and how what was
// written is answered.
import type { WriteOptions, Written } from "@headgate/control/control";
import { mergePatch } from "@headgate/control/spec";
import { z } from "@hono/zod-openapi";
import { etagOf, preconditions } from "./conditional.ts";
import type { ApiContext } from "./env.ts";

export const writeQuery = z.strictObject({
  validateOnly: z.enum(["true", "false"]).optional().openapi({
    description: "`true`: every check and the answer a write would have, but nothing is written.",
  }),
});

type WriteQuery = z.output<typeof writeQuery>;

export function isDryRun({ validateOnly }: WriteQuery): boolean {
  return validateOnly === "true";
}

/** What the command must find, and whether it may write. */
export function writeOptions(
  c: ApiContext,
  query: WriteQuery,
  method: "put" | "patch",
): WriteOptions {
  const options = { ...preconditions(c), validateOnly: isDryRun(query) };
  return method === "put" ? options : { ...options, updateOnly: true };
}

/** A PUT replaces the whole spec, a PATCH merges into the one in force (RFC 7396). */
export function changeBy(method: "put" | "patch", spec: Record<string, unknown>) {
  return (current: unknown): unknown => (method === "put" ? spec : mergePatch(current, spec));
}

interface Versioned {
  readonly generation: number;
}

/** 201 with its address for what is new, 200 for the rest. A dry run has neither: nothing is there to be addressed. */
export function answerWritten<R extends Versioned>(
  c: ApiContext,
  query: WriteQuery,
  { created }: Pick<Written<R>, "created">,
  resource: R,
  location: string,
): Response {
  if (isDryRun(query)) return c.json(resource, 200);
  c.header("ETag", etagOf(resource));
  if (!created) return c.json(resource, 200);
  c.header("Location", location);
  return c.json(resource, 201);
}

/** 200 with its ETag. */
export function answerResource<R extends Versioned>(c: ApiContext, resource: R): Response {
  c.header("ETag", etagOf(resource));
  return c.json(resource, 200);
}
