// Where to dial: broker addresses of a cell as the provisioner last wrote them. Read at most once a second per cell,
// since a restarted broker may have another port and clients reconnect all at once.
import type { CellId } from "@headgate/core/ids";
import { cells } from "@headgate/store/cells";
import type { Store } from "@headgate/store/store";

export type CellBrokers = (cell: string) => Promise<ReadonlyMap<number, string>>;

const freshMs = 1000;

export function cellBrokers(store: Store): CellBrokers {
  const repository = cells(store);
  const known = new Map<string, { readAtMs: number; brokers: Promise<Map<number, string>> }>();
  const read = async (cell: string) => {
    const found = await repository.get(cell as CellId);
    const brokers = Object.entries(found?.value.brokers ?? {});
    return new Map(brokers.map(([nodeId, address]) => [Number(nodeId), address]));
  };
  return (cell) => {
    const nowMs = performance.now();
    const cached = known.get(cell);
    if (cached && nowMs - cached.readAtMs < freshMs) return cached.brokers;
    const brokers = read(cell);
    known.set(cell, { readAtMs: nowMs, brokers });
    brokers.catch(() => known.delete(cell));
    return brokers;
  };
}
