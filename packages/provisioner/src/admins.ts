// One admin connection per cell, shared by reconcilers, metering and the API. It reconnects by itself when a broker
// restarts; when the cell's addresses change or it was off, a new one is made.
import { AppError } from "@headgate/core/errors";
import type { CellId } from "@headgate/core/ids";
import type { KafkaAdmin } from "@headgate/kafka/admin";

export interface Admins {
  /** Throws `cell.unavailable` while the cell is off, and after `close`; the call after that tries again. */
  of(cell: CellId): Promise<KafkaAdmin>;
  /** The next call makes a new connection; requests under way on the old one fail with ConnectionError. */
  renew(cell: CellId): void;
  /** Also those still being opened. */
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

  let closed = false;

  const make = (cell: CellId): Promise<KafkaAdmin> => {
    const made = open(cell);
    admins.set(cell, made);
    made.catch(() => {
      if (admins.get(cell) === made) admins.delete(cell);
    });
    return made;
  };

  return {
    async of(cell) {
      if (closed) throw new AppError("cell.unavailable", { detail: "This process is stopping." });
      return admins.get(cell) ?? make(cell);
    },
    renew(cell) {
      const admin = admins.get(cell);
      admins.delete(cell);
      if (admin) drop(admin);
    },
    close() {
      closed = true;
      for (const admin of admins.values()) drop(admin);
      admins.clear();
    },
  };
}
