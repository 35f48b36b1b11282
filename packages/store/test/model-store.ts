// What the store port means, as plainly as it can be said: a map, sorted when asked. Tests compare adapters with it.
import { StoreError } from "../src/errors.ts";
import {
  compareUtf8,
  type Expect,
  type Item,
  itemBytesMax,
  type Key,
  type Store,
} from "../src/store.ts";

const nameOf = ({ pk, sk }: Key) => `${pk}\n${sk}`;

export function modelStore(): Store {
  const items = new Map<string, Item>();
  let versions = 0;

  const check = (key: Key, expect: Expect): void => {
    const now = items.get(nameOf(key))?.version;
    const fits = expect === "any" || (expect === "absent" ? now === undefined : now === expect);
    if (!fits) throw new StoreError("conflict", "not as expected");
  };
  return {
    get: async (key) => items.get(nameOf(key)),
    async put({ schemaVersion = 1, expiresAt, ...item }, expect) {
      const bytes = Buffer.byteLength(JSON.stringify(item.data));
      if (bytes > itemBytesMax) throw new StoreError("too_large", "too large");
      if (!Number.isInteger(expiresAt ?? 0)) throw new StoreError("invalid", "not whole");
      check(item, expect);
      versions += 1;
      const version = `MODEL${String(versions).padStart(8, "0")}`;
      const ends = expiresAt === undefined ? {} : { expiresAt };
      items.set(nameOf(item), { ...item, ...ends, version, schemaVersion });
      return version;
    },
    async delete(key, expect) {
      check(key, expect);
      items.delete(nameOf(key));
    },
    async getMany(keys) {
      return [...new Set(keys.map(nameOf))].flatMap((name) => items.get(name) ?? []);
    },
    async query(pk, { prefix = "", from = "", reverse = false, limit, cursor }) {
      const sign = reverse ? -1 : 1;
      const after = cursor === undefined ? undefined : Buffer.from(cursor, "base64url").toString();
      const isIn = (sk: string) =>
        sk.startsWith(prefix) && (from === "" || sign * compareUtf8(sk, from) >= 0);
      if (after !== undefined && !isIn(after)) throw new StoreError("cursor", "of another list");
      const rest = [...items.values()]
        .filter((item) => item.pk === pk && isIn(item.sk))
        .filter(({ sk }) => after === undefined || sign * compareUtf8(sk, after) > 0)
        .sort((a, b) => sign * compareUtf8(a.sk, b.sk));
      const page = rest.slice(0, limit);
      if (rest.length <= limit) return { items: page };
      return { items: page, cursor: Buffer.from(page.at(-1)!.sk).toString("base64url") };
    },
    close: async () => undefined,
  };
}
