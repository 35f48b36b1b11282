// Child thread of thread.test.ts: uses a store through a port it was handed, and says how a conflict looks from here.
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { isConflict } from "../src/errors.ts";
import { storeOver } from "../src/thread.ts";

const store = storeOver(workerData as MessagePort);
const item = { pk: "P", sk: "from-worker", data: "hello" };
await store.put(item, "absent");
const conflict = await store.put(item, "absent").then(() => false, isConflict);
parentPort?.postMessage({ conflict });
