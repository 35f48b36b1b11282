// The house rules that a machine can hold (CONTRIBUTING.md). Each is shown to fail on planted trees before it is
// trusted with the real one.
import { errorTable } from "@headgate/core/errors";
import { formatUsd } from "@headgate/core/money";
import { defaultPriceBook } from "@headgate/core/price-book";
import { ErrorCode } from "@headgate/kafka/errors";
import { describe, expect, test } from "vitest";
import { root } from "./support/service.ts";
import { bannedTexts } from "./tidy/banned.ts";
import { contractRuns, errorsRaised, oneVersion } from "./tidy/contracts.ts";
import { decisions, links, namedPaths, npmScripts, oneTitle } from "./tidy/docs.ts";
import { deadDependencies, deadExports, deadFiles } from "./tidy/imports.ts";
import { type Rule, treeOnDisk } from "./tidy/rule.ts";
import {
  fileKinds,
  fileLength,
  fileSize,
  lineLength,
  openingWords,
  sameEnds,
} from "./tidy/shape.ts";

const rules: readonly Rule[] = [
  ...bannedTexts,
  deadFiles,
  deadExports,
  deadDependencies,
  oneTitle,
  links,
  namedPaths,
  npmScripts,
  decisions,
  contractRuns,
  oneVersion,
  errorsRaised,
  fileLength,
  lineLength,
  fileKinds,
  fileSize,
  openingWords,
  sameEnds,
];
const tree = treeOnDisk(root);

describe.each(rules)("$name", (rule) => {
  test("in this tree", () => {
    expect(rule.check(tree)).toEqual([]);
  });

  test("a planted fault is caught", () => {
    expect(rule.caught.length).toBeGreaterThan(0);
    for (const planted of rule.caught) {
      expect(rule.check(new Map(Object.entries(planted))), JSON.stringify(planted)).not.toEqual([]);
    }
  });

  test("what is right is let pass", () => {
    expect(rule.spared.length).toBeGreaterThan(0);
    for (const planted of rule.spared) {
      expect(rule.check(new Map(Object.entries(planted))), JSON.stringify(planted)).toEqual([]);
    }
  });
});

test("the tree that is checked is the real one", () => {
  for (const path of ["package.json", "packages/core/src/errors.ts", "test/tidy.test.ts"]) {
    expect(tree.get(path)).not.toBe("");
    expect(tree.has(path)).toBe(true);
  }
});

test("every error answers a Kafka client with a code Kafka has", () => {
  const known = new Set<number>(Object.values(ErrorCode));
  for (const [code, { kafka }] of Object.entries(errorTable)) expect(known, code).toContain(kafka);
});

test("the prices in docs/pricing.md are those of the default book", () => {
  const tiers = ["dev", "standard", "high"] as const;
  const priceOf = (field: keyof (typeof defaultPriceBook.tiers)["dev"]) =>
    tiers.map((tier) => formatUsd(BigInt(defaultPriceBook.tiers[tier][field])));
  const rows = tree.get("docs/pricing.md")!.matchAll(/^[|] (?:[MS],|GiB)[^|]*[|] (.*) [|]$/gm);
  expect([...rows].map(([, cells]) => cells!.split(" | "))).toEqual([
    priceOf("perMillionMessagesPico"),
    priceOf("perUnitHourPico"),
    priceOf("perGibMonthPico"),
  ]);
  expect(tree.get("docs/pricing.md")).toContain("One dollar of credit per tenant and month");
  expect(formatUsd(BigInt(defaultPriceBook.creditPerMonthPico))).toBe("1.00");
});
