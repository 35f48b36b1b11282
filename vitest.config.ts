// How the tests run: one real Kafka for all (global setup), a process per file, the slowest files first, and nothing
// that can hang unseen.
import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { progress } from "./test/support/progress.ts";

/** Start first what starts whole services, then what talks to brokers: a long file begun last keeps one core idle. */
class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) =>
      /\/test\/e2e\//.test(moduleId) ? 0 : /\/test\/|embedded/.test(moduleId) ? 1 : 2;
    // By duration where an earlier run is known, else by size; the sort is stable.
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    include: ["packages/*/{src,test,generate}/**/*.test.{ts,tsx}", "test/**/*.test.ts"],
    globalSetup: ["test/support/broker.ts"],
    setupFiles: ["test/support/watchdog.ts"],
    reporters: [
      "default",
      ["json", { outputFile: "test/.output/report.json" }],
      progress("test/.output/progress.json"),
    ],
    sequence: { sequencer: SlowFirst },
    // Files wait for brokers more than they compute, so a machine of two cores runs two at a time, not one.
    maxWorkers: Math.max(2, availableParallelism()),
    // A test without an assertion cannot fail.
    expect: { requireAssertions: true },
    // Against what never ends, not against a slow machine: no test is about time.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Stopping the broker of the global setup.
    teardownTimeout: 30_000,
  },
});
