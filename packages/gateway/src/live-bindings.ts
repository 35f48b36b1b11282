// Bindings of living connections: found at the login, followed when a change is heard of.
import type { Binding } from "@headgate/core/binding";
import { AppError } from "@headgate/core/errors";
import type { Bindings } from "./bindings.ts";
import type { ClientConnection } from "./connection.ts";
import type { Log } from "./log.ts";
import type { Sessions } from "./sessions.ts";

/** For a login: the binding of a live key, once its cluster is ready. Throws AppError, StoreError. */
export async function findBinding(
  bindings: Bindings,
  clusterReady: (apiKey: string) => Promise<void>,
  apiKey: string,
): Promise<Binding | undefined> {
  try {
    return await bindings.get(apiKey);
  } catch (error) {
    if (!isNotReady(error)) throw error;
    await clusterReady(apiKey);
    return await bindings.get(apiKey);
  }
}

const isNotReady = (error: unknown): boolean =>
  error instanceof AppError && error.code === "cluster.not_ready";

export interface Bound {
  readonly log: Log;
  readonly bindings: Bindings;
  readonly sessions: Sessions;
  readonly connections: ReadonlySet<ClientConnection>;
}

/** Loads the changed bindings of live connections again: revoked keys lose theirs, the others get their new grants. */
export async function rebind(
  matches: (binding: Binding) => boolean,
  { log, bindings, sessions, connections }: Bound,
): Promise<void> {
  bindings.drop(matches);
  const affected = [...connections].filter(({ session }) => session && matches(session.binding));
  // Nobody waits here for a cluster that was made anew: other tenants' changes stand behind this one.
  const current = (apiKey: string) =>
    bindings.get(apiKey).catch((error: unknown) => {
      if (!isNotReady(error)) throw error;
      return undefined;
    });
  await Promise.all(
    affected.map(async (connection) => {
      const before = connection.session?.binding;
      if (!before) return;
      const after = await current(before.apiKey);
      const moved =
        after?.placement.prefix !== before.placement.prefix ||
        after.placement.cell !== before.placement.cell;
      if (!after || moved || after.cluster !== before.cluster) {
        log("Connection closed: its key no longer opens this cluster", { apiKey: before.apiKey });
        connection.close();
      } else connection.rebind(sessions.refresh(after));
    }),
  );
}
