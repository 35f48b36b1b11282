// Bindings by API key: loaded once for however many connections ask at the same moment, kept until the change feed names
// a part of them, loaded again at the next use. The store decides what a key opens; this only remembers it.
import type { Binding } from "@headgate/core/binding";

export interface Bindings {
  /** The binding of a live key, undefined for an unknown, revoked or expired one. */
  get(apiKey: string): Promise<Binding | undefined>;
  /** Forgets what `matches`. */
  drop(matches: (binding: Binding) => boolean): void;
  clear(): void;
}

/** Keys remembered; the oldest goes first. Unknown ones are not kept: they would be a stranger's to fill. */
const keysMax = 10_000;

export function createBindings(load: (apiKey: string) => Promise<Binding | undefined>): Bindings {
  const known = new Map<string, Binding>();
  const loading = new Map<string, Promise<Binding | undefined>>();
  // A drop while a load is under way must not be undone by it.
  let epoch = 0;
  const fetch = async (apiKey: string): Promise<Binding | undefined> => {
    const before = epoch;
    const binding = await load(apiKey);
    if (binding && before === epoch) {
      const oldest = known.size >= keysMax ? known.keys().next().value : undefined;
      if (oldest !== undefined) known.delete(oldest);
      known.set(apiKey, binding);
    }
    return binding;
  };
  return {
    get(apiKey) {
      const binding = known.get(apiKey);
      if (binding) return Promise.resolve(binding);
      let flight = loading.get(apiKey);
      if (!flight) {
        flight = fetch(apiKey).finally(() => loading.delete(apiKey));
        loading.set(apiKey, flight);
      }
      return flight;
    },
    drop(matches) {
      epoch++;
      // Whoever asks from now on must not be answered by a load that began before the change.
      loading.clear();
      for (const [key, binding] of known) if (matches(binding)) known.delete(key);
    },
    clear() {
      epoch++;
      loading.clear();
      known.clear();
    },
  };
}
