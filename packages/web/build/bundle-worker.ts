// Runs vite, on a thread with an environment of its own: what the starting shell says of NODE_ENV must not decide
// whether users get React's development build.
import { workerData } from "node:worker_threads";
import { build, type InlineConfig } from "vite";

export type BundleWorkerData = Pick<InlineConfig, "root" | "configFile"> & { outDir: string };

const { outDir, ...config } = workerData as BundleWorkerData;
await build({ ...config, logLevel: "error", build: { outDir, emptyOutDir: true } });
