// The architecture as a table: who may import whom (docs/ARCHITECTURE.md). Services never import each other.
const shared = ["core", "store", "kafka", "control"];

/** @param {string} pkg @param {string[]} deps */
const may = (pkg, ...deps) => ({
  name: `${pkg} may import only: ${deps.join(", ") || "nothing"}`,
  severity: "error",
  from: { path: `^packages/${pkg}/` },
  to: { path: "^packages/", pathNot: `^packages/(${[pkg, ...deps].join("|")})/` },
});

/** @param {string} pkg */
const apiAsTypesOnly = (pkg) => ({
  name: `${pkg} knows the api as types only`,
  severity: "error",
  from: { path: `^packages/${pkg}/` },
  to: { path: "^packages/api/", dependencyTypesNot: ["type-only"] },
});

module.exports = {
  forbidden: [
    may("core"),
    may("kafka"),
    may("store", "core"),
    may("control", "core", "store", "kafka"),
    may("api", ...shared),
    may("gateway", ...shared),
    may("provisioner", ...shared),
    may("metering", ...shared),
    may("web", "core", "api"),
    // `headgate dev` is the one command that runs the service itself; it loads standalone lazily.
    may("cli", "core", "api", "standalone"),
    apiAsTypesOnly("web"),
    apiAsTypesOnly("cli"),
    {
      name: "core uses zod only",
      severity: "error",
      from: { path: "^packages/core/src/", pathNot: "[.]test[.]ts$" },
      to: { pathNot: ["^packages/core/", "node_modules/zod/"] },
    },
    {
      name: "packages never import tests",
      severity: "error",
      from: { path: "^packages/" },
      to: { path: "^test/" },
    },
    {
      name: "no cycles",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    { name: "resolvable", severity: "error", from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)(dist|[.]output)/" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "types", "default"],
      extensions: [".ts", ".tsx", ".js", ".mjs", ".cjs", ".json"],
    },
  },
};
