// Cells. They belong to the operator and to no tenant, so no method takes one.
import { Cell } from "@headgate/core/cell";
import type { CellId } from "@headgate/core/ids";
import { cellKey, cells as family } from "./keys.ts";
import { allBetween, getParsed, modify, type Stored } from "./resources.ts";
import type { Store } from "./store.ts";

/** The repository of cells. Every method throws StoreError. */
export function cells(store: Store) {
  return {
    get: (cell: CellId) => getParsed(store, Cell, cellKey(cell)),
    list: (): Promise<Stored<Cell>[]> =>
      allBetween(store, Cell, family.pk, { prefix: family.prefix }),
    /** Read-modify-write; `change` sees undefined for a new cell, and answers undefined to leave it as it is. */
    update: (cell: CellId, change: (now: Cell | undefined) => Cell | undefined) =>
      modify(store, Cell, cellKey(cell), change),
  };
}
