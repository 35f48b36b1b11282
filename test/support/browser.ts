// The portal in a real Chromium. One service and one browser per test file; each test has a browser context of its own
// and, when it asks for one, a tenant of its own, so that tests see nothing of each other.
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect } from "vitest";
import { findChromium, launchChromium } from "./chromium.ts";
import { missing } from "./missing.ts";
import { type ReadyLine, type Service, startService, temporaryDir } from "./service.ts";

export type Key = ReadyLine["key"];

export interface OpenOptions {
  /** Signs in by the link with the key in its fragment, as `npm start` prints it; left out: nobody is signed in. */
  readonly key?: Key;
  readonly path?: string;
  readonly width?: number;
  readonly colorScheme?: "light" | "dark";
  readonly timezoneId?: string;
  /** Before the first request: to stand between the page and the API. */
  readonly prepare?: (page: Page) => Promise<unknown>;
}

export interface Portal {
  readonly page: Page;
  /** Errors on the console so far, which CSP violations and failed requests are among, and uncaught ones. */
  readonly problems: () => readonly string[];
  /** Addresses of other hosts that the page asked for. */
  readonly strangers: () => readonly string[];
}

export interface PortalSuite {
  readonly service: () => Service;
  /** A new tenant with nothing in it, and its owner's key. */
  tenant(): Promise<Key>;
  open(options?: OpenOptions): Promise<Portal>;
  /** Ends the service as a crash would, and starts it again on the same port and directory. */
  crash(): Promise<{ restart: () => Promise<void> }>;
}

/** Against what never comes, not against a slow machine. */
const patienceMs = 30_000;

/** Asks until it is so. */
export const soon = <T>(probe: () => T) => expect.poll(probe, { timeout: patienceMs });

/** Declares tests that need a browser; without one, see missing.ts. */
export function portalSuite(define: (suite: PortalSuite) => void): void {
  const path = findChromium();
  const install = "apt-get install chromium, or name it in CHROMIUM_PATH";
  describe.skipIf(missing("Chromium", install, path !== undefined))("in Chromium", () => {
    define(startedSuite(path!));
  });
}

function startedSuite(executablePath: string): PortalSuite {
  const dir = temporaryDir();
  let service: Service;
  let browser: Browser;
  const contexts: BrowserContext[] = [];
  beforeAll(async () => {
    [service, browser] = await Promise.all([
      startService(dir.path),
      launchChromium(executablePath),
    ]);
  });
  // A page left open would go on asking.
  afterEach(async () => {
    await Promise.all(contexts.splice(0).map((context) => context.close()));
  });
  afterAll(async () => {
    await Promise.all([browser?.close(), service?.stop()]);
    dir.remove();
  });
  return {
    service: () => service,
    async tenant() {
      const made = await service.rest("POST", "/admin/v1/tenants", {
        body: { spec: { displayName: "Portal test" } },
        headers: { prefer: "wait=10" },
      });
      if (made.status !== 201) throw new Error(JSON.stringify(made.body));
      return made.body.key;
    },
    async open(options = {}) {
      const { width = 1280, colorScheme = "light", timezoneId } = options;
      const context = await browser.newContext({
        viewport: { width, height: 900 },
        colorScheme,
        permissions: ["clipboard-read", "clipboard-write"],
        ...(timezoneId === undefined ? {} : { timezoneId }),
      });
      contexts.push(context);
      return openPortal(await context.newPage(), service.ready.portal, options);
    },
    async crash() {
      const port = new URL(service.ready.api).port;
      await service.kill();
      return {
        async restart() {
          service = await startService(dir.path, ["--api-port", port]);
        },
      };
    },
  };
}

async function openPortal(page: Page, base: string, options: OpenOptions): Promise<Portal> {
  const { key, path = "" } = options;
  page.setDefaultTimeout(patienceMs);
  const problems: string[] = [];
  const strangers: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(message.text());
  });
  page.on("pageerror", (error) => problems.push(`uncaught: ${error.message}`));
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== new URL(base).origin) strangers.push(request.url());
  });
  await options.prepare?.(page);
  await page.goto(`${base}${path}${key ? `#key=${key.id}:${key.secret}` : ""}`);
  return { page, problems: () => problems, strangers: () => strangers };
}
