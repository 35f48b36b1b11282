// Says every minute which test files run, for how long, and in which test, so that a run that hangs shows where. The
// same lies in test/.output/progress.json, for the one who has to stop the run (.ci/summary.mjs).
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Reporter, TestModule } from "vitest/node";

interface Running {
  readonly startMs: number;
  at: string;
}

export interface Progress {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** One sentence per test file that has not ended. */
  readonly running: readonly string[];
}

const writeMs = 2_000;

/** `say` gets the lines, `nowMs` is monotonic. */
export function progress(
  outputFile: string,
  sayMs = 60_000,
  say: (line: string) => void = (line) => void process.stderr.write(`${line}\n`),
  nowMs = () => performance.now(),
): Reporter {
  const running = new Map<string, Running>();
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const sentences = () =>
    [...running].map(
      ([file, { startMs, at }]) => `${file} for ${Math.round((nowMs() - startMs) / 1000)} s: ${at}`,
    );
  const write = () => {
    mkdirSync(dirname(outputFile), { recursive: true });
    writeFileSync(outputFile, JSON.stringify({ ...counts, running: sentences() }));
  };
  const moveTo = ({ relativeModuleId }: TestModule, at: string) => {
    const known = running.get(relativeModuleId);
    if (known) known.at = at;
  };
  const timers: NodeJS.Timeout[] = [];
  return {
    onInit() {
      const startMs = nowMs();
      const tell = () => {
        const lines = sentences();
        const alone = `no test file for ${Math.round((nowMs() - startMs) / 1000)} s after the start`;
        for (const line of lines.length > 0 ? lines : [alone]) say(`not ended: ${line}`);
      };
      timers.push(setInterval(tell, sayMs), setInterval(write, writeMs));
      for (const timer of timers) timer.unref();
      write();
    },
    onTestModuleQueued({ relativeModuleId }) {
      running.set(relativeModuleId, { startMs: nowMs(), at: "loading" });
    },
    onHookStart({ name, entity }) {
      const module = entity.type === "module" ? entity : entity.module;
      moveTo(module, `${name} of ${entity.type === "module" ? "the file" : entity.fullName}`);
    },
    onTestCaseReady(test) {
      moveTo(test.module, test.fullName);
    },
    onTestCaseResult(test) {
      const { state } = test.result();
      if (state !== "pending") counts[state] += 1;
      moveTo(test.module, `after ${test.fullName}`);
    },
    onTestModuleEnd({ relativeModuleId }) {
      running.delete(relativeModuleId);
    },
    onTestRunEnd() {
      for (const timer of timers) clearInterval(timer);
      write();
    },
  };
}
