// Texts that must not be in the tree, each with what to write in its place.
import { faultsByLine, filesOf, isCode, isScript, isTest, isTidy, type Rule } from "./rule.ts";

interface Ban {
  readonly name: string;
  readonly text: RegExp;
  readonly instead: string;
  readonly where: (path: string) => boolean;
  /** Lines it catches and lines it lets pass, each planted in `file` (`packages/a/src/a.ts`). */
  readonly caught: readonly string[];
  readonly spared: readonly string[];
  readonly file?: string;
  /** A file in which even the caught lines are right, where there is one. */
  readonly exempt?: string;
}

const isMain = (path: string) => /(^|\/)main[.]tsx?$/.test(path) || path.includes("/bin/");
const isProduct = (path: string) => isScript(path) && !isTest(path);

const bans: readonly Ban[] = [
  {
    name: "nothing is left to be finished later",
    text: /\b(TODO|FIXME|XXX|HACK)\b/,
    instead: "finish it, or file an issue and leave no trace",
    where: () => true,
    caught: ["// TODO: later", "x(); // FIXME"],
    spared: ["// methods to do", "const XXXL = 1;"],
  },
  {
    name: "no test is switched off, and none keeps the others from running",
    text: /\b(it|test|describe|suite)[.](concurrent[.])?(skip|only|todo|fails)\b/,
    instead: "mend or delete it; what a machine lacks is described by skipIf(missing(…))",
    where: isScript,
    caught: ['test.skip("x", () => {});', 'describe.only("x");', 'it.concurrent.skip("x");'],
    spared: ['test.each([1])("x");', 'describe.skipIf(missing("kcat", "…"))("x");', "only.skip()"],
  },
  {
    name: "a suite that cannot run says so: only skipIf(missing(…)) may leave one out",
    text: /[.](skipIf|runIf)\((?!missing\(|$)/,
    instead: "use skipIf(missing(…)) of test/support/missing.ts, which says so and fails in CI",
    where: isScript,
    caught: ['test.skipIf(!kcat)("x");', "describe.runIf(CI)('x')"],
    spared: ['describe.skipIf(missing("kcat", "…"))("x");'],
  },
  {
    name: "tests wait for what they need, never for time to pass",
    text: /setTimeout\((resolve|done|res|ok|r), [^,]*\)|["']node:timers\/promises["']/,
    instead:
      "wait for an event, or poll: vi.waitFor, expect.poll, eventually of test/support/service.ts",
    where: (path) =>
      isScript(path) &&
      isTest(path) &&
      !/(^|\/)bench\/|^[.]ci\//.test(path) &&
      path !== "test/support/service.ts",
    caught: [
      "await new Promise((r) => setTimeout(r, 100));",
      'import { setTimeout as sleep } from "node:timers/promises";',
    ],
    spared: [
      "setTimeout(() => child.kill(), afterMs);",
      "await vi.waitFor(done);",
      "await Promise.race([answer, new Promise((resolve) => setTimeout(resolve, ms, undefined))]);",
    ],
    file: "packages/a/src/a.test.ts",
    exempt: "test/support/service.ts",
  },
  {
    name: "randomness comes in from outside",
    text: /\bMath[.]random\(/,
    instead: "take a RandomSource (core/src/clock.ts), so that a test can decide it",
    where: isProduct,
    caught: ["const id = Math.random();"],
    spared: ["const id = random.bytes(8);"],
    exempt: "test/bench/main.ts",
  },
  {
    name: "types are not switched off",
    text: /\bas any[;,)\]}]|\bas any$|@ts-(ignore|nocheck)\b/,
    instead: "say the type; @ts-expect-error with a reason where a test breaks it on purpose",
    where: isScript,
    caught: ["x as any", "f(x as any);", "// @ts-ignore", "// @ts-nocheck"],
    spared: [
      "x as unknown",
      "// the same as any other",
      "// @ts-expect-error: the wrong type is the test",
    ],
  },
  {
    name: "only main.ts prints",
    text: /\bconsole[.]\w/,
    instead: "take a log function, or return what is to be printed",
    where: (path) => isProduct(path) && !isMain(path),
    caught: ['console.log("x");'],
    spared: ["log(x);", "consoleTools.x()"],
    exempt: "packages/a/src/main.ts",
  },
  {
    name: "no registry's or mirror's host is written down",
    text: /\/\/(registry|repo\d?|mirror|artifactory|nexus)[.][\w.-]+|"resolved": "http/i,
    instead: "leave hosts to the user's npm and Maven settings",
    where: () => true,
    caught: [
      "https://registry.example.org/x",
      "https://repo1.example.org/x",
      "http://nexus.example/x",
    ],
    spared: ["openApiRegistry.register()", '"resolved": "packages/core"'],
  },
  {
    name: "no path of one machine is written down",
    text: /["'`(=\s]\/(work|Users|root|mnt|tmp|home\/(?!u\b)\w)/,
    instead: "use os.tmpdir(), os.homedir() or a path from the caller",
    where: (path) => isCode(path) || path.startsWith(".ci/"),
    caught: ['mkdirSync("/tmp/x");', "cd /work/x", 'x = "/home/ann/x"'],
    spared: ['tmpdir() + "/x"', '"/home/u/.cache"', "https://x/work/", "src/work/x.ts"],
  },
];

export const bannedTexts: readonly Rule[] = bans.map((ban) => {
  const file = ban.file ?? "packages/a/src/a.ts";
  return {
    name: ban.name,
    check: (tree) =>
      filesOf(tree, (path) => ban.where(path) && !isTidy(path)).flatMap((entry) =>
        faultsByLine(entry, (line) =>
          ban.text.test(line) ? `'${line.trim().slice(0, 80)}': ${ban.instead}` : undefined,
        ),
      ),
    caught: ban.caught.map((line) => ({ [file]: line })),
    spared: [
      ...ban.spared.map((line) => ({ [file]: line })),
      ...(ban.exempt === undefined ? [] : ban.caught.map((line) => ({ [ban.exempt!]: line }))),
    ],
  };
});
