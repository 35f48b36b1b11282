// What must agree between files: adapters with contracts, versions with each other, errors with those who raise them.
import { filesOf, isScript, isTest, type Rule, type Tree } from "./rule.ts";

interface Port {
  readonly contract: string;
  /** Whether a file is an adapter of the port. */
  readonly isAdapter: (path: string, text: string) => boolean;
}

const ports: readonly Port[] = [
  {
    contract: "packages/store/src/store.contract.ts",
    // Whatever opens a store, be it over another one.
    isAdapter: (path, text) =>
      /^packages\/store\/src\/[^/]+[.]ts$/.test(path) &&
      /^export (async )?function open\w*\([\s\S]*?\): (Promise<)?Store\b/m.test(text),
  },
  {
    contract: "packages/provisioner/src/drivers/driver.contract.ts",
    isAdapter: (path) =>
      path.startsWith("packages/provisioner/src/drivers/") && !path.endsWith("/driver.ts"),
  },
];

const nameOf = (path: string) => path.split("/").at(-1)!;

/** A test that imports both the contract and the adapter runs the one against the other. */
function isRun(tree: Tree, contract: string, adapter: string): boolean {
  return filesOf(tree, (path) => path.endsWith(".test.ts")).some(
    ([, text]) => text.includes(`/${nameOf(contract)}"`) && text.includes(`/${nameOf(adapter)}"`),
  );
}

export const contractRuns: Rule = {
  name: "every adapter of a port runs the port's contract",
  check: (tree) =>
    ports.flatMap(({ contract, isAdapter }) => {
      const adapters = filesOf(tree, (path) => isScript(path) && !isTest(path)).filter((entry) =>
        isAdapter(...entry),
      );
      // A tree without the port is a planted one.
      if (adapters.length > 0 && !tree.has(contract)) return [`${contract} is not there`];
      return adapters
        .filter(([path]) => !isRun(tree, contract, path))
        .map(([path]) => `${path} is run by no test against ${contract}`);
    }),
  caught: [
    { "packages/store/src/a.ts": "export function openA(options: A): Store {" },
    {
      "packages/store/src/store.contract.ts": "",
      "packages/store/src/a.ts": "export async function openA(\n  options: A,\n): Promise<Store> {",
      "packages/store/src/a.test.ts": 'import "./a.ts";',
    },
    {
      "packages/provisioner/src/drivers/driver.contract.ts": "",
      "packages/provisioner/src/drivers/driver.ts": "",
      "packages/provisioner/src/drivers/msk.ts": "",
    },
  ],
  spared: [
    {
      "packages/store/src/store.contract.ts": "",
      "packages/store/src/a.ts": "export function openA(options: A): Store {",
      "packages/store/src/a.test.ts": 'import "./store.contract.ts";\nimport "./a.ts";',
      "packages/store/src/b.ts": "export function b(store: Store): B {",
    },
  ],
};

interface Manifest {
  readonly version?: string;
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
}

export const oneVersion: Rule = {
  name: "every package, and Headgate itself, says the same version",
  check(tree) {
    const wanted = (JSON.parse(tree.get("package.json") ?? "{}") as Manifest).version;
    const said = tree.get("packages/core/src/version.ts")?.match(/version = "([^"]*)"/)?.[1];
    const manifests = filesOf(tree, (path) => path.endsWith("package.json"));
    return [
      ...(said === wanted ? [] : [`packages/core/src/version.ts says ${said}, not ${wanted}`]),
      ...manifests.flatMap(([path, text]) => {
        const { version, dependencies, devDependencies } = JSON.parse(text) as Manifest;
        const ours = Object.entries({ ...dependencies, ...devDependencies }).filter(
          ([name, of]) => name.startsWith("@headgate/") && of !== wanted,
        );
        return [
          ...(version === wanted ? [] : [`${path} has version ${version}, not ${wanted}`]),
          ...ours.map(([name, of]) => `${path} wants ${name} ${of}, not ${wanted}`),
        ];
      }),
    ];
  },
  caught: [
    { "package.json": '{"version":"1.0.0"}', "packages/core/src/version.ts": 'version = "0.9.0"' },
    {
      "package.json": '{"version":"1.0.0"}',
      "packages/core/src/version.ts": 'version = "1.0.0"',
      "packages/a/package.json": '{"version":"1.1.0"}',
    },
    {
      "package.json": '{"version":"1.0.0","dependencies":{"@headgate/a":"0.9.0"}}',
      "packages/core/src/version.ts": 'version = "1.0.0"',
    },
  ],
  spared: [
    {
      "package.json": '{"version":"1.0.0","dependencies":{"@headgate/a":"1.0.0"}}',
      "packages/core/src/version.ts": 'export const version = "1.0.0";',
      "packages/a/package.json": '{"version":"1.0.0"}',
    },
  ],
};

const table = "packages/core/src/errors.ts";

export const errorsRaised: Rule = {
  name: "every error of the table is raised or read somewhere",
  check(tree) {
    const codes = [...(tree.get(table) ?? "").matchAll(/^ {2}"?([a-z_.]+)"?: row\(/gm)];
    const elsewhere = filesOf(
      tree,
      (path) => isScript(path) && !path.startsWith("packages/core/src/errors"),
    )
      .map(([, text]) => text)
      .join("\n");
    return codes
      .map(([, code]) => code!)
      .filter((code) => !elsewhere.includes(`"${code}"`) && code !== "internal")
      .map((code) => `${table} has ${code}, which nobody raises`);
  },
  caught: [{ [table]: '  "a.b": row(\n  "c.d": row(400,', "packages/a/src/a.ts": '"a.b"' }],
  spared: [{ [table]: '  "a.b": row(\n  internal: row(', "packages/a/src/a.ts": '"a.b"' }],
};
