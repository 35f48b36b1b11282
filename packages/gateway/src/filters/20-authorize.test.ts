// Grants as bits.
import { type Grant, roleGrants } from "@headgate/core/service-account";
import { describe, expect, test } from "vitest";
import { accessOf, authorizedOperations, Bit, bitOf } from "./20-authorize.ts";

const { describe: see, produce, consume, admin } = Bit;

const grants: Grant[] = [
  { operation: "produce", resource: "topic", pattern: "prefixed", name: "in." },
  { operation: "consume", resource: "topic", pattern: "literal", name: "out" },
  { operation: "admin", resource: "group", pattern: "literal", name: "*" },
];

describe("access", () => {
  test("is by resource, pattern and operation; any of them lets a name be seen", () => {
    const access = accessOf(grants);
    expect(access.topic("in.a")).toBe(see | produce);
    expect(access.topic("in")).toBe(0);
    expect(access.topic("out")).toBe(see | consume);
    expect(access.topic("out.more")).toBe(0);
    expect(access.group("any")).toBe(see | produce | consume | admin);
    expect(accessOf(roleGrants("viewer")).topic("t")).toBe(see | consume);
    expect(accessOf([]).topic("t")).toBe(0);
  });

  test("stays right however many names are asked for", () => {
    const access = accessOf(grants);
    for (let i = 0; i < 25_000; i++) expect(access.topic(`in.${i}`)).toBe(see | produce);
    expect(access.topic("out")).toBe(see | consume);
    expect(access.topic("other")).toBe(0);
  });

  test("to produce anything is any grant to write a topic", () => {
    expect(accessOf(grants).producesAnything).toBe(true);
    expect(accessOf(grants.slice(1)).producesAnything).toBe(false);
    expect(accessOf(roleGrants("owner")).producesAnything).toBe(true);
  });
});

test("a need is a bit, and no need asks for nothing", () => {
  expect([bitOf(undefined), bitOf("describe"), bitOf("admin")]).toEqual([0, see, admin]);
});

test("operations are told in Kafka's bits", () => {
  const named = (bits: number) =>
    Object.entries({ READ: 3, WRITE: 4, CREATE: 5, DELETE: 6, ALTER: 7, DESCRIBE: 8 })
      .filter(([, code]) => (authorizedOperations(bits) & (1 << code)) !== 0)
      .map(([name]) => name);
  expect(named(0)).toEqual([]);
  expect(named(see | consume)).toEqual(["READ", "DESCRIBE"]);
  expect(named(see | produce)).toEqual(["WRITE", "DESCRIBE"]);
  expect(named(see | produce | consume | admin)).toEqual([
    "READ",
    "WRITE",
    "CREATE",
    "DELETE",
    "ALTER",
    "DESCRIBE",
  ]);
});
