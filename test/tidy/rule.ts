// What a house rule is: a check of the whole tree, and planted trees that show that it can fail and when it does not.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Path from the root of the repository → text. */
export type Tree = ReadonlyMap<string, string>;
export type Planted = Readonly<Record<string, string>>;

export interface Rule {
  /** The guarantee, as a sentence. */
  readonly name: string;
  /** One sentence per fault, the place first. */
  check(tree: Tree): string[];
  /** Trees with a fault each. */
  readonly caught: readonly Planted[];
  /** Trees without. */
  readonly spared: readonly Planted[];
}

/** Every file git knows or would take, as it is on disk now. */
export function treeOnDisk(root: string): Tree {
  const list = execFileSync(
    "git",
    // Some build machines check the tree out as another user.
    ["-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
    { cwd: root, encoding: "utf8" },
  );
  const paths = [...new Set(list.split("\0"))].filter(
    (path) => path && existsSync(join(root, path)),
  );
  return new Map(paths.map((path) => [path, readFileSync(join(root, path), "utf8")]));
}

export const isGenerated = (path: string) =>
  path === "package-lock.json" || path.includes("/generated/");
export const isCode = (path: string) => /[.](ts|tsx|js|mjs|cjs|sh|css|html)$/.test(path);
export const isScript = (path: string) => /[.](ts|tsx|js|mjs|cjs)$/.test(path);
/** Code that runs in tests, benchmarks or CI only. */
export const isTest = (path: string) =>
  /[.](test|contract|fixture)[.]tsx?$/.test(path) ||
  /^(packages\/[^/]+\/)?(test|bench)\/|^[.]ci\//.test(path);
/** Files about the rules, which must be able to name what they ban. */
export const isTidy = (path: string) => path.startsWith("test/tidy");

/** The files a rule is about. */
export function filesOf(tree: Tree, wanted: (path: string) => boolean): [string, string][] {
  return [...tree].filter(([path]) => wanted(path));
}

/** `path:line what` for each line with a fault. */
export function faultsByLine(
  [path, text]: readonly [string, string],
  fault: (line: string, index: number) => string | undefined,
): string[] {
  return text.split("\n").flatMap((line, index) => {
    const found = fault(line, index);
    return found === undefined ? [] : [`${path}:${index + 1} ${found}`];
  });
}
