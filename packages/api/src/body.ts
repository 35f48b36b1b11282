// Reads a request's body: at most 1 MiB of JSON, not nested without end, and with no field that is not asked for.
import { fieldErrors } from "@headgate/control/spec";
import { AppError } from "@headgate/core/errors";
import type { z } from "@hono/zod-openapi";
import type { ApiContext } from "./env.ts";

export const bodyBytesMax = 1_048_576;
const depthMax = 32;

/** The body as text; empty when there is none. Throws `request.too_large`, `request.not_json`. */
export async function readText(c: ApiContext): Promise<string> {
  if (Number(c.req.header("content-length") ?? 0) > bodyBytesMax) throw tooLarge();
  const { body } = c.req.raw;
  if (!body) return "";
  const bytes = await readBytes(body as AsyncIterable<Uint8Array>);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new AppError("request.not_json", { detail: "The body is not UTF-8." });
  }
}

/** A body without a length is cut off where it grows too large. */
async function readBytes(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of body) {
      size += chunk.byteLength;
      if (size > bodyBytesMax) break;
      chunks.push(chunk);
    }
  } catch (cause) {
    throw new AppError("request.invalid", { detail: "The body ended early.", cause });
  }
  if (size > bodyBytesMax) throw tooLarge();
  return Buffer.concat(chunks);
}

/**
 * The body as `schema` wants it; `{}` when there is none and it `mayBeEmpty`. Throws `request.not_json` and
 * `request.invalid`.
 */
export function parseBody<B extends z.ZodType>(
  c: ApiContext,
  text: string,
  schema: B,
  mayBeEmpty: boolean,
): z.output<B> {
  const result = schema.safeParse(text === "" && mayBeEmpty ? {} : parseJson(c, text));
  if (result.success) return result.data;
  const errors = fieldErrors(result.error.issues, "");
  throw new AppError("request.invalid", { detail: errors[0]?.detail ?? "", errors });
}

function parseJson(c: ApiContext, text: string): unknown {
  const type = c.req.header("content-type");
  if (type !== undefined && !/^application\/([a-z.-]+\+)?json\s*(;|$)/i.test(type)) {
    throw new AppError("request.not_json", { detail: `The body is declared as ${type}.` });
  }
  if (text.trim() === "") throw new AppError("request.not_json", { detail: "The body is empty." });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const detail = error instanceof Error ? `The body is not JSON: ${error.message}.` : undefined;
    throw new AppError("request.not_json", detail === undefined ? {} : { detail });
  }
  if (isDeep(text)) {
    throw new AppError("request.invalid", {
      detail: `The body is nested deeper than ${depthMax} levels.`,
    });
  }
  return value;
}

/** Counts brackets outside of strings; `text` is JSON. */
function isDeep(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i += 1) {
    const char = text[i];
    if (char === "\\") i += 1;
    else if (char === '"') inString = !inString;
    else if (inString) continue;
    else if (char === "{" || char === "[") {
      depth += 1;
      if (depth > depthMax) return true;
    } else if (char === "}" || char === "]") depth -= 1;
  }
  return false;
}

function tooLarge(): AppError {
  return new AppError("request.too_large", {
    detail: `A body may have ${bodyBytesMax} bytes.`,
  });
}
