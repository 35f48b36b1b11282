// Decides whether the portal's bundle is as new as its sources and builds it when it is not. The bundle is not
// committed: `npm install` makes it (main.ts beside this file), and a start after a change of the sources makes it
// again.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { BundleWorkerData } from "./bundle-worker.ts";

const packageDir = join(import.meta.dirname, "..");
const stampName = ".sources-sha256";

/** Where the bundle lies when nobody says otherwise. */
export const portalDir = join(packageDir, "dist");

export interface BuildOptions {
  /** Default: `portalDir`. */
  readonly outDir?: string;
  /** Told once, before a build begins; never when the bundle is up to date. */
  readonly onProgress?: (message: string) => void;
}

/**
 * Makes sure that `outDir` holds a bundle of the present sources. Takes a few milliseconds when it does, about a second
 * when it must be built. A failed build leaves the old bundle in place and throws vite's error.
 */
export async function buildPortal(
  options: BuildOptions = {},
): Promise<{ dir: string; built: boolean }> {
  const dir = options.outDir ?? portalDir;
  const hash = sourceHash();
  if (isBuilt(dir, hash)) return { dir, built: false };
  options.onProgress?.("Building the portal");
  // Built beside and then moved: two starts at once never serve half a bundle.
  const fresh = `${dir}.${process.pid}`;
  try {
    await bundle({
      root: packageDir,
      configFile: join(packageDir, "vite.config.ts"),
      outDir: fresh,
    });
    await writeFile(join(fresh, stampName), hash);
    mkdirSync(join(dir, ".."), { recursive: true });
    rmSync(dir, { recursive: true, force: true });
    renameSync(fresh, dir);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
  return { dir, built: true };
}

function bundle(data: BundleWorkerData): Promise<void> {
  const worker = new Worker(new URL("./bundle-worker.ts", import.meta.url), {
    workerData: data,
    env: { NODE_ENV: "production" },
    name: "portal bundle",
  });
  return new Promise((resolve, reject) => {
    worker.once("error", reject);
    worker.once("exit", () => resolve());
  });
}

function isBuilt(dir: string, hash: string): boolean {
  const stamp = join(dir, stampName);
  return existsSync(stamp) && readFileSync(stamp, "utf8") === hash;
}

/** SHA-256 over names and contents of all a bundle is made from; versions of dependencies by package.json. */
export function sourceHash(): string {
  const hash = createHash("sha256");
  const add = (file: string) => hash.update(`${file}\0`).update(readFileSync(file)).update("\0");
  for (const name of ["package.json", "index.html", "vite.config.ts"]) add(join(packageDir, name));
  for (const folder of ["build", "src", "public", "../core/src"]) {
    const entries = readdirSync(join(packageDir, folder), { recursive: true, withFileTypes: true });
    for (const file of entries
      .filter((entry) => entry.isFile() && !entry.name.includes(".test."))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()) {
      add(file);
    }
  }
  return hash.digest("hex");
}
