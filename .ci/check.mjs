// Format, lint, import fence and types, side by side: what `npm run check` runs. Prints what each found, with how long
// it took, and fails when one of them does.
import { spawn } from "node:child_process";

const checks = ["check:format", "check:imports", "check:types", "check:core", "check:web"];

function run(script) {
  const startMs = performance.now();
  const child = spawn("npm", ["run", "--silent", script], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      output += text;
    });
  }
  return new Promise((resolve) => {
    child.on("error", (error) => {
      console.log(`✗ ${script}: ${error.message}`);
      resolve(false);
    });
    child.on("close", (code) => {
      const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
      console.log(`${code === 0 ? "✓" : "✗"} ${script} (${seconds} s)`);
      if (code !== 0) console.log(output);
      resolve(code === 0);
    });
  });
}

const results = await Promise.all(checks.map(run));
process.exit(results.every((isGood) => isGood) ? 0 : 1);
