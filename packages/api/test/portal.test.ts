import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { send, startWorld, type World } from "./world.ts";

let dir: string;
let world: World;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "headgate-portal-"));
  mkdirSync(join(dir, "portal", "assets"), { recursive: true });
  const write = (name: string, text: string) => writeFileSync(join(dir, "portal", name), text);
  write("index.html", "<!doctype html><title>Portal</title>");
  write("mark.svg", "<svg/>");
  write("assets/index-4f2a.js", "export {};");
  write("assets/font-1.woff2", "font");
  write(".sources-sha256", "stamp");
  writeFileSync(join(dir, "secret.txt"), "outside");
  world = await startWorld(() => ({ portalDir: join(dir, "portal") }));
});

afterAll(async () => {
  await world.close();
  rmSync(dir, { recursive: true, force: true });
});

const get = (path: string, headers: Record<string, string> = {}) =>
  send(world.app, "GET", path, { headers });

test("pages of the portal are its one page, never cached without asking; hashed assets are for ever", async () => {
  for (const path of ["/", "/topics", "/topics/orders.v1.js", "/usage?range=7d"]) {
    const response = await get(path);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(response.headers.get("cache-control")).toBe("no-cache");
    expect(await response.text()).toContain("<title>Portal</title>");
  }
  const asset = await get("/assets/index-4f2a.js");
  expect(asset.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
  expect(asset.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
  expect((await get("/mark.svg")).headers.get("content-type")).toBe("image/svg+xml");
  expect((await get("/assets/font-1.woff2")).headers.get("content-type")).toBe("font/woff2");
});

test("a page that did not change is not sent again", async () => {
  const etag = (await get("/")).headers.get("etag")!;
  const again = await get("/topics", { "if-none-match": etag });
  expect(again.status).toBe(304);
  expect(await again.text()).toBe("");
});

test("nothing may be put into the portal from elsewhere: strict policy, no frames, no sniffing", async () => {
  const { headers } = await get("/");
  const policy = headers.get("content-security-policy")!;
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toMatch(/unsafe|http|[*]/);
  expect(headers.get("x-content-type-options")).toBe("nosniff");
  expect(headers.get("referrer-policy")).toBe("no-referrer");
  expect(headers.get("x-frame-options")).toBe("DENY");
});

test.each([
  "/..%2fsecret.txt",
  "/../secret.txt",
  "/assets/..%2f..%2fsecret.txt",
  "/%2e%2e/secret.txt",
  "/assets/missing.js",
  "/favicon.ico",
])("%s leads nowhere, and is not answered with a page", async (path) => {
  const answer = await world.ask("GET", path);
  expect(answer).toMatchObject({ status: 404, body: { code: "resource.not_found" } });
});

test("the API's own addresses never become a page, and pages are only read", async () => {
  for (const path of ["/v1/nowhere", "/admin/v1/nowhere", "/v1"]) {
    expect((await world.ask("GET", path)).status).toBe(404);
  }
  expect((await world.ask("POST", "/")).status).toBe(404);
  expect((await send(world.app, "HEAD", "/", {})).status).toBe(200);
});

test("without a built portal the page says where the API is", async () => {
  for (const portalDir of [undefined, join(dir, "absent")]) {
    const other = await startWorld(() => ({ portalDir }));
    const answer = await other.ask("GET", "/");
    expect(answer).toMatchObject({
      status: 404,
      body: { fix: expect.stringContaining("/openapi.json") },
    });
    expect(answer.body.detail).toContain("does not serve the portal");
    await other.close();
  }
});
