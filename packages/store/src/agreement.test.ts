// The same random operations on SQLite, on DynamoDB's protocol and on a plain model: every answer must be the same,
// conflicts, refusals and cursors included. A failure prints the seed and path that repeat it.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { modelStore } from "../test/model-store.ts";
import { startDynalite } from "../test/start-dynalite.ts";
import { StoreError } from "./errors.ts";
import { openSqlite } from "./sqlite.ts";
import { itemBytesMax, type Key, type Store } from "./store.ts";

const dir = mkdtempSync(join(tmpdir(), "headgate-agreement-"));
let dynalite: Awaited<ReturnType<typeof startDynalite>>;
let sqlite: Store;

beforeAll(async () => {
  dynalite = await startDynalite();
  sqlite = openSqlite({ path: join(dir, "store.db") });
});
afterAll(async () => {
  await sqlite?.close();
  await dynalite?.close();
  rmSync(dir, { recursive: true, force: true });
});

/** `current` is the last version of the item written to; a number that of the nth write, whatever it wrote. */
type Belief = "absent" | "any" | "current" | number;
interface Range {
  readonly prefix?: string | undefined;
  readonly from?: string | undefined;
  readonly reverse: boolean;
  readonly limit: number;
}
type Operation =
  | { op: "put"; key: Key; belief: Belief; data: unknown; expiresAt: number | undefined }
  | { op: "delete"; key: Key; belief: Exclude<Belief, "absent"> }
  | { op: "get"; key: Key }
  | { op: "getMany"; keys: readonly Key[] }
  /** `follow` goes on from the last cursor that any query answered. */
  | { op: "query"; pk: string; range: Range; follow: boolean };

// Separators, the neighbours of the surrogates and the last character: where orders and prefixes go wrong.
const letter = fc.constantFrom(
  "a",
  "#",
  "~",
  "é",
  "\ud7ff",
  "\ue000",
  "\uff5e",
  "😀",
  "\u{10ffff}",
);
const text = (minLength: number) => fc.string({ unit: letter, minLength, maxLength: 2 });
const pk = fc.constantFrom("T", "T", "T#");
const key = fc.record({ pk, sk: text(1) });
const belief = fc.oneof(
  fc.constantFrom("any" as const, "current" as const, "current" as const),
  fc.nat({ max: 20 }),
);
const data = fc.oneof(
  { weight: 20, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
  { weight: 1, arbitrary: fc.constantFrom("x".repeat(itemBytesMax - 2), "x".repeat(itemBytesMax)) },
);
const expiresAt = fc.constantFrom(undefined, undefined, undefined, 4e9, 4e9 + 1, 1.5);
const range = fc.record({
  prefix: fc.option(text(0), { nil: undefined }),
  from: fc.option(text(0), { nil: undefined }),
  reverse: fc.boolean(),
  limit: fc.integer({ min: 1, max: 4 }),
});
const op = <const T extends string>(name: T) => fc.constant(name);
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      op: op("put"),
      key,
      belief: fc.oneof(op("absent"), belief),
      data,
      expiresAt,
    }),
  },
  { weight: 2, arbitrary: fc.record({ op: op("delete"), key, belief }) },
  { weight: 1, arbitrary: fc.record({ op: op("get"), key }) },
  { weight: 1, arbitrary: fc.record({ op: op("getMany"), keys: fc.array(key, { maxLength: 5 }) }) },
  { weight: 4, arbitrary: fc.record({ op: op("query"), pk, range, follow: fc.boolean() }) },
);

