// Runs a client program to its end.
import { spawn } from "node:child_process";

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const patienceMs = 60_000;

/** Never rejects for what the program did; rejects when it cannot be started. It is killed when it takes too long. */
export function runProgram(
  command: string,
  args: readonly string[],
  { stdin = "" }: { readonly stdin?: string } = {},
): Promise<Ended> {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"], timeout: patienceMs });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  // A program that ends early closes its end.
  child.stdin.on("error", () => undefined);
  child.stdin.end(stdin);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** Whether a program is there at all. */
export const canRun = (command: string, args: readonly string[]): Promise<boolean> =>
  runProgram(command, args).then(
    () => true,
    () => false,
  );
