// Types are stripped and code is compiled once, not at every start: half a second less, and 60 MB less memory, since
// the stripper is never loaded. Threads find the cache by the environment.
import module from "node:module";
import { fileURLToPath } from "node:url";

const cache = new URL("../../../node_modules/.cache/headgate", import.meta.url);

/** From here on modules come from the cache; where it cannot be written they are compiled as ever. */
export function useCompileCache() {
  process.env.NODE_COMPILE_CACHE ??= fileURLToPath(cache);
  module.enableCompileCache(process.env.NODE_COMPILE_CACHE);
}