/** Comes first in every run: each kind of answer there is. */
const at = (sk: string): Key => ({ pk: "T", sk });
const none = { expiresAt: undefined };
const page = { reverse: false, limit: 1 };
const everyKind: Operation[] = [
  { op: "put", key: at("a"), belief: "absent", data: 1, ...none },
  { op: "put", key: at("b"), belief: "any", data: 2, ...none },
  { op: "put", key: at("a"), belief: "absent", data: 3, ...none },
  { op: "put", key: at("a"), belief: 1, data: 4, ...none },
  { op: "put", key: at("a"), belief: "current", data: 5, expiresAt: 1.5 },
  { op: "put", key: at("a"), belief: "current", data: "x".repeat(itemBytesMax), ...none },
  { op: "get", key: at("a") },
  { op: "getMany", keys: [at("b"), at("c"), at("a")] },
  { op: "query", pk: "T", range: page, follow: false },
  { op: "query", pk: "T", range: page, follow: true },
  { op: "query", pk: "T", range: { ...page, prefix: "b" }, follow: true },
  { op: "delete", key: at("a"), belief: 1 },
  { op: "delete", key: at("a"), belief: "current" },
];

/** One store in one run: which versions it gave, in the order of the writes, so that answers can be compared. */
function player(store: Store, run: number) {
  const versions: string[] = [];
  const current = new Map<string, string>();
  let cursor: string | undefined;
  const at = (k: Key): Key => ({ pk: `${run}/${k.pk}`, sk: k.sk });
  const expectOf = (k: Key, belief: Belief): string => {
    if (belief === "absent" || belief === "any") return belief;
    const known = belief === "current" ? current.get(`${k.pk}\n${k.sk}`) : versions[belief];
    return known ?? "a version nobody gave";
  };
  const perform = async (operation: Operation): Promise<unknown> => {
    if (operation.op === "get") return store.get(at(operation.key));
    if (operation.op === "getMany") return store.getMany(operation.keys.map(at));
    if (operation.op === "query") {
      const { range, follow } = operation;
      const from = follow && cursor !== undefined ? { cursor } : {};
      const page = await store.query(`${run}/${operation.pk}`, { ...range, ...from });
      cursor = page.cursor ?? cursor;
      return page;
    }
    const { key, belief } = operation;
    if (operation.op === "delete") return store.delete(at(key), expectOf(key, belief));
    const { data, expiresAt } = operation;
    const version = await store.put({ ...at(key), data, expiresAt }, expectOf(key, belief));
    versions.push(version);
    current.set(`${key.pk}\n${key.sk}`, version);
    return version;
  };
  /** The answer as text with versions by their number, or what kind of refusal it was. */
  return async (operation: Operation): Promise<string> => {
    try {
      const answer = JSON.stringify(await perform(operation), sorted) ?? "nothing";
      return versions.reduce(
        (said, version, i) => said.replaceAll(version, `version ${i}`),
        answer,
      );
    } catch (error) {
      if (error instanceof StoreError) return `refused: ${error.kind}`;
      throw error;
    }
  };
}

/** Objects say their fields in one order. */
function sorted(_: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

test("SQLite, DynamoDB and the model give the same answer to everything", async () => {
  let run = 0;
  const kinds = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(
      fc.array(operation, { minLength: 1, maxLength: 80, size: "max" }),
      async (operations) => {
        run += 1;
        const [model, ...others] = [modelStore(), sqlite, dynalite.store].map((s) =>
          player(s, run),
        );
        for (const each of operations) {
          const said = await model!(each);
          for (const other of others) expect(await other(each)).toBe(said);
          const kind = `${each.op} ${said.startsWith("refused") ? said : "answered"}`;
          kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
        }
      },
    ),
    { numRuns: 40, interruptAfterTimeLimit: 6000, examples: [[everyKind]] },
  );
  // That it compared what it is for, however little time there was.
  for (const kind of [
    "put answered",
    "put refused: conflict",
    "put refused: invalid",
    "put refused: too_large",
    "delete answered",
    "delete refused: conflict",
    "get answered",
    "getMany answered",
    "query answered",
    "query refused: cursor",
  ]) {
    expect(kinds.get(kind) ?? 0, kind).toBeGreaterThan(0);
  }
});
