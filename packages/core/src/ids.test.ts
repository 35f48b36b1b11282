import fc from "fast-check";
import { expect, test } from "vitest";
import {
  ApiKeyId,
  base32,
  CellId,
  ClusterId,
  newId,
  newPrefix,
  newSecret,
  PhysicalPrefix,
  prefixBytes,
  ServiceAccountId,
  TenantId,
  TopicHandle,
} from "./ids.ts";

const random = fc
  .uint8Array({ minLength: 64, maxLength: 64 })
  .map((bytes) => ({ bytes: (size: number) => bytes.slice(0, size) }));

const schemas = {
  tn: TenantId,
  cl: ClusterId,
  sa: ServiceAccountId,
  ak: ApiKeyId,
  ce: CellId,
  tp: TopicHandle,
} as const;

test("an id is of its own kind and of no other", () => {
  fc.assert(
    fc.property(random, (source) => {
      for (const kind of Object.keys(schemas) as (keyof typeof schemas)[]) {
        const accepted = Object.entries(schemas).filter(
          ([, schema]) => schema.safeParse(newId(kind, source)).success,
        );
        expect(accepted.map(([name]) => name)).toEqual([kind]);
      }
    }),
  );
});

test("each random byte gives one character, so an id has 80 random bits and a secret 260", () => {
  const zeros = { bytes: (size: number) => new Uint8Array(size) };
  expect(newId("tn", zeros)).toBe(`tn_${"0".repeat(16)}`);
  expect(newSecret(zeros)).toBe(`hgs_${"0".repeat(52)}`);
  const all = { bytes: (size: number) => Uint8Array.from({ length: size }, (_, i) => i) };
  expect(new Set(base32(all, 32)).size).toBe(32);
});

test("a physical prefix has its fixed length, so none is the start of another", () => {
  fc.assert(
    fc.property(random, (source) => {
      const prefix = newPrefix(source);
      expect(PhysicalPrefix.parse(prefix)).toHaveLength(prefixBytes);
    }),
  );
});

test.each(["tn_", "tn_0123456789ABCDEF", "tn_0123456789abcdeu", "tn_0123456789abcdef\n", "hgs_x"])(
  "%j is no tenant id",
  (text) => {
    expect(TenantId.safeParse(text).success).toBe(false);
  },
);
