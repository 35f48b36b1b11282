// Run by `npm install`: fills the compile cache, so that the first start is as fast as the others.
import { useCompileCache } from "./compile-cache.mjs";

if (Number(process.versions.node.split(".")[0]) >= 24) {
  useCompileCache();
  await import("@headgate/standalone/preload");
  // The command line itself; it ends the process.
  process.argv.push("--version");
  await import("../src/main.ts");
}
