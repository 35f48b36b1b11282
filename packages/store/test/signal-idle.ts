// Child process of signal.test.ts: listens and has nothing else to do.
import { processSignal } from "../src/signal.ts";

processSignal("idle").on("work", () => undefined);
