import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { eventStream } from "./event-stream.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

interface Sender {
  send(event: string, data: unknown): void;
  end(): void;
}

function opened(mayGoOn = async () => true) {
  let sender: Sender | undefined;
  const stop = vi.fn();
  const stream = eventStream({
    heartbeatMs: 1000,
    mayGoOn,
    start(given) {
      sender = given;
      return stop;
    },
  });
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  return { reader, stop, sender: () => sender! };
}

const change = (name: string) => `event: change\ndata: {"name":"${name}"}\n\n`;

test("the same hint waits once for a reader who is slow", async () => {
  const { reader, sender } = opened();
  expect((await reader.read()).value).toBe(": connected\n\n");
  for (let i = 0; i < 10_000; i += 1) sender().send("change", { name: i % 2 ? "a" : "b" });
  sender().end();
  let text = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) text += part.value;
  // The first was already on its way when the second came.
  expect(text.match(/data/g)!.length).toBeLessThanOrEqual(3);
  expect(text).toContain(change("a"));
  expect(text).toContain(change("b"));
});

test("a reader who does not read is let go before much waits for it", async () => {
  const { reader, stop, sender } = opened();
  await reader.read();
  for (let i = 0; i < 2000; i += 1) sender().send("change", { name: String(i) });
  expect(stop).toHaveBeenCalled();
});

test("heartbeats come while it may go on, and the end when it may not", async () => {
  let may = true;
  const { reader, stop } = opened(async () => may);
  await reader.read();
  const beat = reader.read();
  await vi.advanceTimersByTimeAsync(1000);
  expect((await beat).value).toBe(": heartbeat\n\n");
  may = false;
  const end = reader.read();
  await vi.advanceTimersByTimeAsync(1000);
  expect((await end).done).toBe(true);
  expect(stop).toHaveBeenCalledOnce();
});

test("a reader who goes away is no longer told anything", async () => {
  const { reader, stop } = opened();
  await reader.read();
  await reader.cancel();
  expect(stop).toHaveBeenCalledOnce();
  expect(vi.getTimerCount()).toBe(0);
});
