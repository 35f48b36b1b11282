// SQLite: the contract on this thread, and what only a file has: durability, a full disk, locks and layouts.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { afterEach, expect, test } from "vitest";
import { openSqlite } from "./sqlite.ts";
import { storeContract } from "./store.contract.ts";

const dirs: string[] = [];
const tempDir = () => {
  const dir = mkdtempSync(join(tmpdir(), "headgate-store-"));
  dirs.push(dir);
  return dir;
};
const clean = () => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
};
afterEach(clean);

/** Commits in the write-ahead log, by its format (sqlite.org/fileformat2.html §4.1). */
function commitsIn(path: string): number {
  const wal = readFileSync(`${path}-wal`);
  const pageBytes = wal.readUInt32BE(8);
  let commits = 0;
  for (let at = 32; at + 24 + pageBytes <= wal.length; at += 24 + pageBytes) {
    const isCurrent = wal.subarray(at + 8, at + 16).equals(wal.subarray(16, 24));
    // "For commit records, the size of the database file in pages after the commit. For all other records, zero."
    if (isCurrent && wal.readUInt32BE(at + 4) !== 0) commits += 1;
  }
  return commits;
}

storeContract("SQLite", async () => {
  const dir = mkdtempSync(join(tmpdir(), "headgate-store-"));
  const store = openSqlite({ path: join(dir, "store.db") });
  return {
    store,
    async close() {
      await store.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
});

test("what was acknowledged survives kill -9 of the process, to the item", async () => {
  const path = join(tempDir(), "store.db");
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, "../test/put-forever.ts"), path],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const acknowledged: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged.push(line);
    if (acknowledged.length === 2000) child.kill("SIGKILL");
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  expect(child.signalCode).toBe("SIGKILL");
  const store = openSqlite({ path });
  const keys = acknowledged.map((line) => ({ pk: "P", sk: line.split(" ")[0]! }));
  const found = await store.getMany(keys);
  await store.close();
  expect(acknowledged.length).toBeGreaterThanOrEqual(2000);
  expect(found.map((item) => `${item.sk} ${item.version}`)).toEqual(acknowledged);
});

test("a full disk fails the puts that do not fit, keeps what was acknowledged, and heals", async () => {
  const path = join(tempDir(), "store.db");
  const store = openSqlite({ path, bytesMax: 400_000 });
  const text = "x".repeat(20_000);
  const key = (i: number) => ({ pk: "P", sk: `s${String(i).padStart(3, "0")}` });
  const results = await Promise.allSettled(
    Array.from({ length: 40 }, (_, i) => store.put({ ...key(i), data: text }, "absent")),
  );
  const stored = results.flatMap((r, i) => (r.status === "fulfilled" ? [key(i).sk] : []));
  for (const r of results) {
    if (r.status === "rejected")
      expect(r.reason).toMatchObject({ kind: "full", code: "store.full" });
  }
  expect(stored.length).toBeGreaterThan(0);
  expect(stored.length).toBeLessThan(40);
  const page = await store.query("P", { limit: 100 });
  expect(page.items.map((item) => item.sk)).toEqual(stored);
  await store.delete(page.items[0]!, "any");
  await store.put({ pk: "P", sk: "after", data: text }, "absent");
  await store.close();
  const again = openSqlite({ path });
  const left = (await again.query("P", { limit: 100 })).items.map((item) => item.sk);
  await again.close();
  expect(left).toEqual(["after", ...stored.slice(1)]);
});

test("puts of one turn share one commit, and a conflict among them fails alone", async () => {
  const path = join(tempDir(), "store.db");
  const store = openSqlite({ path });
  await store.put({ pk: "P", sk: "s7", data: "old" }, "absent");
  const before = commitsIn(path);
  const results = await Promise.allSettled(
    Array.from({ length: 50 }, (_, i) => store.put({ pk: "P", sk: `s${i}`, data: i }, "absent")),
  );
  expect(commitsIn(path) - before).toBe(1);
  for (let i = 0; i < 3; i++) await store.put({ pk: "P", sk: `t${i}`, data: i }, "absent");
  expect(commitsIn(path) - before).toBe(4);
  await store.close();
  expect(results.flatMap((r, i) => (r.status === "rejected" ? [i] : []))).toEqual([7]);
});

