import fc from "fast-check";
import { expect, test } from "vitest";
import {
  Grant,
  GrantOperation,
  GrantResource,
  grantsAllow,
  grantsDescribe,
  Permission,
  Role,
  roleGrants,
  roleMay,
  ServiceAccountSpec,
} from "./service-account.ts";

const name = fc.string({ unit: fc.constantFrom("a", "b", ".", "*"), minLength: 1, maxLength: 4 });
const grant: fc.Arbitrary<Grant> = fc.record({
  operation: fc.constantFrom(...GrantOperation.options),
  resource: fc.constantFrom(...GrantResource.options),
  pattern: fc.constantFrom("literal" as const, "prefixed" as const),
  name,
});
const operation = fc.constantFrom(...GrantOperation.options);
const kind = fc.constantFrom(...GrantResource.options);

test("a grant never reaches another kind of resource, and nothing is allowed without one", () => {
  fc.assert(
    fc.property(fc.array(grant), operation, kind, name, (grants, op, resource, target) => {
      const others = grants.filter((g) => g.resource !== resource);
      expect(grantsAllow(others, op, resource, target)).toBe(false);
      expect(grantsDescribe(others, resource, target)).toBe(false);
    }),
  );
});

test("what may be used may be seen, and one more grant takes nothing away", () => {
  fc.assert(
    fc.property(fc.array(grant), grant, operation, kind, name, (grants, more, op, of, target) => {
      if (!grantsAllow(grants, op, of, target)) return;
      expect(grantsDescribe(grants, of, target)).toBe(true);
      expect(grantsAllow([...grants, more], op, of, target)).toBe(true);
    }),
  );
});

test("a literal covers its name alone, a prefix what starts with it, a star everything", () => {
  const covers = (pattern: "literal" | "prefixed", of: string, target: string) =>
    grantsAllow(
      [{ operation: "consume", resource: "topic", pattern, name: of }],
      "consume",
      "topic",
      target,
    );
  expect([covers("literal", "orders", "orders"), covers("literal", "orders", "orders.eu")]).toEqual(
    [true, false],
  );
  expect([
    covers("prefixed", "orders.", "orders.eu"),
    covers("prefixed", "orders.", "orders"),
  ]).toEqual([true, false]);
  expect([covers("literal", "*", "x"), covers("prefixed", "*", "x")]).toEqual([true, false]);
});

test("admin includes producing and consuming; these do not include each other or admin", () => {
  const allowed = (of: GrantOperation) =>
    GrantOperation.options.filter((op) =>
      grantsAllow([Grant.parse({ operation: of, name: "t" })], op, "topic", "t"),
    );
  expect(allowed("admin")).toEqual(["produce", "consume", "admin"]);
  expect(allowed("produce")).toEqual(["produce"]);
  expect(allowed("consume")).toEqual(["consume"]);
});

test("each role may all that the roles below it may", () => {
  const order: Role[] = ["none", "viewer", "developer", "owner", "operator"];
  expect([...order].sort()).toEqual([...Role.options].sort());
  const may = order.map((role) => Permission.options.filter((p) => roleMay(role, p)));
  expect(may.map((list) => list.length)).toEqual([0, 1, 2, 3, 4]);
  for (let i = 1; i < may.length; i++) expect(may[i]).toEqual(expect.arrayContaining(may[i - 1]!));
});

test("on the Kafka port a viewer reads, a developer does everything, none does nothing", () => {
  const all = (role: Role, op: GrantOperation) =>
    GrantResource.options.filter((of) => grantsAllow(roleGrants(role), op, of, "any"));
  expect(roleGrants("none")).toEqual([]);
  expect(all("viewer", "consume")).toEqual(["topic", "group"]);
  expect([all("viewer", "produce"), all("viewer", "admin")]).toEqual([[], []]);
  for (const op of GrantOperation.options)
    expect(all("developer", op)).toEqual(GrantResource.options);
});

test("an account without a word about it may nothing", () => {
  expect(ServiceAccountSpec.parse({})).toMatchObject({
    role: "none",
    grants: [],
    cluster: "default",
  });
  expect(ServiceAccountSpec.safeParse({ role: "root" }).success).toBe(false);
});
