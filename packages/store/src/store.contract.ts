// What every adapter of the store port must do, run by each of them. `random operations` compares with a plain model.
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compareUtf8, itemBytesMax, type NewItem, type Page, type Store } from "./store.ts";

export interface Subject {
  readonly store: Store;
  close(): Promise<void>;
}

let runs = 0;
const fresh = () => `PK#${process.pid}.${++runs}`;

export function storeContract(name: string, open: () => Promise<Subject>, propertyRuns = 60): void {
  describe(`store contract: ${name}`, () => {
    let subject: Subject;
    let store: Store;
    beforeAll(async () => {
      subject = await open();
      store = subject.store;
    });
    afterAll(async () => subject?.close());
    items(() => store);
    conditions(() => store);
    queries(() => store);
    badInput(() => store);
    test("random operations agree with a model", async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(operation, { maxLength: 40 }), async (operations) =>
          agree(store, fresh(), operations),
        ),
        { numRuns: propertyRuns },
      );
    });
  });
}

function items(store: () => Store): void {
  test("an item comes back as it was put, with its version", async () => {
    const key = { pk: fresh(), sk: "a/b.c_d-é😀" };
    const data = {
      text: "é😀\u0000\n",
      empty: "",
      none: null,
      list: [1, 0.1, -0],
      big: 2 ** 53 - 1,
    };
    const version = await store().put(
      { ...key, schemaVersion: 3, expiresAt: 4_000_000_000, data },
      "absent",
    );
    const item = await store().get(key);
    expect(item).toEqual({
      ...key,
      version,
      schemaVersion: 3,
      expiresAt: 4_000_000_000,
      data: JSON.parse(JSON.stringify(data)),
    });
    expect(version).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
  });

  test("what was never put is absent", async () => {
    expect(await store().get({ pk: fresh(), sk: "x" })).toBeUndefined();
  });

  test("a put without expiry has none, also over an item that had one", async () => {
    const key = { pk: fresh(), sk: "x" };
    await store().put({ ...key, expiresAt: 4_000_000_000, data: 1 }, "absent");
    await store().put({ ...key, data: 2 }, "any");
    expect(await store().get(key)).not.toHaveProperty("expiresAt");
  });

  test("getMany answers what is there in the order asked, each once, beyond one batch", async () => {
    const pk = fresh();
    const sks = Array.from({ length: 230 }, (_, i) => `k${String(i).padStart(3, "0")}`);
    await Promise.all(sks.map((sk) => store().put({ pk, sk, data: { sk } }, "absent")));
    const asked = [...sks].reverse().flatMap((sk) => [
      { pk, sk },
      { pk, sk: `${sk}.absent` },
    ]);
    const found = await store().getMany([...asked, { pk, sk: "k000" }]);
    expect(found.map((item) => item.sk)).toEqual([...sks].reverse());
    expect(await store().getMany([])).toEqual([]);
  });

  test("an item of the greatest size is kept whole; one byte more is refused as too large", async () => {
    const key = { pk: fresh(), sk: "x" };
    const text = "é".repeat((itemBytesMax - 2) / 2);
    await store().put({ ...key, data: text }, "absent");
    expect((await store().get(key))?.data).toBe(text);
    await expect(store().put({ ...key, data: `${text}a` }, "any")).rejects.toMatchObject({
      kind: "too_large",
    });
    expect((await store().get(key))?.data).toBe(text);
  });
}

function conditions(store: () => Store): void {
  test("a put that expects absence conflicts with an item, and changes nothing", async () => {
    const key = { pk: fresh(), sk: "x" };
    await store().put({ ...key, data: 1 }, "absent");
    await expect(store().put({ ...key, data: 2 }, "absent")).rejects.toMatchObject({
      kind: "conflict",
    });
    expect((await store().get(key))?.data).toBe(1);
  });

  test("a put that expects a version conflicts with any other, and with absence", async () => {
    const key = { pk: fresh(), sk: "x" };
    const first = await store().put({ ...key, data: 1 }, "absent");
    const second = await store().put({ ...key, data: 2 }, first);
    await expect(store().put({ ...key, data: 3 }, first)).rejects.toMatchObject({
      kind: "conflict",
    });
    await store().delete(key, second);
    await expect(store().put({ ...key, data: 3 }, second)).rejects.toMatchObject({
      kind: "conflict",
    });
    expect(await store().get(key)).toBeUndefined();
  });

  test("deleted and made again is not unchanged: the old version conflicts", async () => {
    const key = { pk: fresh(), sk: "x" };
    const old = await store().put({ ...key, data: 1 }, "absent");
    await store().delete(key, old);
    await store().put({ ...key, data: 1 }, "absent");
    await expect(store().put({ ...key, data: 2 }, old)).rejects.toMatchObject({ kind: "conflict" });
    await expect(store().delete(key, old)).rejects.toMatchObject({ kind: "conflict" });
  });

  test("a delete of any version succeeds on nothing; one of a version conflicts on nothing", async () => {
    const key = { pk: fresh(), sk: "x" };
    await store().delete(key, "any");
    const version = await store().put({ ...key, data: 1 }, "absent");
    await store().delete(key, "any");
    await expect(store().delete(key, version)).rejects.toMatchObject({ kind: "conflict" });
  });

  test.each(["absent", "version"])(
    "of concurrent puts expecting %s exactly one wins",
    async (what) => {
      const key = { pk: fresh(), sk: "x" };
      const version =
        what === "version" ? await store().put({ ...key, data: -1 }, "absent") : "absent";
      const puts = Array.from({ length: 50 }, (_, i) => store().put({ ...key, data: i }, version));
      const results = await Promise.allSettled(puts);
      const winners = results.flatMap((r, i) => (r.status === "fulfilled" ? [i] : []));
      expect(winners).toHaveLength(1);
      for (const r of results) {
        if (r.status === "rejected") expect(r.reason).toMatchObject({ kind: "conflict" });
      }
      expect((await store().get(key))?.data).toBe(winners[0]);
    },
  );
}