test("puts that arrive while a commit is on its way share the next one", async () => {
  const path = join(tempDir(), "store.db");
  const store = openSqlite({ path });
  await store.put({ pk: "P", sk: "first", data: 0 }, "absent");
  const before = commitsIn(path);
  // Each chain puts its next item when its last was acknowledged: all of them meet again in each turn.
  const chain = async (name: string) => {
    for (let i = 0; i < 5; i++) await store.put({ pk: "P", sk: `${name}-${i}`, data: i }, "absent");
  };
  await Promise.all(Array.from({ length: 20 }, (_, i) => chain(`c${i}`)));
  expect(commitsIn(path) - before).toBe(5);
  await store.close();
});

test("a write that cannot be stored fails alone; those that shared its commit are stored", async () => {
  const path = join(tempDir(), "store.db");
  const store = openSqlite({ path, bytesMax: 300_000 });
  const big = store.put({ pk: "P", sk: "big", data: "x".repeat(299_000) }, "absent");
  const small = store.put({ pk: "P", sk: "small", data: 1 }, "absent");
  await expect(big).rejects.toMatchObject({ kind: "full" });
  const version = await small;
  expect(await store.get({ pk: "P", sk: "small" })).toMatchObject({ version, data: 1 });
  expect(await store.get({ pk: "P", sk: "big" })).toBeUndefined();
  await store.close();
});

test("a file of a newer layout is refused and left alone", async () => {
  const path = join(tempDir(), "store.db");
  await openSqlite({ path }).close();
  const db = new DatabaseSync(path);
  db.exec("PRAGMA user_version = 99");
  db.close();
  const before = readFileSync(path);
  expect(() => openSqlite({ path })).toThrow(
    expect.objectContaining({ kind: "newer", code: "env.data_newer" }),
  );
  expect(readFileSync(path).equals(before)).toBe(true);
});

test("a file in use is refused; the first user goes on", async () => {
  const path = join(tempDir(), "store.db");
  const first = openSqlite({ path });
  expect(() => openSqlite({ path })).toThrow(
    expect.objectContaining({ kind: "in_use", code: "env.data_in_use" }),
  );
  await first.put({ pk: "P", sk: "s", data: 1 }, "absent");
  await first.close();
  // Of a file that is there already, the lock is taken by opening it, not by the first write.
  const second = openSqlite({ path });
  expect(() => openSqlite({ path })).toThrow(expect.objectContaining({ kind: "in_use" }));
  await second.close();
});

test("a place that cannot be written is refused with a clear error", () => {
  const file = join(tempDir(), "file");
  writeFileSync(file, "");
  const denied = expect.objectContaining({ kind: "not_writable", code: "env.data_not_writable" });
  expect(() => openSqlite({ path: join(file, "store.db") })).toThrow(denied);
  expect(() => openSqlite({ path: "/proc/headgate/store.db" })).toThrow(denied);
});

test("a file that is no database is refused, not overwritten", () => {
  const path = join(tempDir(), "store.db");
  writeFileSync(path, "precious ".repeat(1000));
  expect(() => openSqlite({ path })).toThrow(
    expect.objectContaining({ kind: "damaged", code: "env.data_damaged" }),
  );
  expect(readFileSync(path, "utf8")).toBe("precious ".repeat(1000));
});

test("only the owner may read the file", async () => {
  const path = join(tempDir(), "store.db");
  await openSqlite({ path }).close();
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("expired items go when swept, others stay", async () => {
  const path = join(tempDir(), "store.db");
  const clock = { nowMs: () => 2_000_000 };
  const first = openSqlite({ path, clock });
  await first.put({ pk: "P", sk: "ended", expiresAt: 1999, data: 1 }, "absent");
  await first.put({ pk: "P", sk: "lives", expiresAt: 2001, data: 1 }, "absent");
  await first.put({ pk: "P", sk: "stays", data: 1 }, "absent");
  await first.close();
  const second = openSqlite({ path, clock });
  await second.put({ pk: "P", sk: "z", data: 1 }, "absent");
  const left = (await second.query("P", { limit: 9 })).items.map((item) => item.sk);
  await second.close();
  expect(left).toEqual(["lives", "stays", "z"]);
});

test("a closed store answers unavailable; what it had accepted is stored", async () => {
  const path = join(tempDir(), "store.db");
  const store = openSqlite({ path });
  const put = store.put({ pk: "P", sk: "s", data: 1 }, "absent");
  await store.close();
  await put;
  const unavailable = { kind: "unavailable" };
  await expect(store.put({ pk: "P", sk: "t", data: 1 }, "any")).rejects.toMatchObject(unavailable);
  await expect(store.get({ pk: "P", sk: "s" })).rejects.toMatchObject(unavailable);
});
