// Prints what did not pass and, last, the line CI looks for: `N passed, N failed`, from vitest's JSON report. A run
// that was stopped leaves none: then from the progress it noted, and what was running is told. Exits 0 only if all
// passed.
import { readFileSync } from "node:fs";
import { join } from "node:path";

const [outputDir, exitCode] = [process.argv[2], Number(process.argv[3])];
const timedOut = 124;
const killed = 137;

function read(name) {
  try {
    return JSON.parse(readFileSync(join(outputDir, name), "utf8"));
  } catch {
    return undefined;
  }
}

/** Counts of a finished run. Skipped tests are failures: CI has installed what they need. */
function ofReport(report) {
  let failed = 0;
  for (const suite of report.testResults) {
    const faults = suite.assertionResults.filter(({ status }) => status !== "passed");
    for (const { status, fullName, failureMessages } of faults) {
      console.log(
        `${status}: ${suite.name}: ${fullName} ${failureMessages.join(" ").slice(0, 300)}`,
      );
    }
    // A file that could not be loaded, or whose process died, may have no fault of a test to tell.
    const isBroken = suite.status === "failed" && faults.length === 0;
    if (isBroken) console.log(`failed: ${suite.name} ${suite.message ?? ""}`);
    failed += isBroken ? 1 : faults.length;
  }
  return { passed: report.numPassedTests, failed };
}

function ofProgress(progress) {
  for (const line of progress.running) console.log(`was running: ${line}`);
  return { passed: progress.passed, failed: progress.failed + progress.running.length };
}

const [report, progress] = [read("report.json"), read("progress.json")];
if (exitCode === timedOut || exitCode === killed)
  console.log("npm test was stopped: it took too long");
else if (!report) console.log("npm test ended before the tests did: see its checks above");
const counted = report ? ofReport(report) : progress ? ofProgress(progress) : undefined;
const { passed, failed } = counted ?? { passed: 0, failed: 0 };
const isGood = exitCode === 0 && report && failed === 0 && passed > 0;
// Whatever else went wrong (an error outside every test, a check before them) is one failure more.
console.log(`${passed} passed, ${isGood ? 0 : Math.max(1, failed)} failed`);
process.exit(isGood ? 0 : exitCode || 1);
