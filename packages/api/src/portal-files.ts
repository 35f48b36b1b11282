// The built portal, kept in memory once asked for. Names come from the directory's own listing, so no path can lead out
// of it. Hashed assets may be cached for ever; the page that names them must be asked for again.
import { createHash } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { extname, join, posix, relative, sep } from "node:path";

export interface PortalFile {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
  readonly etag: string;
  readonly cacheControl: string;
}

const contentTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".json": "application/json",
  ".txt": "text/plain; charset=utf-8",
};

export interface PortalFiles {
  /** The file at a path; the page itself for an address within it; undefined when there is no such file. */
  read(path: string): Promise<PortalFile | undefined>;
}

/** Files of a directory that `npm run build -w packages/web` made; undefined when it holds no portal. */
export function portalFiles(dir: string): PortalFiles | undefined {
  if (!existsSync(join(dir, "index.html"))) return undefined;
  const names = new Set(
    readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.startsWith("."))
      .map((entry) => relative(dir, join(entry.parentPath, entry.name)).split(sep).join("/")),
  );
  const folders = new Set([...names].map((name) => posix.dirname(name)));
  const kept = new Map<string, Promise<PortalFile>>();
  return {
    async read(path) {
      const asked = path.slice(1);
      // A file missing from a folder of files must not be answered with a page. Elsewhere a dot is no extension: the
      // page of a topic has the topic's name in its address.
      const isMissing = folders.has(posix.dirname(asked)) && extname(asked) !== "";
      if (isMissing && !names.has(asked)) return undefined;
      const name = names.has(asked) ? asked : "index.html";
      const known = kept.get(name) ?? load(dir, name);
      kept.set(name, known);
      return known;
    },
  };
}

async function load(dir: string, name: string): Promise<PortalFile> {
  const body = await readFile(join(dir, ...name.split("/")));
  const hash = createHash("sha256").update(body).digest("base64url").slice(0, 22);
  return {
    body: new Uint8Array(body),
    contentType: contentTypes[extname(name)] ?? "application/octet-stream",
    etag: `"${hash}"`,
    cacheControl: name.startsWith("assets/") ? "public, max-age=31536000, immutable" : "no-cache",
  };
}
