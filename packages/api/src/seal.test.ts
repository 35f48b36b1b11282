import { systemRandom } from "@headgate/store/system";
import fc from "fast-check";
import { expect, test } from "vitest";
import { sealer } from "./seal.ts";

test("only the same secret opens, for the same context, and only what was not touched", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.nat(), (text, at) => {
      const mine = sealer("hgs_mine", systemRandom);
      const sealed = mine.seal("context", text);
      expect(mine.open("context", sealed)).toBe(text);
      expect(sealer("hgs_mine", systemRandom).open("context", sealed)).toBe(text);
      expect(sealer("hgs_other", systemRandom).open("context", sealed)).toBeUndefined();
      expect(mine.open("another", sealed)).toBeUndefined();
      const bytes = Buffer.from(sealed, "base64");
      bytes[at % bytes.length]! ^= 1;
      expect(mine.open("context", bytes.toString("base64"))).toBeUndefined();
    }),
  );
});

test("what is no sealed text opens nothing", () => {
  const mine = sealer("hgs_mine", systemRandom);
  for (const text of ["", "a", "%%%", "A".repeat(36), "A".repeat(400)]) {
    expect(mine.open("context", text)).toBeUndefined();
  }
});

test("the same text is sealed differently each time", () => {
  const mine = sealer("hgs_mine", systemRandom);
  expect(mine.seal("context", "text")).not.toBe(mine.seal("context", "text"));
});
