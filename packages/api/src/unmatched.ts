// What no route matched: a page or file of the portal, else a problem that tells a wrong address from a wrong method.
import { AppError } from "@headgate/core/errors";
import type { ApiContext } from "./env.ts";
import type { PortalFile, PortalFiles } from "./portal-files.ts";
import type { Api } from "./route.ts";

/** Everything from this origin, nothing inline, nobody may frame it. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Answers with a file, or throws `request.method_not_allowed` or `resource.not_found`. */
export function unmatched({ known }: Pick<Api, "known">, portal: PortalFiles | undefined) {
  const templates = known.map(({ method, path }) => ({ method, pattern: patternOf(path) }));
  return async function answer(c: ApiContext): Promise<Response> {
    const { method, path } = c.req;
    const allowed = templates
      .filter(({ pattern }) => pattern.test(path))
      .map((each) => each.method);
    if (allowed.length > 0) {
      c.header("Allow", [...new Set(allowed)].join(", "));
      throw new AppError("request.method_not_allowed", {
        detail: `${path} does not take ${method}; it takes ${[...new Set(allowed)].join(", ")}.`,
      });
    }
    const isRead = method === "GET" || method === "HEAD";
    const isApi = /^[/](v1|admin)([/]|$)/.test(path);
    const file = isRead && !isApi ? await portal?.read(path) : undefined;
    if (file) return answerFile(c, file);
    const without = isRead && !isApi && !portal ? " This address does not serve the portal." : "";
    throw new AppError("resource.not_found", {
      detail: `There is nothing at ${path.slice(0, 200)}.${without}`,
      fix: "See /openapi.json for every address of the API.",
    });
  };
}

function answerFile(c: ApiContext, file: PortalFile): Response {
  c.set("route", "portal");
  c.header("ETag", file.etag);
  c.header("Cache-Control", file.cacheControl);
  c.header("Content-Security-Policy", contentSecurityPolicy);
  c.header("Cross-Origin-Opener-Policy", "same-origin");
  c.header("Cross-Origin-Resource-Policy", "same-origin");
  c.header("X-Frame-Options", "DENY");
  if (c.req.header("if-none-match") === file.etag) return c.body(null, 304);
  c.header("Content-Type", file.contentType);
  return c.body(file.body, 200);
}

function patternOf(path: string): RegExp {
  const source = path
    .split(/{.+?}/)
    .map((part) => part.replace(/[.*+?^$()|[\]\\/]/g, "\\$&"))
    .join("[^/]+");
  return new RegExp(`^${source}$`);
}
