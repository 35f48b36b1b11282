// One process per data directory. The lock is SQLite's, on a file of its own: the operating system lets go of it when
// the process dies, however it dies, so there is no stale lock to judge and no race about taking one over.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { AppError } from "@headgate/core/errors";
import { errnoOf } from "./errno.ts";

export interface DataDirLock {
  release(): void;
}

/**
 * Makes `dir` (mode 0700) if need be and locks it until `release()` or the end of the process.
 * Throws `env.data_in_use`, naming the other process, or `env.data_not_writable`.
 */
export function lockDataDir(dir: string): DataDirLock {
  makeDataDir(dir);
  // Nobody may open this file in another way: closing any descriptor of it would drop the POSIX lock.
  const db = lockFile(dir);
  const pidFile = join(dir, "headgate.pid");
  try {
    writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o600 });
  } catch (error) {
    db.close();
    throw notWritable(dir, error);
  }
  return { release: () => db.isOpen && db.close() };
}

/** Makes `dir` and its parents, or says in one sentence why that cannot be. */
export function makeDataDir(dir: string): void {
  try {
    makeDirs(dir);
  } catch (error) {
    throw notWritable(dir, error);
  }
}

/**
 * `mkdir -p` with mode 0700. Node's own recursive form never returns where an existing parent answers ENOENT, as /proc
 * does (seen on Node 26).
 */
export function makeDirs(dir: string): void {
  if (existsSync(dir)) return;
  if (!existsSync(dirname(dir))) makeDirs(dirname(dir));
  try {
    mkdirSync(dir, { mode: 0o700 });
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
  }
}

function lockFile(dir: string): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(join(dir, "headgate.lock"), { timeout: 0 });
    db.exec("BEGIN EXCLUSIVE");
    return db;
  } catch (error) {
    db?.close();
    if ((error as { errcode?: number }).errcode !== 5 /* SQLITE_BUSY */)
      throw notWritable(dir, error);
    throw new AppError("env.data_in_use", {
      detail: `The data directory ${dir} is used by process ${holder(dir)}.`,
      cause: error,
    });
  }
}

function holder(dir: string): string {
  try {
    return readFileSync(join(dir, "headgate.pid"), "utf8").trim();
  } catch {
    return "(unknown)";
  }
}

/** What a file system's refusal to write means to whoever started us. */
export function notWritable(path: string, error: unknown): AppError {
  const why = errnoOf(error) ?? "no access";
  const isFull = why === "ENOSPC" || why === "EDQUOT";
  return new AppError(isFull ? "store.full" : "env.data_not_writable", {
    detail: `The data directory cannot be written: ${path} (${why}).`,
    cause: error,
  });
}
