// Nothing is dead: every file is reached from an entry point, every exported value is used by another file, every
// declared dependency is imported.
import { dirname, join, normalize } from "node:path/posix";
import { filesOf, isCode, isGenerated, isScript, type Rule, type Tree } from "./rule.ts";

/** What starts by itself: programs, tests, configuration, and pages. */
const isEntry = (path: string) =>
  /(^|\/)main[.]tsx?$|[.]test[.]tsx?$|[.]d[.]ts$|\/bin\/|^[.]ci\/|[.]html$/.test(path) ||
  /(^|\/)(vitest|vite)[.]config[.]ts$|^[.]dependency-cruiser[.]cjs$/.test(path);

const literals = /["'`]([^"'`\s]+)["'`]/g;

/** Files a text names: imports, `new URL("./x.ts", import.meta.url)`, and paths given to fork, Worker or HTML. */
function referencesOf(tree: Tree, path: string, text: string): string[] {
  return [...text.matchAll(literals)].flatMap(([, named]) => {
    const [, scope, rest] = /^@headgate\/([^/]+)\/(.+)$/.exec(named!) ?? [];
    const candidates = scope
      ? [
          `packages/${scope}/src/${rest}.ts`,
          `packages/${scope}/src/${rest}.tsx`,
          `packages/${scope}/${rest}/${rest}.ts`,
        ]
      : [normalize(join(dirname(path), named!)), normalize(named!), inPackage(path, named!)];
    return candidates.filter((candidate) => candidate !== path && tree.has(candidate));
  });
}

/** `/src/main.tsx` and `/theme.js` in a page of a package. */
const inPackage = (path: string, named: string) => {
  const root = path.split("/").slice(0, 2).join("/");
  return named.startsWith("/src/") ? `${root}${named}` : `${root}/public${named}`;
};

export const deadFiles: Rule = {
  name: "every file of code is reached from an entry point",
  check(tree) {
    const reached = new Set([...tree.keys()].filter(isEntry));
    for (const path of reached) {
      for (const next of referencesOf(tree, path, tree.get(path)!)) reached.add(next);
    }
    return filesOf(tree, isCode)
      .filter(([path]) => !reached.has(path))
      .map(([path]) => `${path} is reached from no entry point: use it or delete it`);
  },
  caught: [
    { "packages/a/src/main.ts": "x", "packages/a/src/b.ts": "y" },
    // A circle of two that nobody else knows.
    { "packages/a/src/b.ts": 'import "./c.ts";', "packages/a/src/c.ts": 'import "./b.ts";' },
    { "packages/a/src/main.ts": 'import "@headgate/b/x";', "packages/b/src/y.ts": "" },
  ],
  spared: [
    { "packages/a/src/main.ts": 'import { b } from "./b.ts";', "packages/a/src/b.ts": "" },
    {
      "packages/a/src/a.test.ts": 'import "@headgate/b/x/y";',
      "packages/b/src/x/y.ts": 'new Worker(new URL("./worker.ts", import.meta.url));',
      "packages/b/src/x/worker.ts": 'join(import.meta.dirname, "run.sh")',
      "packages/b/src/x/run.sh": "",
    },
    {
      "packages/w/index.html": '<script src="/src/app.tsx"></script><script src="/theme.js">',
      "packages/w/src/app.tsx": 'import "./app.css";',
      "packages/w/src/app.css": '@import "./fonts.css";',
      "packages/w/src/fonts.css": "",
      "packages/w/public/theme.js": "",
    },
    { "vitest.config.ts": '["test/support/b.ts"]', "test/support/b.ts": "" },
  ],
};

const exportedValue = /^export (?:async )?(?:const|let|function\*?|class) (\w+)/gm;
/** The type of a schema has its name and is no use of it. */
const inferredType = /^export type \w+ = z[.]infer<typeof \w+>;$/gm;

export const deadExports: Rule = {
  name: "every exported value is used somewhere",
  check(tree) {
    const uses = new Map<string, number>();
    for (const [, text] of filesOf(tree, isScript)) {
      for (const [word] of text.replace(inferredType, "").matchAll(/\w+/g)) {
        uses.set(word, (uses.get(word) ?? 0) + 1);
      }
    }
    const exporters = (path: string) => isScript(path) && !isGenerated(path) && !isEntry(path);
    return filesOf(tree, exporters).flatMap(([path, text]) =>
      [...text.matchAll(exportedValue)]
        .filter(([, name]) => uses.get(name!) === 1)
        .map(([, name]) => `${path} exports ${name}, which nothing uses`),
    );
  },
  caught: [
    { "packages/a/src/a.ts": "export const b = 1;" },
    { "packages/a/src/a.ts": "export async function b() {}" },
    { "packages/a/src/a.ts": "export const B = z.int();\nexport type B = z.infer<typeof B>;" },
  ],
  spared: [
    { "packages/a/src/a.ts": "export const b = 1;", "packages/a/src/c.test.ts": "expect(b)" },
    { "packages/a/src/a.ts": "export const b = 1;\nconst c = b;" },
    { "packages/a/src/a.ts": "export interface B {}\nconst c = 1;" },
  ],
};

interface Manifest {
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
}

/** Types come by themselves; test/ declares for the tests of all packages. */
const comesByItself = (name: string) => /^@types\/|^node-linux-/.test(name);

export const deadDependencies: Rule = {
  name: "every dependency of a package is imported in it, at one exact version",
  check(tree) {
    const manifests = filesOf(tree, (path) =>
      /^(packages\/[^/]+|test)\/package[.]json$/.test(path),
    );
    return manifests.flatMap(([path, text]) => {
      const { dependencies = {}, devDependencies = {} } = JSON.parse(text) as Manifest;
      const within = filesOf(tree, (p) => p.startsWith(`${dirname(path)}/`) && p !== path);
      const sources = within.map(([, source]) => source).join("\n");
      return Object.entries({ ...dependencies, ...devDependencies }).flatMap(([name, version]) => [
        ...(comesByItself(name) || new RegExp(`["']${name}["'/]`).test(sources)
          ? []
          : [`${path} declares ${name}, which nothing there imports`]),
        ...(/^\d+[.]\d+[.]\d+$/.test(version) ? [] : [`${path} has no exact version of ${name}`]),
      ]);
    });
  },
  caught: [
    { "packages/a/package.json": '{"dependencies":{"x":"1.0.0"}}', "packages/a/src/a.ts": '"xy"' },
    { "packages/a/package.json": '{"dependencies":{"x":"^1.0.0"}}', "packages/a/src/a.ts": '"x"' },
  ],
  spared: [
    {
      "packages/a/package.json":
        '{"dependencies":{"x":"1.0.0"},"devDependencies":{"@types/x":"1.0.0"}}',
      "packages/a/src/a.ts": 'import x from "x/y";',
    },
  ],
};
