// The only way to leave a suite out: `describe.skipIf(missing("kcat", "apt-get install kcat"))`. It says so, and in CI,
// which installs everything, it fails instead.
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Whether a command is on the path. */
export function isOnPath(command: string, path = process.env.PATH ?? ""): boolean {
  return path.split(delimiter).some((dir) => {
    try {
      accessSync(join(dir, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Whether `what` is missing; `install` says how to get it. Throws in CI when it is. */
export function missing(
  what: string,
  install: string,
  isThere = isOnPath(what),
  isCi = Boolean(process.env.CI),
  say: (line: string) => void = (line) => void process.stderr.write(`${line}\n`),
): boolean {
  if (isThere) return false;
  const sentence = `${what} is not here, so its tests are not run: ${install}`;
  if (isCi) throw new Error(sentence);
  say(`\nNOT TESTED: ${sentence}\n`);
  return true;
}
