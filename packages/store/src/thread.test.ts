// The store behind its own thread keeps the contract, and its errors and its end reach the caller typed.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MessageChannel, Worker } from "node:worker_threads";
import { afterEach, expect, test } from "vitest";
import { openSqlite } from "./sqlite.ts";
import { storeContract } from "./store.contract.ts";
import { startStoreThread, storeOver } from "./thread.ts";

const dirs: string[] = [];
const tempDir = () => {
  const dir = mkdtempSync(join(tmpdir(), "headgate-thread-"));
  dirs.push(dir);
  return dir;
};
const clean = () => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
};
afterEach(clean);

storeContract("SQLite on its own thread", async () => {
  const dir = mkdtempSync(join(tmpdir(), "headgate-thread-"));
  const thread = await startStoreThread({ path: join(dir, "store.db") });
  return {
    store: thread.store,
    async close() {
      await thread.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
});

test("two ports see one store", async () => {
  const thread = await startStoreThread({ path: join(tempDir(), "store.db") });
  const other = storeOver(thread.connect());
  const puts = [thread.store, other].map((s) => s.put({ pk: "P", sk: "s", data: 1 }, "absent"));
  const results = await Promise.allSettled(puts);
  const item = await other.get({ pk: "P", sk: "s" });
  await other.close();
  await thread.close();
  expect(results.map((r) => r.status).sort()).toEqual(["fulfilled", "rejected"]);
  expect(item?.data).toBe(1);
});

test("a port works on a thread that did not start the store", async () => {
  const thread = await startStoreThread({ path: join(tempDir(), "store.db") });
  const port = thread.connect();
  const worker = new Worker(new URL("../test/put-over-port.ts", import.meta.url), {
    workerData: port,
    transferList: [port],
  });
  const said = await new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  const item = await thread.store.get({ pk: "P", sk: "from-worker" });
  await worker.terminate();
  await thread.close();
  expect(said).toEqual({ conflict: true });
  expect(item?.data).toBe("hello");
});

test("opening fails on the caller's thread with the adapter's error", async () => {
  const file = join(tempDir(), "file");
  writeFileSync(file, "");
  await expect(startStoreThread({ path: join(file, "store.db") })).rejects.toMatchObject({
    kind: "not_writable",
    code: "env.data_not_writable",
  });
});

test("close acknowledges what was asked through any port before it, also in the same turn", async () => {
  for (let round = 0; round < 6; round++) {
    const thread = await startStoreThread({ path: join(tempDir(), "store.db") });
    const other = storeOver(thread.connect());
    const through = [[other], [thread.store], [other, thread.store]][round % 3]!;
    const puts = Array.from({ length: 20 }, (_, i) =>
      through[i % through.length]!.put({ pk: "P", sk: `s${i}`, data: i }, "absent"),
    );
    const [results] = await Promise.all([Promise.allSettled(puts), thread.close()]);
    expect(results.filter(({ status }) => status === "rejected")).toEqual([]);
  }
});

test("when the other end goes, calls without an answer fail as unavailable, and so do later ones", async () => {
  const { port1, port2 } = new MessageChannel();
  const store = storeOver(port2);
  const call = store.get({ pk: "P", sk: "s" });
  port1.close();
  await expect(call).rejects.toMatchObject({ kind: "unavailable" });
  await expect(store.put({ pk: "P", sk: "s", data: 1 }, "any")).rejects.toMatchObject({
    kind: "unavailable",
  });
});

test("close acknowledges what was accepted, and calls after it fail as unavailable", async () => {
  const path = join(tempDir(), "store.db");
  const thread = await startStoreThread({ path });
  const puts = Array.from({ length: 100 }, (_, i) =>
    thread.store.put({ pk: "P", sk: `s${i}`, data: i }, "absent"),
  );
  await Promise.resolve();
  await thread.close();
  await Promise.all(puts);
  await expect(thread.store.get({ pk: "P", sk: "s1" })).rejects.toMatchObject({
    kind: "unavailable",
  });
  expect(await thread.ended).toBeUndefined();
  const store = openSqlite({ path });
  const page = await store.query("P", { limit: 200 });
  await store.close();
  expect(page.items).toHaveLength(100);
});
