// Node reads a socket into fresh memory each time, outside V8's heap. V8 weighs such memory only for its major
// collections: at full throughput it begins one for every few reads, and the gateway spends more time marking its heap
// than moving records (three times the processor per byte, measured). What was read is garbage a moment later, so minor
// collections, which take half a millisecond, are asked for in step with the bytes read; then there are no major ones.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

type Collect = (options: { readonly type: "minor" }) => void;

/** Read between two collections: more of it begins major ones, less of it costs more than it saves. */
const bytesBetween = 8 * 1024 * 1024;

/** Answers a function to be told of bytes read from sockets. */
export function minorCollections(collect: Collect = exposedCollector()): (bytes: number) => void {
  let sinceLast = 0;
  return (bytes) => {
    sinceLast += bytes;
    if (sinceLast < bytesBetween) return;
    sinceLast = 0;
    collect({ type: "minor" });
  };
}

/** V8's own, which only a flag brings to light; the flag is for new contexts, so one is made. */
function exposedCollector(): Collect {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as Collect;
}
