// Pages of what is not listed by the store but comes as a whole (groups of a cell, tenants): by name, with the same
// query and the same kind of cursor.
import { AppError } from "@headgate/core/errors";
import { compareUtf8 } from "@headgate/store/store";
import { listOptions } from "./list-query.ts";

interface NamesQuery {
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly filter?: string | undefined;
  readonly sort?: "name" | undefined;
}

/** One page in name order. Throws `request.invalid` for a filter by anything but name, and for a foreign cursor. */
export function pageOfNames<T extends { readonly name: string }>(
  items: readonly T[],
  query: NamesQuery,
): { items: T[]; next?: string } {
  const { namePrefix = "", phase } = listOptions({ ...query, sort: query.sort });
  if (phase !== undefined) throw fault("filter", "This list has no phases to filter by.");
  const after = query.cursor === undefined ? undefined : nameOf(query.cursor);
  const wanted = items
    .filter(({ name }) => name.startsWith(namePrefix))
    .filter(({ name }) => after === undefined || compareUtf8(name, after) > 0)
    .sort((a, b) => compareUtf8(a.name, b.name));
  const page = wanted.slice(0, query.limit);
  const last = page.at(-1);
  if (!last || wanted.length <= page.length) return { items: page };
  return { items: page, next: Buffer.from(last.name, "utf8").toString("base64url") };
}

function nameOf(cursor: string): string {
  const name = Buffer.from(cursor, "base64url").toString("utf8");
  if (name !== "" && Buffer.from(name, "utf8").toString("base64url") === cursor) return name;
  throw fault("cursor", "The cursor is not one that this list handed out.");
}

function fault(name: string, detail: string): AppError {
  return new AppError("request.invalid", {
    detail,
    errors: [{ pointer: `/query/${name}`, code: "request.invalid", detail }],
  });
}
