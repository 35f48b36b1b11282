import fc from "fast-check";
import { expect, test } from "vitest";
import { changedFields, Labels, Manager, Name, setCondition, withManager } from "./resource.ts";

const leaf = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.boolean(),
  fc.array(fc.integer(), { maxLength: 3 }),
);
const key = fc.string({ minLength: 1, maxLength: 3 }).filter((k) => k !== "__proto__");
const spec = fc.dictionary(
  key,
  fc.oneof(leaf, fc.dictionary(key, leaf, { minKeys: 1, maxKeys: 3 })),
  {
    maxKeys: 4,
  },
);

test("a spec differs from itself in nothing, and from any other in something", () => {
  fc.assert(
    fc.property(spec, spec, (a, b) => {
      expect(changedFields(a, structuredClone(a))).toEqual([]);
      const same = fc.stringify(sorted(a)) === fc.stringify(sorted(b));
      expect(changedFields(a, b).length === 0).toBe(same);
    }),
  );
});

test("changed fields are pointers that resolve in the old or the new spec", () => {
  fc.assert(
    fc.property(spec, spec, (a, b) => {
      for (const pointer of changedFields(a, b)) {
        expect(resolve(a, pointer) !== undefined || resolve(b, pointer) !== undefined).toBe(true);
      }
    }),
  );
});

test("changed fields name leaves, with slashes and tildes escaped (RFC 6901)", () => {
  const before = { partitions: 3, config: { "a/b": "1", "c~d": "2" }, labels: {} };
  const after = { partitions: 6, config: { "a/b": "2" }, labels: { env: "dev" } };
  expect(changedFields(before, after).sort()).toEqual([
    "/config/a~1b",
    "/config/c~0d",
    "/labels/env",
    "/partitions",
  ]);
  expect(changedFields(undefined, { config: { x: "1" } })).toEqual(["/config/x"]);
});

test("only the fields a manager changed become its own", () => {
  const first = withManager({}, undefined, { partitions: 3, config: { x: "1" } }, "api:owner");
  expect(first).toEqual({ "/partitions": "api:owner", "/config/x": "api:owner" });
  const second = withManager(
    first,
    { partitions: 3, config: { x: "1" } },
    { partitions: 3, config: { x: "2" } },
    "kafka:app",
  );
  expect(second).toEqual({ "/partitions": "api:owner", "/config/x": "kafka:app" });
  expect(first["/config/x"]).toBe("api:owner");
});

test("every field of a spec has one manager, and a field that went has none left", () => {
  fc.assert(
    fc.property(fc.array(spec, { minLength: 1, maxLength: 4 }), (specs) => {
      let managedBy: Record<string, string> = {};
      specs.forEach((after, i) => {
        const before = specs[i - 1];
        const changed = changedFields(before, after);
        const next = withManager(managedBy, before, after, `api:${i}`);
        expect(Object.keys(next).sort()).toEqual(changedFields(undefined, after).sort());
        for (const [field, manager] of Object.entries(next)) {
          expect(manager).toBe(changed.includes(field) ? `api:${i}` : managedBy[field]);
        }
        managedBy = next;
      });
    }),
  );
});

test("there is one condition per type, and its time moves only with its status", () => {
  const at = (second: number) => `2026-11-24T04:00:0${second}.000Z`;
  const base = { type: "Placed", reason: "Waiting", message: "No cell yet." };
  const one = setCondition([], { ...base, status: "False", at: at(1) });
  const two = setCondition(one, { ...base, status: "False", message: "Still none.", at: at(2) });
  expect(two).toEqual([{ ...base, status: "False", message: "Still none.", at: at(1) }]);
  const three = setCondition(two, { ...base, status: "True", at: at(3) });
  expect(three).toEqual([{ ...base, status: "True", at: at(3) }]);
  expect(setCondition(three, { ...base, type: "Probed", status: "True", at: at(4) })).toHaveLength(
    2,
  );
});

test.each(["a", "orders-1", "a".repeat(63)])("'%s' is a name", (name) => {
  expect(Name.safeParse(name).success).toBe(true);
});
test.each(["", "-a", "a-", "A", "a_b", "a.b", "a".repeat(64), "a\n"])("%j is no name", (name) => {
  expect(Name.safeParse(name).success).toBe(false);
});

test("labels have a limit in number and size; managers say through which door", () => {
  const many = (n: number) =>
    Object.fromEntries(Array.from({ length: n }, (_, i) => [`k${i}`, ""]));
  expect(Labels.safeParse(many(32)).success).toBe(true);
  expect(Labels.safeParse(many(33)).success).toBe(false);
  expect(Labels.safeParse({ env: "x".repeat(129) }).success).toBe(false);
  expect(Manager.safeParse("api:owner").success).toBe(true);
  expect(Manager.safeParse("web:owner").success).toBe(false);
});

function resolve(spec: unknown, pointer: string): unknown {
  return pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .reduce<unknown>((value, part) => (value as Record<string, unknown> | undefined)?.[part], spec);
}

/** Key order does not matter. */
function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([k, v]) => [k, sorted(v)]),
  );
}
