// One admin connection per cell, shared by reconcilers, metering and the API. It reconnects by itself when a broker
// restarts; when the cell's addresses change or it was off, a new one is made.
import type { CellId } from "@headgate/core/ids";
import type { KafkaAdmin } from "@headgate/kafka/admin";

export interface Admins {
  /** Throws `cell.unavailable` while the cell is off; the call after that tries again. */
  of(cell: CellId): Promise<KafkaAdmin>;
  /** The next call makes a new connection; requests under way on the old one fail with ConnectionError. */
  renew(cell: CellId): void;
  close(): void;
}

/** `open` makes a connection (`CellDriver.admin`). */
export function cachedAdmins(open: (cell: CellId) => Promise<KafkaAdmin>): Admins {
  const admins = new Map<CellId, Promise<KafkaAdmin>>();
  const drop = (admin: Promise<KafkaAdmin>) =>
    void admin.then(
      (made) => made.close(),
      () => undefined,
    );

  const make = async (cell: CellId): Promise<KafkaAdmin> => {
    try {
      return await open(cell);
    } catch (error) {
      admins.delete(cell);
      throw error;
    }
  };

  return {
    of(cell) {
      const known = admins.get(cell);
      if (known) return known;
      const made = make(cell);
      admins.set(cell, made);
      return made;
    },
    renew(cell) {
      const admin = admins.get(cell);
      admins.delete(cell);
      if (admin) drop(admin);
    },
    close() {
      for (const admin of admins.values()) drop(admin);
      admins.clear();
    },
  };
}
