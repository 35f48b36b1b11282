// The signal: heard on every thread by those who listen, and keeps nobody alive.
import { execFile } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { afterEach, expect, test } from "vitest";
import { processSignal, type Signal } from "./signal.ts";

const open: Signal[] = [];
afterEach(() => {
  for (const signal of open.splice(0)) signal.close();
});
let names = 0;
const freshName = () => `signal.test ${process.pid} ${++names}`;
const signalOf = (name: string): Signal => {
  const signal = processSignal(name);
  open.push(signal);
  return signal;
};
const heard = (signal: Signal, topic: string) =>
  new Promise<void>((resolve) => {
    const off = signal.on(topic, () => {
      off();
      resolve();
    });
  });

test("it is heard on another thread, and what that one says is heard here", async () => {
  const name = freshName();
  const signal = signalOf(name);
  const file = new URL("../test/signal-thread.ts", import.meta.url);
  const thread = new Worker(file, { workerData: name });
  await once(thread, "message");
  const answered = heard(signal, "pong");
  signal.notify("ping");
  await answered;
  thread.postMessage("end");
  const [code] = await once(thread, "exit");
  expect(code).toBe(0);
});

test("its own thread hears it too, after the call and not within it", async () => {
  const signal = signalOf(freshName());
  let calls = 0;
  signal.on("work", () => {
    calls += 1;
  });
  const answered = heard(signal, "work");
  signal.notify("work");
  expect(calls).toBe(0);
  await answered;
  expect(calls).toBe(1);
});

test("only listeners of the topic and of the same name hear it, until they stop", async () => {
  const name = freshName();
  const [here, same, other] = [signalOf(name), signalOf(name), signalOf(freshName())];
  const calls: string[] = [];
  const off = here.on("work", () => calls.push("stopped"));
  here.on("work", () => calls.push("here"));
  here.on("rest", () => calls.push("another topic"));
  same.on("work", () => calls.push("same name"));
  other.on("work", () => calls.push("another name"));
  off();
  const last = heard(same, "last");
  here.notify("work");
  // A channel keeps the order of what it carries.
  here.notify("last");
  await last;
  expect(calls.sort()).toEqual(["here", "same name"]);
});

test("closed, it says and hears nothing", async () => {
  const name = freshName();
  const [closed, witness] = [signalOf(name), signalOf(name)];
  const calls: string[] = [];
  closed.on("work", () => calls.push("closed heard"));
  witness.on("work", () => calls.push("witness heard"));
  closed.close();
  closed.notify("work");
  const answered = heard(witness, "work");
  witness.notify("work");
  await answered;
  expect(calls).toEqual(["witness heard"]);
});

test("a process that only listens ends by itself", async () => {
  const child = join(import.meta.dirname, "../test/signal-idle.ts");
  // Rejects when it must be killed.
  const ended = promisify(execFile)(process.execPath, [child], { timeout: 20_000 });
  await expect(ended).resolves.toMatchObject({ stdout: "" });
});
