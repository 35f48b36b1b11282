// Price books: versions that never change once written. They belong to the operator, so no method takes a tenant.
import { PriceBook } from "@headgate/core/price-book";
import { priceBookKey, priceBookPk } from "./keys.ts";
import { allBetween, putOnce } from "./resources.ts";
import type { Store } from "./store.ts";

/** The repository of price books. Every method throws StoreError. */
export function priceBooks(store: Store) {
  return {
    /** False when this version exists; it stays as it is. */
    put: (book: PriceBook): Promise<boolean> =>
      putOnce(store, priceBookKey(book.id, book.version), book),
    /** All versions, oldest first. */
    async versions(id: string): Promise<PriceBook[]> {
      const stored = await allBetween(store, PriceBook, priceBookPk(id), {});
      return stored.map((each) => each.value);
    },
  };
}
