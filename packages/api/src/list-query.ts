// The query of lists: `limit`, `cursor`, `filter=name=PREFIX*,phase=Ready`, `sort=name`. The store can do no more than
// that at any size, so anything else is refused with what there is.
import type { ListOptions } from "@headgate/control/control";
import { AppError } from "@headgate/core/errors";
import { Phase } from "@headgate/core/resource";
import { z } from "@hono/zod-openapi";

export const listLimitMax = 200;
export const listLimitDefault = 50;

const limit = z.coerce
  .number()
  .int()
  .min(1)
  .max(listLimitMax)
  .default(listLimitDefault)
  .openapi({ description: "Items per page.", example: 100 });
const cursor = z
  .string()
  .optional()
  .openapi({ description: "`next` of the page before; opaque.", example: "VE9QSUMjb3JkZXJz" });

/** Of lists that come in one order only. */
export const pageQuery = z.strictObject({ limit, cursor });

/** Of lists of resources. */
export const listQuery = z.strictObject({
  limit,
  cursor,
  filter: z.string().optional().openapi({
    description: "`name=PREFIX*` and `phase=PHASE`, joined by a comma.",
    example: "name=orders.*,phase=Ready",
  }),
  sort: z
    .enum(["name"])
    .optional()
    .openapi({ description: "By name, which is how lists come anyway." }),
});

const filterFix = "Filter by name=PREFIX* and phase=PHASE, joined by a comma.";

/** Throws `request.invalid` for a filter that nobody can answer. */
export function listOptions(query: z.output<typeof listQuery>): ListOptions {
  const wanted: { namePrefix?: string; phase?: Phase } = {};
  for (const term of query.filter === undefined ? [] : query.filter.split(",")) {
    const [, field, value] = /^ *([a-z]+) *= *([^ ]*) *$/i.exec(term) ?? [];
    if (field === "name" && wanted.namePrefix === undefined) wanted.namePrefix = prefixOf(value!);
    else if (field === "phase" && wanted.phase === undefined) wanted.phase = phaseOf(value!);
    else throw filterFault(`'${term.slice(0, 80)}' is not a filter of this list.`);
  }
  return { limit: query.limit, cursor: query.cursor, ...wanted };
}

function prefixOf(value: string): string {
  const [, prefix] = /^([A-Za-z0-9._-]{0,249})[*]$/.exec(value) ?? [];
  if (prefix !== undefined) return prefix;
  throw filterFault("A name is filtered by how it begins: name=PREFIX*.");
}

function phaseOf(value: string): Phase {
  const phase = Phase.safeParse(value);
  if (phase.success) return phase.data;
  throw filterFault(`'${value.slice(0, 40)}' is not a phase: ${Phase.options.join(", ")}.`);
}

function filterFault(detail: string): AppError {
  return new AppError("request.invalid", {
    detail,
    fix: filterFix,
    errors: [{ pointer: "/query/filter", code: "request.invalid", detail }],
  });
}
