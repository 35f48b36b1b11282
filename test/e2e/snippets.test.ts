// What a new user reads on the terminal, pasted as printed, does what it says.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { join } from "node:path";
import { promisify, stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { bin, eventually, isAlive, root, servicePid, temporaryDir } from "../support/service.ts";

const run = promisify(execFile);

test("on a terminal the secret is shown, and each printed snippet works as printed", async () => {
  const dir = temporaryDir();
  const env = { ...process.env, HEADGATE_PROFILE_FILE: join(dir.path, "profiles.json") };
  const dev = `'${process.execPath}' '${bin}' dev --data '${dir.path}' --api-port 0 --kafka-port 0`;
  // script(1) gives it a terminal.
  const child = spawn("script", ["-qec", dev, "/dev/null"], { cwd: root, env });
  const printed = await untilPrinted(child, "Ctrl-C stops everything");
  const text = stripVTControlCharacters(printed).replaceAll("\r\n", "\n");
  expect(printed).toContain("\u001b[");
  expect(text).toMatch(/Portal +http:\/\/127\.0\.0\.1:\d+\/#key=ak_\w+:hgs_\w+/);

  const paste = async (from: string, to: string) => {
    const start = text.indexOf(from) + from.length;
    const code = text.slice(start, text.indexOf(to, start)).trim();
    return run("bash", ["-c", code], { cwd: root, env });
  };
  await paste("Create a topic\n", "Write a record");
  await paste("Write a record\n", "Read it");
  const consume = text.slice(text.indexOf("Read it\n") + 8, text.indexOf("Ctrl-C stops")).trim();
  expect(consume).toBe("npx headgate consume orders --from start");
  const { stdout } = await run("bash", ["-c", `${consume} --max 1`], { cwd: root, env });
  expect(stdout).toBe("Hello, Headgate\n");

  const pid = servicePid(dir.path);
  child.stdin.write("\u0003");
  await eventually("Ctrl-C ends it", async () => (isAlive(pid) ? undefined : true), 10_000);
  dir.remove();
}, 60_000);

test("without a terminal the secret is not printed, but where it lies", async () => {
  const dir = temporaryDir();
  const env = { ...process.env, HEADGATE_PROFILE_FILE: join(dir.path, "profiles.json") };
  const args = [bin, "dev", "--data", dir.path, "--api-port", "0", "--kafka-port", "0"];
  const child = spawn(process.execPath, args, { cwd: root, env });
  const printed = await untilPrinted(child, "Ctrl-C stops everything");
  expect(printed).not.toMatch(/hgs_/);
  expect(printed).toContain(join(dir.path, "owner-key.json"));
  expect(printed).not.toContain("\u001b[");
  const exited = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  expect(await exited).toBe(0);
  dir.remove();
});

function untilPrinted(child: ChildProcess, end: string): Promise<string> {
  let text = "";
  return new Promise((resolve, reject) => {
    child.stdout!.on("data", (chunk) => {
      text += chunk;
      if (text.includes(end)) resolve(text);
    });
    child.once("exit", (code) => reject(new Error(`ended with ${code}:\n${text}`)));
  });
}
