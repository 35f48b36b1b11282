// The real browser of tests and benches: Debian's Chromium, driven over its debugging protocol.
import { existsSync } from "node:fs";
import { type Browser, chromium, type Locator } from "playwright-core";

const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Chromium on this machine, or undefined. */
export function findChromium(): string | undefined {
  const known = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
  return [process.env.CHROMIUM_PATH, ...known].find((path) => path && existsSync(path));
}

/** A headless browser with a profile of its own, which goes when it is closed. */
export function launchChromium(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: flags });
}

/** What the screen says there. Waits until it is there. */
export function read(place: Locator): Promise<string> {
  // biome-ignore lint/performance/useDomNodeTextContent: what is hidden is not on the screen
  return place.innerText();
}
