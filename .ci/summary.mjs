// Reads vitest's JSON report and prints the closing line CI looks for. Exits as the tests did, and fails when the
// report is missing (the checks before the tests failed), holds no passed test, or a suite could not be collected.
import { existsSync, readFileSync } from "node:fs";

const [file, exitCode] = [process.argv[2], Number(process.argv[3])];
if (!existsSync(file)) {
  console.log("npm test ended before any test ran");
  console.log("0 passed, 1 failed");
  process.exit(exitCode || 1);
}
const report = JSON.parse(readFileSync(file, "utf8"));
const suitesBroken = report.testResults.filter(
  (suite) =>
    suite.status === "failed" && suite.assertionResults.every((test) => test.status !== "failed"),
).length;
const failed = report.numFailedTests + suitesBroken;
const skipped = report.numPendingTests + report.numTodoTests;
for (const suite of report.testResults) {
  for (const test of suite.assertionResults) {
    if (test.status !== "passed")
      console.log(
        `${test.status}: ${test.fullName} ${test.failureMessages.join(" ").slice(0, 300)}`,
      );
  }
}
console.log(
  `${report.numPassedTests} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ""}`,
);
process.exit(exitCode || (failed || !report.numPassedTests ? 1 : 0));
