import { readFileSync } from "node:fs";
import { join } from "node:path";
import { apiKeys, apiName } from "@headgate/kafka/api-schemas";
import { expect, test } from "vitest";
import { allowList } from "../src/allow-list.ts";
import { apiNotes } from "../src/api-notes.ts";
import { compatibilityPage } from "./compatibility.ts";

const page = compatibilityPage();

test("the committed page is what the table of APIs generates, byte for byte", () => {
  const committed = join(import.meta.dirname, "../../../docs/kafka-compatibility.md");
  expect(readFileSync(committed, "utf8")).toBe(page);
});

test("every API of Kafka's broker port stands on the page once: served, or refused with a sentence", () => {
  const served = new Set(allowList.map((rule) => rule.apiKey));
  for (const key of apiKeys) {
    const rows = page.split("\n").filter((line) => line.startsWith(`| ${key} | ${apiName(key)} |`));
    expect(rows).toHaveLength(1);
    const cells = rows[0]!.split(" | ");
    expect(cells.length).toBe(served.has(key) ? 6 : 3);
    expect(cells.at(-1)).toMatch(/^[A-Z].*\. \|$/);
  }
  expect(Object.keys(apiNotes).sort()).toEqual(apiKeys.map(apiName).sort());
});
