// How files look from outside: their size, their kind, and what they open with.
import { faultsByLine, filesOf, isCode, isGenerated, isScript, isTest, type Rule } from "./rule.ts";

const written = (path: string) => !isGenerated(path) && path !== "LICENSE";
const linesMax = 400;
const columnsMax = 120;
const bytesMax = 300_000;

export const fileLength: Rule = {
  name: `no file has more than ${linesMax} lines`,
  check: (tree) =>
    filesOf(tree, written).flatMap(([path, text]) => {
      const lines = text.trimEnd().split("\n").length;
      return lines > linesMax ? [`${path} has ${lines} lines: split it by its ideas`] : [];
    }),
  caught: [{ "a.sh": "x\n".repeat(linesMax + 1) }],
  spared: [{ "a.sh": "x\n".repeat(linesMax) }, { "a/generated/b.ts": "x\n".repeat(1000) }],
};

/** A text in quotes that cannot be broken, or a word to the linter. */
const unbreakable = /"[^"]{60,}"|'[^']{60,}'|`[^`]{60,}`|biome-ignore/;

export const lineLength: Rule = {
  name: `no line is longer than ${columnsMax} characters, but for long texts, tables and printed examples`,
  check: (tree) =>
    filesOf(tree, written).flatMap((entry) => {
      const isProse = entry[0].endsWith(".md");
      let fenced = false;
      return faultsByLine(entry, (line) => {
        if (isProse && line.startsWith("```")) fenced = !fenced;
        if (isProse && (fenced || line.startsWith("|"))) return undefined;
        if (!isProse && unbreakable.test(line)) return undefined;
        // Characters, not UTF-16 units.
        const columns = [...line].length;
        return columns > columnsMax ? `is ${columns} characters long` : undefined;
      });
    }),
  caught: [{ "a.ts": "x".repeat(columnsMax + 1) }, { "a.md": `# A\n${"y".repeat(200)}` }],
  spared: [
    { "a.ts": "𝄞".repeat(columnsMax) },
    { "a.ts": `test("${"x".repeat(columnsMax)}", () => {` },
    { "a.md": `# A\n| ${"y".repeat(200)} |\n\`\`\`json\n${"z".repeat(200)}\n\`\`\`` },
  ],
};

const kinds = /[.](ts|tsx|mjs|cjs|json|md|css|html|svg|sh)$/;
const others = [
  /(^|\/)[.]gitignore$/,
  /^[.]npmrc$/,
  /^LICENSE$/,
  /^[.]ci\/run$/,
  /\/public\/\w+[.]js$/,
];

export const fileKinds: Rule = {
  name: "every file is of a kind the tree is made of",
  check: (tree) =>
    filesOf(tree, (path) => !kinds.test(path) && !others.some((other) => other.test(path))).map(
      ([path]) => `${path} is of no kind that belongs here`,
    ),
  caught: [{ "a.log": "" }, { "src/a.js": "" }, { "a.ts.orig": "" }, { Makefile: "" }],
  spared: [{ "a.ts": "", ".ci/run": "", "packages/w/public/theme.js": "", ".gitignore": "" }],
};

export const fileSize: Rule = {
  name: "no file is large but generated ones",
  check: (tree) =>
    filesOf(tree, (path) => !isGenerated(path))
      .filter(([, text]) => text.length > bytesMax)
      .map(([path, text]) => `${path} has ${text.length} bytes`),
  caught: [{ "a.svg": "x".repeat(bytesMax + 1) }],
  spared: [{ "a.svg": "x".repeat(bytesMax), "package-lock.json": "x".repeat(bytesMax + 1) }],
};

/** An opening comment, or the docstring of what the file exports. */
const hasWords = (text: string) =>
  /^(#!.*\n)?\/[/*]/.test(text) || /^ *(\/\*\*.*)?\*\/\nexport /m.test(text);

export const openingWords: Rule = {
  name: "every source file says what it is for",
  check: (tree) =>
    filesOf(tree, (path) => /^packages\/[^/]+\/src\//.test(path) && isScript(path) && !isTest(path))
      .filter(([, text]) => !hasWords(text))
      .map(([path]) => `${path} neither opens with a comment nor says what it exports`),
  caught: [
    { "packages/a/src/a.ts": 'import "./b.ts";\n// late' },
    {
      "packages/a/src/a.ts":
        'import "./b.ts";\n/** Not of the export. */\nconst a = 1;\nexport const b = a;',
    },
  ],
  spared: [
    { "packages/a/src/a.ts": "// Why.\n", "packages/a/src/a.test.ts": "x" },
    { "packages/a/src/a.ts": 'import "./b.ts";\n\n/** Why. */\nexport const a = 1;' },
    { "packages/a/src/a.ts": "/**\n * Why.\n */\nexport const a = 1;" },
  ],
};

export const sameEnds: Rule = {
  name: "every text ends with one line break and has no others than \\n",
  check: (tree) =>
    filesOf(tree, (path) => isCode(path) || path.endsWith(".md")).flatMap(([path, text]) => [
      ...(text.includes("\r") ? [`${path} has carriage returns`] : []),
      ...(/[^\n]\n$/.test(text) || text === "" ? [] : [`${path} does not end with one line break`]),
    ]),
  caught: [{ "a.ts": "x" }, { "a.ts": "x\n\n" }, { "a.md": "# A\r\n" }],
  spared: [{ "a.ts": "x\n" }],
};
