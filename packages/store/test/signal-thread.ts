// Child thread of signal.test.ts: answers `ping` with `pong` on the signal whose name it is given.
import { parentPort, workerData } from "node:worker_threads";
import { processSignal } from "../src/signal.ts";

const signal = processSignal(String(workerData));
signal.on("ping", () => signal.notify("pong"));
parentPort?.postMessage("listening");
// A signal keeps nobody alive; the parent's word does.
parentPort?.once("message", () => signal.close());
