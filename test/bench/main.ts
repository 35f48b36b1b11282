// npm run bench [name…]: prints every figure of docs/benchmarks.md. Ratios are taken within one run; nothing here is a
// test, and no test is timed. Each bench is one file that answers rows.
import { countingBench } from "./counting.ts";
import { firstRecordBench } from "./first-record.ts";
import { idleBench } from "./idle.ts";
import { produceBench } from "./produce.ts";
import { startBench } from "./start.ts";
import { topicsBench } from "./topics.ts";

/** One line of the table: what was measured, the bar it has to reach, and what came out. */
export interface Figure {
  readonly what: string;
  readonly bar: string;
  readonly measured: string;
  readonly reached: boolean;
}

const benches: Record<string, () => Promise<Figure[]>> = {
  start: startBench,
  topics: topicsBench,
  counting: countingBench,
  produce: produceBench,
  idle: idleBench,
  "first-record": firstRecordBench,
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(benches, name));
if (unknown.length > 0) {
  console.error(`No bench ${unknown.join(", ")}; there are ${Object.keys(benches).join(", ")}.`);
  process.exit(2);
}
console.log("| bench | what | bar | measured | |\n|---|---|---|---|---|");
for (const name of asked.length > 0 ? asked : Object.keys(benches)) {
  for (const { what, bar, measured, reached } of await benches[name]!()) {
    console.log(`| ${name} | ${what} | ${bar} | ${measured} | ${reached ? "reached" : "MISSED"} |`);
  }
}
process.exit(0);
