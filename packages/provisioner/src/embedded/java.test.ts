import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findJava, majorOf } from "./java.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "headgate-java-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** A program named java that prints `text` where a real one prints its version. */
function fakeJava(text: string): string {
  const bin = join(dir, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "java"), `#!/bin/sh\necho '${text}' >&2\n`);
  chmodSync(join(bin, "java"), 0o755);
  return bin;
}

test("the machine's Java is found on the PATH and is new enough", async () => {
  const java = await findJava({ path: process.env.PATH ?? "" });
  expect(java.major).toBeGreaterThanOrEqual(17);
  expect(java.executable).toMatch(/^\/.*java$/);
});

test("no Java on the PATH says how to get one", async () => {
  await expect(findJava({ path: dir })).rejects.toMatchObject({
    code: "env.java_missing",
    fix: expect.stringContaining("apt install"),
  });
});

test("a JAVA_HOME without bin/java is named, not passed over", async () => {
  const search = { javaHome: dir, path: process.env.PATH ?? "" };
  await expect(findJava(search)).rejects.toMatchObject({
    code: "env.java_missing",
    message: expect.stringContaining(dir),
  });
});

test("a Java that is too old is refused with its version and the one needed", async () => {
  const path = fakeJava('openjdk version "11.0.22" 2024-01-16');
  await expect(findJava({ path })).rejects.toMatchObject({
    code: "env.java_too_old",
    message: expect.stringMatching(/is Java 11; .* Java 17/),
  });
});

test("a java that is only a stub counts as missing", async () => {
  const path = fakeJava("Unable to locate a Java Runtime.");
  await expect(findJava({ path })).rejects.toMatchObject({ code: "env.java_missing" });
});

test.each([
  ['openjdk version "17.0.15" 2025-04-15', 17],
  ['openjdk version "25-ea" 2025-09-16', 25],
  ['java version "1.8.0_452"', 8],
  ['JAVA_VERSION="21.0.1"', 21],
  ["nothing of the kind", undefined],
])("the major version of %s", (text, major) => {
  expect(majorOf(text)).toBe(major);
});
