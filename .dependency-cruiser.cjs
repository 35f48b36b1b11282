// The architecture as a table: who may import whom (docs/ARCHITECTURE.md). Services never import each other.
const shared = ["core", "store", "kafka", "control"];

/** Code that runs in tests and benchmarks only. */
const testCode = "[.](test|contract|fixture)[.]tsx?$|^packages/[^/]+/(test|bench)/";

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

/**
 * What talks to the world outside is known to one file (a path prefix) each, so that it can be replaced there.
 * @param {string} module @param {string} files
 */
const onlyIn = (module, files) => ({
  name: `${module} is known to ${files} only`,
  severity: "error",
  from: { path: "^packages/", pathNot: [`^packages/${files}`, testCode] },
  to: { path: [`node_modules/${module}/`, `^(node:)?${module}$`] },
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
    onlyIn("@aws-sdk", "store/src/dynamodb"),
    // The embedded Kafka's directory is locked by a SQLite file: the one lock that a killed process lets go of.
    onlyIn("sqlite", "(store/src/sqlite|provisioner/src/embedded/data-dir)"),
    onlyIn("hono", "api/src/"),
    onlyIn("@hono", "api/src/"),
    onlyIn("commander", "cli/src/"),
    onlyIn("kafkajs", "cli/src/"),
    onlyIn("react", "web/src/"),
    onlyIn("vite", "web/"),
    onlyIn("child_process", "(provisioner/src/embedded/|cli/|kafka/generate/)"),
    {
      name: "packages never import tests",
      severity: "error",
      from: { path: "^packages/", pathNot: testCode },
      to: { path: "^test/" },
    },
    {
      name: "of the whole tree's tests, a package's tests use test/support only",
      severity: "error",
      from: { path: "^packages/" },
      to: { path: "^test/", pathNot: "^test/support/" },
    },
    {
      name: "what ships never imports what tests",
      severity: "error",
      from: { path: "^packages/", pathNot: testCode },
      to: { path: testCode },
    },
    {
      name: "a program is imported by nobody",
      severity: "error",
      from: { pathNot: "/bin/" },
      to: { path: "/main[.]tsx?$", dependencyTypesNot: ["type-only"] },
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
    exclude: { path: "^packages/[^/]+/dist/|^test/[.]output/" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "types", "default"],
      extensions: [".ts", ".tsx", ".js", ".mjs", ".cjs", ".json"],
    },
  },
};
