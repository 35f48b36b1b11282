// From what a caller sent to a spec: every fault with its pointer, merge patches as RFC 7396 says, nothing smuggled in.
import { ClusterSpec } from "@headgate/core/cluster";
import { AppError } from "@headgate/core/errors";
import { TopicSpec } from "@headgate/core/topic";
import { describe, expect, test } from "vitest";
import { mergePatch, parseSpec } from "./spec.ts";

describe("merge patches", () => {
  // RFC 7396, Appendix A: original, patch, result.
  test.each([
    [{ a: "b" }, { a: "c" }, { a: "c" }],
    [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
    [{ a: "b" }, { a: null }, {}],
    [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
    [{ a: ["b"] }, { a: "c" }, { a: "c" }],
    [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
    [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
    [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
    [
      ["a", "b"],
      ["c", "d"],
      ["c", "d"],
    ],
    [{ a: "b" }, ["c"], ["c"]],
    [{ a: "foo" }, null, null],
    [{ a: "foo" }, "bar", "bar"],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: "b", c: null }, { a: "b" }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])("%j patched with %j is %j", (original, patch, result) => {
    expect(mergePatch(original, patch)).toEqual(result);
  });

  test("a field named __proto__ is data: it changes no prototype", () => {
    const patch: unknown = JSON.parse('{"__proto__": {"polluted": true}, "constructor": {"x": 1}}');
    const merged = mergePatch({ a: 1 }, patch) as Record<string, unknown>;
    expect(Object.getPrototypeOf(merged)).toBe(Object.prototype);
    expect(Object.keys(merged).sort()).toEqual(["__proto__", "a", "constructor"]);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  test("what is patched stays as it was", () => {
    const original = { a: { b: 1 } };
    mergePatch(original, { a: { b: 2, c: 3 } });
    expect(original).toEqual({ a: { b: 1 } });
  });

  test("a patch of ten thousand levels is refused, not a stack overflow", () => {
    const deep: unknown = JSON.parse(`${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`);
    expect(() => mergePatch({}, deep)).toThrow(
      expect.objectContaining({ code: "request.invalid" }),
    );
    const allowed: unknown = JSON.parse(`${'{"a":'.repeat(32)}1${"}".repeat(32)}`);
    expect(mergePatch({}, allowed)).toEqual(allowed);
  });
});

/** The faults of a spec as `pointer code`. */
function faults(parse: () => unknown): string[] {
  try {
    parse();
  } catch (error) {
    if (error instanceof AppError) return error.errors.map((e) => `${e.pointer} ${e.code}`);
  }
  throw new Error("it was let pass");
}

describe("specs", () => {
  test("every fault is named, each with a pointer", () => {
    const spec = {
      tier: "gold",
      streamingUnits: { min: -1, max: 1000 },
      idleAfterSeconds: 1.5,
      labels: { UP: "x", ok: 5 },
      colour: "red",
    };
    expect(faults(() => parseSpec(ClusterSpec, spec)).sort()).toEqual([
      "/spec request.invalid",
      "/spec/idleAfterSeconds request.invalid",
      "/spec/labels/UP request.invalid",
      "/spec/labels/ok request.invalid",
      "/spec/streamingUnits/max request.invalid",
      "/spec/streamingUnits/min request.invalid",
      "/spec/tier request.invalid",
    ]);
  });

  test("pointers escape what JSON pointers must (RFC 6901)", () => {
    const spec = { config: { "a/b~c": 5 } };
    expect(faults(() => parseSpec(TopicSpec, spec))).toEqual([
      "/spec/config/a~1b~0c request.invalid",
    ]);
  });

  test.each([[null], ["text"], [[]], [5], [undefined]])("%j is no spec", (value) => {
    expect(faults(() => parseSpec(TopicSpec, value))).toEqual(["/spec request.invalid"]);
  });

  test("an unknown field is named, and __proto__ is one", () => {
    for (const name of ["colour", "__proto__", "constructor"]) {
      const spec: unknown = JSON.parse(`{"partitions": 1, "${name}": {"x": 1}}`);
      expect(() => parseSpec(TopicSpec, spec)).toThrow(`there is no field ${name}`);
    }
  });

  test("a setting or label named __proto__ is refused and not dropped", () => {
    const config: unknown = JSON.parse('{"config": {"__proto__": "x"}}');
    expect(faults(() => parseSpec(TopicSpec, config))).not.toEqual([]);
    const labels: unknown = JSON.parse('{"labels": {"__proto__": "x"}}');
    expect(faults(() => parseSpec(TopicSpec, labels))).not.toEqual([]);
  });
});