function queries(store: () => Store): void {
  test("a query lists one partition in byte order, with a cursor only when more follows", async () => {
    const pk = fresh();
    // U+FF5E sorts before U+1F600 in UTF-8, and after it in UTF-16.
    const sks = ["A", "a", "a#1", "a#10", "a#2", "b", "\uff5e", "\u{1f600}"];
    await Promise.all(sks.map((sk) => store().put({ pk, sk, data: sk }, "absent")));
    await store().put({ pk: `${pk}x`, sk: "a", data: "neighbour" }, "absent");
    const first = await store().query(pk, { limit: 5 });
    expect(first.items.map((i) => i.sk)).toEqual(sks.slice(0, 5));
    const second = await store().query(pk, { limit: 3, cursor: first.cursor });
    expect(second.items.map((i) => i.sk)).toEqual(sks.slice(5));
    expect(second.cursor).toBeUndefined();
    const prefixed = await store().query(pk, { prefix: "a#", limit: 10, reverse: true });
    expect(prefixed.items.map((i) => i.sk)).toEqual(["a#2", "a#10", "a#1"]);
  });

  test("a range that begins after its prefix ends is empty, in byte order", async () => {
    const pk = fresh();
    await store().put({ pk, sk: "\uff5ea", data: 0 }, "absent");
    // U+1F600 is after U+FF5F in UTF-8, and before it in UTF-16.
    const page = await store().query(pk, { prefix: "\uff5e", from: "\u{1f600}", limit: 5 });
    expect(page).toEqual({ items: [] });
  });

  test("a cursor stays good when its item and others go", async () => {
    const pk = fresh();
    for (const sk of ["a", "b", "c", "d"]) await store().put({ pk, sk, data: 0 }, "absent");
    const { cursor } = await store().query(pk, { limit: 2 });
    await store().delete({ pk, sk: "b" }, "any");
    const rest = await store().query(pk, { limit: 2, cursor });
    expect(rest.items.map((i) => i.sk)).toEqual(["c", "d"]);
  });

  test("a page holds as many items as asked, however large they are", async () => {
    const pk = fresh();
    const data = "x".repeat(290 * 1024);
    for (let i = 0; i < 9; i++) await store().put({ pk, sk: `s${i}`, data }, "absent");
    const page = await store().query(pk, { limit: 8 });
    expect(page.items).toHaveLength(8);
    expect(page.cursor).toBeDefined();
  });
}

function badInput(store: () => Store): void {
  test.each([
    ["an empty sort key", { pk: "p", sk: "" }],
    ["an empty partition key", { pk: "", sk: "s" }],
    ["a lone surrogate", { pk: "p", sk: "\ud800" }],
    ["a control character", { pk: "p", sk: "a\u0000b" }],
    ["a sort key over 1024 bytes", { pk: "p", sk: "é".repeat(513) }],
  ])("%s is refused as invalid, in every method", async (_, key) => {
    const invalid = { kind: "invalid" };
    await expect(store().put({ ...key, data: 1 }, "any")).rejects.toMatchObject(invalid);
    await expect(store().get(key)).rejects.toMatchObject(invalid);
    await expect(store().delete(key, "any")).rejects.toMatchObject(invalid);
    await expect(store().getMany([key])).rejects.toMatchObject(invalid);
  });

  test.each([[1n], [undefined], [() => 1]])(
    "data that is not JSON is refused: %s",
    async (data) => {
      const item: NewItem = { pk: fresh(), sk: "x", data };
      const neighbour = store().put({ pk: fresh(), sk: "x", data: 1 }, "absent");
      await expect(store().put(item, "any")).rejects.toMatchObject({ kind: "invalid" });
      await neighbour;
    },
  );

  test.each(["", "!!", "AA", "_-8", Buffer.from("zzz").toString("base64url")])(
    "the foreign cursor %j is refused",
    async (cursor) => {
      const list = store().query(fresh(), { prefix: "a", limit: 1, cursor });
      await expect(list).rejects.toMatchObject({ kind: "cursor", code: "request.invalid" });
    },
  );

  test.each([0, -1, 1.5, Number.NaN])("limit %d is refused", async (limit) => {
    await expect(store().query(fresh(), { limit })).rejects.toMatchObject({ kind: "invalid" });
  });
}

