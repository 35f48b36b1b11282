import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { portalFiles } from "./portal-files.ts";

const dir = mkdtempSync(join(tmpdir(), "headgate-portal-"));

beforeAll(() => {
  mkdirSync(join(dir, "assets"));
  writeFileSync(join(dir, "index.html"), "<!doctype html>");
  writeFileSync(join(dir, "assets", "index-1.js"), "void 0");
  writeFileSync(join(dir, ".sources-sha256"), "secret");
});

afterAll(() => rmSync(dir, { recursive: true }));

test("every address of the portal answers the page, also that of a topic whose name has dots", async () => {
  const files = portalFiles(dir)!;
  for (const path of [
    "/",
    "/topics",
    "/topics/payments.settled",
    "/topics/a.js",
    "/topics/a.b.css",
  ]) {
    expect(`${path} ${(await files.read(path))?.contentType}`).toBe(
      `${path} text/html; charset=utf-8`,
    );
  }
  expect((await files.read("/assets/index-1.js"))?.contentType).toMatch(/^text\/javascript/);
});

test("a missing file is not answered with a page, and no path leads to a hidden file or outside", async () => {
  const files = portalFiles(dir)!;
  for (const path of ["/assets/index-0.js", "/favicon.ico"]) {
    expect(`${path} ${await files.read(path)}`).toBe(`${path} undefined`);
  }
  for (const path of ["/.sources-sha256", "/assets/../.sources-sha256", "/../etc/passwd"]) {
    const file = await files.read(path);
    expect(`${path} ${Buffer.from(file!.body)}`).toBe(`${path} <!doctype html>`);
  }
});
