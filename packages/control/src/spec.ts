// From what a caller sent to a whole, valid spec: every fault at once, each with a JSON pointer into the request.
import { AppError, type ErrorCode, type FieldError } from "@headgate/core/errors";
import type { z } from "zod";

/** Deeper than any spec; stops a body of ten thousand brackets. */
const mergeDepthMax = 32;

/** Faults of a schema as field errors; `at` is the pointer of the value itself (`/spec`). */
export function fieldErrors(
  issues: readonly z.core.$ZodIssue[],
  at: string,
  codeOf: (pointer: string) => ErrorCode = () => "request.invalid",
): FieldError[] {
  return issues.map((issue) => {
    const pointer = at + issue.path.map((part) => `/${pointerToken(String(part))}`).join("");
    const known = issue.code === "unrecognized_keys" ? issue.keys.join(", ") : undefined;
    const detail =
      known === undefined
        ? `${pointer || "/"}: ${sentence(issue.message)}`
        : `${pointer || "/"}: there is no field ${known}.`;
    return { pointer, code: codeOf(pointer), detail };
  });
}

/** The whole spec, defaults filled in. Throws one AppError that names every fault. */
export function parseSpec<S extends z.ZodType>(
  schema: S,
  value: unknown,
  codeOf?: (pointer: string) => ErrorCode,
): z.infer<S> {
  const result = schema.safeParse(value);
  const errors = [
    ...(result.success ? [] : fieldErrors(result.error.issues, "/spec", codeOf)),
    ...recordsWithProto(value, "/spec"),
  ];
  const first = errors[0];
  if (result.success && !first) return result.data;
  throw new AppError(first!.code, { detail: first!.detail, errors });
}

/** A record's key `__proto__`, which zod leaves out without a word: it is as wrong as any other unknown one. */
function recordsWithProto(spec: unknown, at: string): FieldError[] {
  return Object.entries(isObject(spec) ? spec : {})
    .filter(([, value]) => isObject(value) && Object.hasOwn(value, "__proto__"))
    .map(([field]) => {
      const pointer = `${at}/${pointerToken(field)}`;
      return { pointer, code: "request.invalid", detail: `${pointer}: there is no __proto__.` };
    });
}

/** JSON merge patch (RFC 7396): null removes a field, objects merge, everything else replaces. */
export function mergePatch(target: unknown, patch: unknown, depth = 0): unknown {
  if (!isObject(patch)) return patch;
  if (depth > mergeDepthMax) {
    throw new AppError("request.invalid", {
      detail: `The patch is nested deeper than ${mergeDepthMax} levels.`,
    });
  }
  const merged = new Map(isObject(target) ? Object.entries(target) : []);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name);
    else merged.set(name, mergePatch(merged.get(name), value, depth + 1));
  }
  // fromEntries defines own properties, so that a field named __proto__ stays data.
  return Object.fromEntries(merged);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function sentence(message: string): string {
  return message.endsWith(".") ? message : `${message}.`;
}

/** RFC 6901 §3. */
function pointerToken(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}

/** Throws `request.invalid` saying which rule a resource's name breaks. */
export function checkName(schema: z.ZodType, name: string, kind: string): void {
  const result = schema.safeParse(name);
  if (result.success) return;
  const shown = name.length > 40 ? `${name.slice(0, 40)}…` : name;
  const rules = result.error.issues.map((issue) => issue.message).join("; ");
  throw new AppError("request.invalid", {
    detail: `'${shown}' is not a ${kind} name: ${rules}.`,
    errors: [{ pointer: "/name", code: "request.invalid", detail: `${rules}.` }],
  });
}
