// The way of a new user through the start page, by somebody who only reads the screen and does what it says.
import { execFile } from "node:child_process";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Page } from "playwright-core";
import { read } from "./chromium.ts";
import { root, temporaryDir } from "./service.ts";

const run = promisify(execFile);

/**
 * From an empty start page to its tick for the first record: creates the topic, makes a key, saves the program under
 * the name it is shown with, and runs it by the command shown.
 */
export async function sendFirstRecord(page: Page, topic: string): Promise<void> {
  const steps = page.getByRole("main").getByRole("listitem");
  await page.getByLabel("Topic name").fill(topic);
  await page.getByRole("button", { name: "Create topic" }).click();
  await steps.nth(0).getByText("Done").waitFor();
  await page.getByRole("button", { name: "Make a key" }).click();
  await steps.nth(1).getByText("Done").waitFor();
  await page.getByText(`Listening for the first record in ${topic}`).waitFor();
  const panel = page.getByRole("tabpanel");
  const code = await read(panel.locator("pre"));
  const { install, file, command } = shown(await read(panel));
  const dir = temporaryDir();
  // What the install command leaves there, without asking a registry.
  if (install !== "npm install kafkajs") throw new Error(`It wants ${install}.`);
  symlinkSync(join(root, "node_modules"), join(dir.path, "node_modules"));
  writeFileSync(join(dir.path, file), code);
  await run("bash", ["-c", command], { cwd: dir.path });
  dir.remove();
  await steps.nth(2).getByText("Done").waitFor();
  await page.getByText("We received your first record.").waitFor();
}

/** The words around the code. */
function shown(panel: string): { install: string; file: string; command: string } {
  const words = /Install\s+(.+)\n\s*(\S+[.]\w+)\n[\s\S]*\nRun\s+(.+)$/.exec(panel.trim());
  const [, install, file, command] = words ?? [];
  if (!install || !file || !command) throw new Error(`Nothing to follow in:\n${panel}`);
  return { install: install.trim(), file, command: command.trim() };
}
