// The thread of watchdog.ts. It counts its own seconds, so that a machine that slept is not taken for a test that
// hangs.
import { writeSync } from "node:fs";
import { workerData } from "node:worker_threads";

export interface Watched {
  /** Rises as long as the watched thread turns. */
  readonly beat: Int32Array;
  readonly file: string;
  readonly blockedSecondsMax: number;
  readonly fileSecondsMax: number;
}

const { beat, file, blockedSecondsMax, fileSecondsMax } = workerData as Watched;
const pause = new Int32Array(new SharedArrayBuffer(4));
let [seen, blockedSeconds, fileSeconds] = [-1, 0, 0];
let fault: string | undefined;
while (fault === undefined) {
  Atomics.wait(pause, 0, 0, 1_000);
  const now = Atomics.load(beat, 0);
  blockedSeconds = now === seen ? blockedSeconds + 1 : 0;
  seen = now;
  fileSeconds += 1;
  if (blockedSeconds >= blockedSecondsMax) fault = `held its thread for ${blockedSeconds} s`;
  if (fileSeconds >= fileSecondsMax) fault = `ran for ${fileSeconds} s`;
}
writeSync(2, `\nwatchdog: ${file} ${fault} and is killed\n`);
process.kill(process.pid, "SIGKILL");
