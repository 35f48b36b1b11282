// A test run always ends, and says what hung: planted files that never end, run by vitest with our watchdog and
// reporter.
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { isOnPath, missing } from "./missing.ts";
import { progress } from "./progress.ts";
import { root } from "./service.ts";

// Inside the repository, so that the planted files find vitest.
mkdirSync(join(root, "test/.output"), { recursive: true });
const dir = mkdtempSync(join(root, "test/.output/planted-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

interface Ended {
  readonly code: number;
  readonly output: string;
}

function run(command: string, args: string[], env: Record<string, string> = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { cwd: dir, env: { ...process.env, ...env }, timeout: 25_000 };
    execFile(command, args, options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : 124;
      resolve({ code, output: stdout + stderr });
    });
  });
}

const summary = (code: number) =>
  run(process.execPath, [join(root, ".ci/summary.mjs"), dir, String(code)]);

const config = `
import { defineConfig } from "vitest/config";
import { progress } from ${JSON.stringify(join(root, "test/support/progress.ts"))};
export default defineConfig({ test: {
  root: ${JSON.stringify(dir)},
  setupFiles: [${JSON.stringify(join(root, "test/support/watchdog.ts"))}],
  reporters: [["json", { outputFile: "report.json" }], progress("progress.json", 1000)],
  testTimeout: 60_000,
  maxWorkers: 3,
} });`;

const planted = {
  "vitest.config.ts": config,
  "good.test.ts": 'import { test } from "vitest"; test("is good", () => {});',
  "blocked.test.ts": 'import { test } from "vitest"; test("turns for ever", () => { for (;;); });',
  "loading.test.ts": "await new Promise((done) => void setInterval(done, 2 ** 30));",
};

test("files that hang are killed and named, the others count, and CI's last line says so", async () => {
  for (const [name, text] of Object.entries(planted)) writeFileSync(join(dir, name), text);
  const vitest = join(root, "node_modules/vitest/vitest.mjs");
  const args = [vitest, "run", "--config", join(dir, "vitest.config.ts")];
  const limits = { WATCHDOG_BLOCKED_SECONDS: "3", WATCHDOG_FILE_SECONDS: "6" };
  const ended = await run(process.execPath, args, limits);
  expect(ended.code).toBe(1);
  expect(ended.output).toMatch(/watchdog: .*blocked[.]test[.]ts held its thread for 3 s/);
  expect(ended.output).toMatch(/watchdog: .*loading[.]test[.]ts ran for 6 s/);
  expect(ended.output).toMatch(/not ended: loading[.]test[.]ts for \d s: loading/);
  const told = await summary(ended.code);
  expect(told.code).toBe(1);
  expect(told.output).toMatch(/blocked[.]test[.]ts/);
  expect(told.output.trim().split("\n").at(-1)).toBe("1 passed, 2 failed");
});

test("a run stopped from outside is told with what passed and what was running", async () => {
  rmSync(join(dir, "report.json"), { force: true });
  const noted = { passed: 3, failed: 0, skipped: 0, running: ["a.test.ts for 9 s: hangs"] };
  writeFileSync(join(dir, "progress.json"), JSON.stringify(noted));
  const { code, output } = await summary(124);
  expect(code).toBe(124);
  expect(output).toContain("it took too long");
  expect(output).toContain("was running: a.test.ts for 9 s: hangs");
  expect(output.trim().split("\n").at(-1)).toBe("3 passed, 1 failed");
});

test.each([
  ["a skipped test", { passed: 2, status: "skipped", exit: 0 }, "2 passed, 1 failed", 1],
  ["a failed test", { passed: 2, status: "failed", exit: 1 }, "2 passed, 1 failed", 1],
  [
    "an error outside every test",
    { passed: 2, status: "passed", exit: 1 },
    "2 passed, 1 failed",
    1,
  ],
  ["no test at all", { passed: 0, status: "passed", exit: 0 }, "0 passed, 1 failed", 1],
  ["nothing wrong", { passed: 2, status: "passed", exit: 0 }, "2 passed, 0 failed", 0],
])("CI counts %s", async (_name, { passed, status, exit }, line, code) => {
  const report = {
    numPassedTests: passed,
    testResults: [
      {
        name: "a.test.ts",
        status: status === "failed" ? "failed" : "passed",
        assertionResults: [{ status, fullName: "is so", failureMessages: [] }],
      },
    ],
  };
  writeFileSync(join(dir, "report.json"), JSON.stringify(report));
  const ended = await summary(exit);
  expect(ended.output.trim().split("\n").at(-1)).toBe(line);
  expect(ended.code).toBe(code);
});

test("checks that fail before the tests are one failure", async () => {
  rmSync(join(dir, "report.json"), { force: true });
  rmSync(join(dir, "progress.json"), { force: true });
  const ended = await summary(1);
  expect(ended.output.trim().split("\n").at(-1)).toBe("0 passed, 1 failed");
});

test("what is missing is said aloud, and fails in CI", () => {
  const said: string[] = [];
  const say = (line: string) => said.push(line);
  expect(missing("kcat", "apt-get install kcat", false, false, say)).toBe(true);
  expect(said.join()).toContain("NOT TESTED: kcat is not here");
  expect(() => missing("kcat", "apt-get install kcat", false, true)).toThrow("install kcat");
  expect(missing("kcat", "apt-get install kcat", true, true)).toBe(false);
  expect(isOnPath("kcat", dir)).toBe(false);
  writeFileSync(join(dir, "kcat"), "", { mode: 0o755 });
  expect(isOnPath("kcat", `/nowhere:${dir}`)).toBe(true);
});

test("progress is noted from the start on", () => {
  const file = join(dir, "noted/progress.json");
  progress(file).onInit?.({} as never);
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({
    passed: 0,
    failed: 0,
    skipped: 0,
    running: [],
  });
});
