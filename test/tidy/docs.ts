// What the documents say is so: titles, links, paths, commands, and an example behind each decision.
import { dirname, join, normalize } from "node:path/posix";
import { faultsByLine, filesOf, type Rule, type Tree } from "./rule.ts";

const isMarkdown = (path: string) => path.endsWith(".md");

/** The text without fenced code, line numbers kept. */
function prose(text: string): string {
  return text.replace(/^```[\s\S]*?^```/gm, (block) => block.replace(/[^\n]/g, ""));
}

export const oneTitle: Rule = {
  name: "every document has one title, on its first line",
  check: (tree) =>
    filesOf(tree, isMarkdown).flatMap(([path, text]) => {
      const titles = prose(text).match(/^# /gm) ?? [];
      if (titles.length !== 1) return [`${path} has ${titles.length} first-level titles, not one`];
      return text.startsWith("# ") ? [] : [`${path} does not begin with its title`];
    }),
  caught: [{ "a.md": "no title" }, { "a.md": "# A\n\n# B\n" }, { "a.md": "x\n# A\n" }],
  spared: [{ "a.md": "# A\n\n## B\n\n```sh\n# a comment\n```\n" }],
};

/** GitHub's anchors: lower case, punctuation dropped, spaces to hyphens, repeats numbered. */
function anchorsOf(text: string): Set<string> {
  const seen = new Map<string, number>();
  const anchors = [...prose(text).matchAll(/^#+ (.*)$/gm)].map(([, title]) => {
    const plain = title!.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const slug = plain.replace(/[^\p{L}\p{N}_ -]/gu, "").replaceAll(" ", "-");
    const before = seen.get(slug) ?? 0;
    seen.set(slug, before + 1);
    return before === 0 ? slug : `${slug}-${before}`;
  });
  return new Set(anchors);
}

function brokenLink(tree: Tree, from: string, target: string): string | undefined {
  if (/^[a-z]+:/.test(target)) return undefined;
  const [file, anchor] = target.split("#");
  const path = file === "" ? from : normalize(join(dirname(from), file!));
  const text = tree.get(path);
  const isFolder = [...tree.keys()].some((known) => known.startsWith(path.replace(/\/?$/, "/")));
  if (text === undefined && !isFolder) return `links to ${target}, which is not there`;
  if (anchor && !anchorsOf(text ?? "").has(anchor)) return `links to ${target}: no such heading`;
  return undefined;
}

export const links: Rule = {
  name: "every link in a document leads to a file and a heading that are there",
  check: (tree) =>
    filesOf(tree, isMarkdown).flatMap(([path, text]) =>
      faultsByLine([path, prose(text)], (line) =>
        [...line.matchAll(/\]\(([^)\s]+)\)/g)]
          .map(([, target]) => brokenLink(tree, path, target!))
          .find((fault) => fault !== undefined),
      ),
    ),
  caught: [
    { "a.md": "# A\n[b](b.md)" },
    { "docs/a.md": "# A\n[b](b.md)", "b.md": "# B" },
    { "a.md": "# A\n[b](#b)" },
    { "a.md": "# A\n[x](b.md) [b](b.md#c)", "b.md": "# B\n## D" },
  ],
  spared: [
    { "docs/a.md": "# A\n[b](../b.md#two-walls) [x](https://x.y)", "b.md": "# B\n## Two walls!" },
    { "a.md": "# A\n[d](docs/d/)", "docs/d/x.md": "# X" },
    { "a.md": "# A\n```\n[b](b.md)\n```" },
  ],
};

/** Ends in an extension of the tree, or in a slash; `*` stands for any part of a name. */
const looksLikePath = /^[\w.@*-]+(\/[\w.@*-]+)*(\/|[.](ts|tsx|mjs|cjs|json|md|sh|css|html))$/;

/** Documents name files from the root, from `packages/`, or from where they lie. */
function isThere(tree: Tree, from: string, named: string): boolean {
  const pattern = named.replace(/[.+]/g, "\\$&").replaceAll("*", "[^/]*");
  const matches = new RegExp(
    `^(packages/|${dirname(from)}/)?${pattern}${named.endsWith("/") ? "" : "$"}`,
  );
  return [...tree.keys()].some((path) => matches.test(path));
}

export const namedPaths: Rule = {
  name: "every file a document names in backticks is there",
  check: (tree) =>
    filesOf(tree, (path) => isMarkdown(path) && path !== "CHANGELOG.md").flatMap((entry) =>
      faultsByLine(entry, (line) => {
        const missing = [...line.matchAll(/`([^`\s]+)`/g)]
          .map(([, named]) => named!)
          .filter(
            (named) =>
              looksLikePath.test(named) && /^[^.]|^[.]ci/.test(named) && named.includes("/"),
          )
          .find((named) => !isThere(tree, entry[0], named));
        return missing && `names ${missing}, which is not there`;
      }),
    ),
  caught: [
    { "docs/a.md": "# A\n`core/src/b.ts`", "packages/core/src/c.ts": "" },
    { "a.md": "# A\n`docs/x/`", "docs/y/z.md": "# Z" },
    { "a.md": "# A\n`gateway/src/9*.ts`", "packages/gateway/src/10-a.ts": "" },
  ],
  spared: [
    { "docs/a.md": "# A\n`core/src/c.ts` and `x.y/z`", "packages/core/src/c.ts": "" },
    { "a.md": "# A\n`gateway/src/*-a.ts`, `./*.ts`", "packages/gateway/src/10-a.ts": "" },
  ],
};

export const npmScripts: Rule = {
  name: "every npm script a document names is there",
  check(tree) {
    const { scripts } = JSON.parse(tree.get("package.json") ?? "{}") as { scripts?: object };
    return filesOf(tree, isMarkdown).flatMap((entry) =>
      faultsByLine(entry, (line) => {
        const missing = [...line.matchAll(/\bnpm run ([\w:-]+)/g)]
          .map(([, name]) => name!)
          .find((name) => !Object.hasOwn(scripts ?? {}, name));
        return missing && `names the script ${missing}, which package.json does not have`;
      }),
    );
  },
  caught: [{ "a.md": "# A\n`npm run b`", "package.json": '{"scripts":{"c":"d"}}' }],
  spared: [{ "a.md": "# A\n`npm run b`", "package.json": '{"scripts":{"b":"d"}}' }],
};

const isDecision = (path: string) => path.startsWith("docs/decisions/");

export const decisions: Rule = {
  name: "every decision is one numbered page of at most twenty lines with an example",
  check: (tree) =>
    filesOf(tree, isDecision).flatMap(([path, text]) => [
      ...(/\/\d{4}-[a-z0-9-]+[.]md$/.test(path) ? [] : [`${path} has no number`]),
      ...(text.includes("**Example.**") ? [] : [`${path} has no **Example.**`]),
      ...(text.trimEnd().split("\n").length > 20 ? [`${path} has more than twenty lines`] : []),
    ]),
  caught: [
    { "docs/decisions/0001-a.md": "# 0001 A\n" },
    { "docs/decisions/a.md": "# A\n**Example.** B" },
    { "docs/decisions/0001-a.md": `# 0001 A\n**Example.** B${"\nx".repeat(20)}` },
  ],
  spared: [{ "docs/decisions/0001-a.md": "# 0001 A\n\n**Example.** B\n" }],
};
