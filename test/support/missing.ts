// The only way to leave a suite out: `describe.skipIf(missing("kcat"))`. It says so, and in CI, which installs everything,
// it fails instead.
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Commands that some tests need and a developer's machine may lack → how to get them. */
const commands = { kcat: "apt-get install kcat", chromium: "apt-get install chromium" } as const;

/** Whether `command` is not on the path. Throws in CI when it is not. */
export function missing(
  command: keyof typeof commands,
  env: NodeJS.ProcessEnv = process.env,
  say: (line: string) => void = (line) => void process.stderr.write(`${line}\n`),
): boolean {
  const isThere = (env.PATH ?? "").split(delimiter).some((dir) => {
    try {
      accessSync(join(dir, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  if (isThere) return false;
  const sentence = `${command} is not here, so its tests are not run: ${commands[command]}`;
  if (env.CI) throw new Error(sentence);
  say(`\nNOT TESTED: ${sentence}\n`);
  return true;
}