type Operation =
  | { op: "put"; sk: string; data: number; expect: "absent" | "any" | "current" | "stale" }
  | { op: "delete"; sk: string; expect: "any" | "current" | "stale" }
  | { op: "query"; prefix: string; from: string; limit: number; reverse: boolean }
  | { op: "getMany"; sks: string[] };

const letters = fc.constantFrom(
  "a",
  "b",
  "#",
  "~",
  "é",
  "\ud7ff",
  "\ue000",
  "\uff5e",
  "😀",
  "\u{10ffff}",
);
const sortKey = fc.string({ unit: letters, minLength: 1, maxLength: 3 });
const maybeText = fc.string({ unit: letters, maxLength: 2 });
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      op: fc.constant("put" as const),
      sk: sortKey,
      data: fc.nat(),
      expect: fc.constantFrom("absent", "any", "current", "stale"),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constant("delete" as const),
      sk: sortKey,
      expect: fc.constantFrom("any", "current", "stale"),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constant("query" as const),
      prefix: maybeText,
      from: maybeText,
      limit: fc.integer({ min: 1, max: 4 }),
      reverse: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constant("getMany" as const),
      sks: fc.array(sortKey, { maxLength: 4 }),
    }),
  },
);

type Model = Map<string, { version: string; data: unknown }>;
const stale = "00000000000000000000000000";

async function agree(store: Store, pk: string, operations: readonly Operation[]): Promise<void> {
  const model: Model = new Map();
  for (const operation of operations) await step(store, pk, model, operation);
  const left = await pages(store, pk, { prefix: "", from: "", limit: 3, reverse: false });
  expect(left).toEqual(expected(model, { prefix: "", from: "", reverse: false }));
}

async function step(store: Store, pk: string, model: Model, operation: Operation): Promise<void> {
  if (operation.op === "query") {
    expect(await pages(store, pk, operation)).toEqual(expected(model, operation));
    return;
  }
  if (operation.op === "getMany") {
    const found = await store.getMany(operation.sks.map((sk) => ({ pk, sk })));
    const there = [...new Set(operation.sks)].filter((sk) => model.has(sk));
    expect(found.map((item) => item.sk)).toEqual(there);
    return;
  }
  const { sk } = operation;
  const current = model.get(sk);
  const wanted = { absent: "absent", any: "any", stale, current: current?.version ?? stale };
  const expectation = wanted[operation.expect];
  const fits =
    expectation === "any" ||
    (expectation === "absent" ? current === undefined : current?.version === expectation);
  const call =
    operation.op === "put"
      ? store.put({ pk, sk, data: operation.data }, expectation)
      : store.delete({ pk, sk }, expectation);
  if (!fits) {
    await expect(call).rejects.toMatchObject({ kind: "conflict" });
    return;
  }
  const version = await call;
  if (operation.op === "put") model.set(sk, { version: version as string, data: operation.data });
  else model.delete(sk);
}

/** All pages of a query; each but the last is full and has a cursor. */
async function pages(store: Store, pk: string, q: Omit<Extract<Operation, { op: "query" }>, "op">) {
  const found: [string, unknown, string][] = [];
  let cursor: string | undefined;
  do {
    const page: Page = await store.query(pk, { ...q, cursor });
    if (page.cursor !== undefined) expect(page.items).toHaveLength(q.limit);
    for (const item of page.items) found.push([item.sk, item.data, item.version]);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return found;
}

function expected(model: Model, q: { prefix: string; from: string; reverse: boolean }) {
  const sign = q.reverse ? -1 : 1;
  return [...model]
    .filter(([sk]) => sk.startsWith(q.prefix))
    .filter(([sk]) => q.from === "" || sign * compareUtf8(sk, q.from) >= 0)
    .sort(([a], [b]) => sign * compareUtf8(a, b))
    .map(([sk, { data, version }]) => [sk, data, version]);
}
