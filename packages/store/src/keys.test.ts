// Keys: no two things share one, and no list of one tenant reaches another's, whatever the names are.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { modelStore } from "../test/model-store.ts";
import * as keys from "./keys.ts";
import { listFamily } from "./resources.ts";
import type { Key } from "./store.ts";

type Ids = { tenant: `tn_${string}`; cluster: `cl_${string}`; other: string; name: string };

/** Every builder of one key, and every family, from the same parts. */
const single: Record<string, (ids: Ids) => Key> = {
  tenant: ({ tenant }) => keys.tenantKey(tenant),
  clusterOwner: ({ cluster }) => keys.clusterOwnerKey(cluster),
  apiKeyOwner: ({ other }) => keys.apiKeyOwnerKey(other as `ak_${string}`),
  prefixOwner: ({ other }) => keys.prefixOwnerKey(other),
  quota: ({ tenant, cluster }) => keys.quotaKey(tenant, cluster),
  liveKeys: ({ tenant, other }) => keys.liveKeysKey(tenant, other as `sa_${string}`),
  idempotency: ({ tenant, other }) => keys.idempotencyKey(tenant, other),
  lease: ({ other }) => keys.leaseKey(other),
  cell: ({ other }) => keys.cellKey(other as `ce_${string}`),
  priceBook: ({ other }) => keys.priceBookKey(other, 1),
  usage: ({ tenant, cluster, other, name }) => ({
    pk: keys.usagePk(tenant, cluster),
    sk: keys.usageSk(other, name),
  }),
  attribution: ({ tenant, cluster, other, name }) => ({
    pk: keys.attributionPk(tenant, cluster),
    sk: keys.attributionSk(other, name, 0),
  }),
  offsets: ({ tenant, cluster, other, name }) => ({
    pk: keys.offsetsPk(tenant, cluster),
    sk: keys.offsetsSk(other, name),
  }),
};
const families: Record<string, (ids: Ids) => keys.Family> = {
  clusters: ({ tenant }) => keys.clustersOf(tenant),
  topics: ({ tenant, cluster }) => keys.topicsOf(tenant, cluster),
  serviceAccounts: ({ tenant }) => keys.serviceAccountsOf(tenant),
  apiKeys: ({ tenant }) => keys.apiKeysOf(tenant),
  audit: ({ tenant }) => keys.auditOf(tenant),
  storage: ({ tenant, cluster }) => keys.storageOf(tenant, cluster),
  topicIds: ({ tenant, cluster }) => keys.topicIdsOf(tenant, cluster),
  metered: ({ tenant }) => keys.meteredOf(tenant),
  reconciliations: ({ tenant, cluster }) => keys.reconciliationsOf(tenant, cluster),
};
const builders: [string, (ids: Ids) => Key][] = [
  ...Object.entries(single),
  ...Object.entries(families).map(([name, family]): [string, (ids: Ids) => Key] => [
    name,
    (ids) => family(ids).key(ids.name),
  ]),
];

// Parts that look like other parts: what separates them must be the separator alone.
const part: fc.Arbitrary<string> = fc.constantFrom(
  "a",
  "ab",
  "TENANT",
  "CLUSTER",
  "TOPIC",
  "OWNER",
  "QUOTA",
  "AUDIT",
  "KEY",
);
const ids: fc.Arbitrary<Ids> = fc.record({
  tenant: part as fc.Arbitrary<Ids["tenant"]>,
  cluster: part as fc.Arbitrary<Ids["cluster"]>,
  other: part,
  name: part,
});

describe("keys", () => {
  test("different things have different keys", () => {
    fc.assert(
      fc.property(ids, ids, fc.nat(), fc.nat(), (a, b, x, y) => {
        const [first, second] = [x, y].map((n) => builders[n % builders.length]!);
        const [one, two] = [first![1](a), second![1](b)];
        if (one.pk !== two.pk || one.sk !== two.sk) return;
        expect(first![0]).toBe(second![0]);
        // The same builder: then the parts it uses are the same, which building from either again shows.
        const probe = (base: Ids, from: Ids) =>
          (Object.keys(base) as (keyof Ids)[]).every((field) => {
            const mixed = { ...base, [field]: from[field] };
            return JSON.stringify(first![1](mixed)) === JSON.stringify(one);
          });
        expect(probe(a, b)).toBe(true);
      }),
      { numRuns: 5000 },
    );
  });

  test("a list of a family holds nothing but its own", () => {
    fc.assert(
      fc.property(ids, ids, fc.nat(), fc.nat(), (a, b, x, y) => {
        const [name, family] = Object.entries(families)[x % Object.keys(families).length]!;
        const [otherName, builder] = builders[y % builders.length]!;
        const { pk, prefix } = family(a);
        const key = builder(b);
        if (key.pk !== pk || !key.sk.startsWith(prefix)) return;
        expect(otherName).toBe(name);
        expect(b.tenant).toBe(a.tenant);
        expect(family(b).pk).toBe(pk);
      }),
      { numRuns: 5000 },
    );
  });

  test.each(builders.map(([name]) => name))(
    "%s refuses a part with the separator, and an empty one",
    (name) => {
      const build = builders.find((each) => each[0] === name)![1];
      const good: Ids = { tenant: "tn_a", cluster: "cl_b", other: "c", name: "d" };
      const used = (Object.keys(good) as (keyof Ids)[]).filter((field) => {
        const other = { ...good, [field]: "zz" };
        return JSON.stringify(build(other)) !== JSON.stringify(build(good));
      });
      expect(used.length).toBeGreaterThan(0);
      for (const field of used) {
        for (const bad of ["", "x#y", "#", "x#"]) {
          expect(() => build({ ...good, [field]: bad }), `${field} ${bad}`).toThrow(
            expect.objectContaining({ code: "internal" }),
          );
        }
      }
    },
  );

  test("a name prefix a user chose reaches no neighbour", async () => {
    const store = modelStore();
    const family = keys.clustersOf("tn_a");
    const neighbours = [keys.apiKeysOf("tn_a").key("x"), keys.clustersOf("tn_b").key("x")];
    for (const key of [family.key("x"), ...neighbours]) {
      await store.put({ ...key, data: key.pk + key.sk }, "absent");
    }
    for (const namePrefix of ["", "x", "#", "../", "TENANT#tn_b", "\u{10ffff}"]) {
      const page = await listFamily(store, z.string(), family, { namePrefix, limit: 10 });
      const found = page.items.map(({ value }) => value);
      expect(found).toEqual(["", "x"].includes(namePrefix) ? [family.pk + family.key("x").sk] : []);
    }
  });

  test("parts joined come apart again", () => {
    fc.assert(
      fc.property(fc.array(part, { minLength: 1 }), (parts) => {
        expect(keys.splitParts(keys.joinParts(parts))).toEqual(parts);
      }),
    );
    expect(() => keys.joinParts(["a", "b#c"])).toThrow();
  });

  test("versions of a price book sort as numbers", () => {
    const sks = [1, 2, 9, 10, 11, 100].map((version) => keys.priceBookKey("b", version).sk);
    expect([...sks].sort()).toEqual(sks);
  });

  test("shards are those of FNV-1a, in every process of a deployment", () => {
    // Landon Noll, "FNV hash", test vectors of FNV-1a with 32 bits.
    expect(keys.shardOf("a", 2 ** 32)).toBe(0xe40c292c);
    expect(keys.shardOf("foobar", 2 ** 32)).toBe(0xbf9cf968);
    expect(keys.shardOf("", 7)).toBe(0x811c9dc5 % 7);
  });
});
