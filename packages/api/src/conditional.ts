// Preconditions of a write (RFC 9110 §13): the ETag of a resource is its generation. Status may change under the same
// ETag, so reads are never answered with 304.
import type { WriteOptions } from "@headgate/control/control";
import { AppError } from "@headgate/core/errors";
import type { ApiContext } from "./env.ts";

export function etagOf({ generation }: { readonly generation: number }): string {
  return `"${generation}"`;
}

/** If-Match and If-None-Match as the commands take them. Throws `request.invalid`, `request.precondition_failed`. */
export function preconditions(
  c: ApiContext,
): Pick<WriteOptions, "expect" | "updateOnly" | "createOnly"> {
  const noneMatch = c.req.header("if-none-match")?.trim();
  if (noneMatch !== undefined && noneMatch !== "*") {
    throw headerFault("if-none-match", "If-None-Match takes only '*' here: create, never replace.");
  }
  const { expect, isAny } = ifMatch(c);
  return {
    ...(expect === undefined ? {} : { expect }),
    ...(isAny ? { updateOnly: true } : {}),
    ...(noneMatch === "*" ? { createOnly: true } : {}),
  };
}

export interface IfMatch {
  readonly expect?: number;
  /** `*`: whatever is there. */
  readonly isAny: boolean;
  /** Nothing was said of what is there. */
  readonly isBlind: boolean;
}

/** If-Match alone, for a deletion. Throws `request.invalid`, `request.precondition_failed`. */
export function ifMatch(c: ApiContext): IfMatch {
  const match = c.req.header("if-match")?.trim();
  if (match === undefined) return { isAny: false, isBlind: true };
  if (match === "*") return { isAny: true, isBlind: false };
  if (match.includes(",")) {
    throw headerFault("if-match", "If-Match takes one ETag here, or '*'.");
  }
  const [, generation] = /^"(\d{1,15})"$/.exec(match) ?? [];
  if (generation !== undefined) {
    return { expect: Number(generation), isAny: false, isBlind: false };
  }
  // A weak tag, or one that was never handed out: strong comparison fails.
  throw new AppError("request.precondition_failed", {
    detail: "If-Match is not an ETag of this resource.",
  });
}

/** RFC 9110 §13.1.2: what exists under If-None-Match: * is a failed precondition, not a conflict. */
export function whenExists<T>(c: ApiContext, write: Promise<T>): Promise<T> {
  return write.catch((error: unknown) => {
    const failed = error instanceof AppError && error.code === "resource.exists";
    if (!failed || c.req.header("if-none-match") === undefined) throw error;
    throw new AppError("request.precondition_failed", {
      ...(error.detail === undefined ? {} : { detail: error.detail }),
      fix: error.fix,
    });
  });
}

function headerFault(name: string, detail: string): AppError {
  return new AppError("request.invalid", {
    detail,
    errors: [{ pointer: `/headers/${name}`, code: "request.invalid", detail }],
  });
}
