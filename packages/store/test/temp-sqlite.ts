// A real store in a directory of its own, gone with the test.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqlite } from "../src/sqlite.ts";
import type { Store } from "../src/store.ts";

export interface TempStore {
  readonly store: Store;
  close(): Promise<void>;
}

export function tempSqlite(): TempStore {
  const dir = mkdtempSync(join(tmpdir(), "headgate-store-"));
  const store = openSqlite({ path: join(dir, "store.db") });
  return {
    store,
    async close() {
      await store.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
