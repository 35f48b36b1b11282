// Child of sqlite.test.ts: puts items for ever, 20 at a time, and says which ones were acknowledged.
import { writeSync } from "node:fs";
import { openSqlite } from "../src/sqlite.ts";

const store = openSqlite({ path: process.argv[2]! });

async function putForever(writer: number): Promise<never> {
  for (let i = 0; ; i++) {
    const sk = `w${writer}-${i}`;
    const version = await store.put(
      { pk: "P", sk, data: { i, text: "x".repeat(i % 500) } },
      "absent",
    );
    writeSync(1, `${sk} ${version}\n`);
  }
}

await Promise.all(Array.from({ length: 20 }, (_, writer) => putForever(writer)));
