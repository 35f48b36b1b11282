// Bindings by API key: loaded once for however many connections ask at the same moment, kept until the change feed
// names a part of them, loaded again at the next use. The store decides what a key opens; this only remembers it.
import type { Binding } from "@headgate/core/binding";

export interface Bindings {
  /** The binding of a live key, undefined for an unknown, revoked or expired one. */
  get(apiKey: string): Promise<Binding | undefined>;
  /** Whether it is still what `get` would answer; false when in doubt. */
  isCurrent(binding: Binding): boolean;
  /** Forgets what `matches`. */
  drop(matches: (binding: Binding) => boolean): void;
}

/** Keys remembered; the oldest goes first. Unknown ones are not kept: they would be a stranger's to fill. */
const keysMax = 10_000;

type Matches = (binding: Binding) => boolean;

interface Flight {
  readonly binding: Promise<Binding | undefined>;
  /** What was dropped since it began: must not be undone by it. */
  readonly dropped: Matches[];
}

export function createBindings(load: (apiKey: string) => Promise<Binding | undefined>): Bindings {
  const known = new Map<string, Binding>();
  /** Newest load of each key: who asks while it is under way waits for it. */
  const loading = new Map<string, Flight>();
  const underWay = new Set<Flight>();

  const keep = (apiKey: string, binding: Binding): void => {
    const oldest = known.size >= keysMax ? known.keys().next().value : undefined;
    if (oldest !== undefined) known.delete(oldest);
    known.set(apiKey, binding);
  };
  const start = (apiKey: string): Flight => {
    const dropped: Matches[] = [];
    const flight: Flight = {
      dropped,
      binding: load(apiKey)
        .then((binding) => {
          if (!binding || dropped.some((matches) => matches(binding))) return binding;
          const there = known.get(apiKey);
          if (!there) keep(apiKey, binding);
          return there ?? binding;
        })
        .finally(() => {
          underWay.delete(flight);
          if (loading.get(apiKey) === flight) loading.delete(apiKey);
        }),
    };
    underWay.add(flight);
    loading.set(apiKey, flight);
    return flight;
  };

  return {
    get(apiKey) {
      const binding = known.get(apiKey);
      if (binding) return Promise.resolve(binding);
      return (loading.get(apiKey) ?? start(apiKey)).binding;
    },
    isCurrent: (binding) => known.get(binding.apiKey) === binding,
    drop(matches) {
      // Whoever asks from now on must not be answered by a load that began before the change.
      loading.clear();
      for (const { dropped } of underWay) dropped.push(matches);
      for (const [key, binding] of known) if (matches(binding)) known.delete(key);
    },
  };
}
