// `npm run generate`: re-makes docs/kafka-compatibility.md from the table of served APIs.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { compatibilityPage } from "./compatibility.ts";

writeFileSync(
  join(import.meta.dirname, "../../../docs/kafka-compatibility.md"),
  compatibilityPage(),
);
console.error("wrote kafka-compatibility.md");
