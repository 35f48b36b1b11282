// The command line as a process: data on stdout, talk on stderr, exit codes that scripts may rely on.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import {
  bin,
  eventually,
  root,
  type Service,
  startService,
  temporaryDir,
} from "../support/service.ts";

const dir = temporaryDir();
let service: Service;

beforeAll(async () => {
  service = await startService(dir.path);
});

afterAll(async () => {
  await service.stop();
  dir.remove();
});

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function headgate(
  args: readonly string[],
  stdin = "",
  env: Record<string, string> = {},
): Promise<Ran> {
  const child = spawn(process.execPath, [bin, ...args], {
    cwd: root,
    env: { ...process.env, HEADGATE_PROFILE_FILE: join(dir.path, "profiles.json"), ...env },
  });
  child.stdin.end(stdin);
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, stdout, stderr })));
}

test("the profile that dev wrote is enough: create, produce, consume, usage", async () => {
  expect(await headgate(["topic", "create", "orders", "--partitions", "1"])).toMatchObject({
    code: 0,
  });
  const written = await headgate(["produce", "orders"], "one\ntwo\nthree\n");
  expect(written).toEqual({ code: 0, stdout: "", stderr: "3 written to orders.\n" });
  const read = await headgate(["consume", "orders", "--from", "start", "--max", "3"]);
  expect(read).toEqual({ code: 0, stdout: "one\ntwo\nthree\n", stderr: "3 read from orders.\n" });
  const usage = await eventually("usage shows them", async () => {
    const { stdout } = await headgate(["usage", "-o", "json"]);
    const row = JSON.parse(stdout).find((each: { topic?: string }) => each.topic === "orders");
    return row?.recordsWritten === "3" && row.recordsRead === "3" ? row : undefined;
  });
  expect(usage.cost).toMatch(/^\d+[.]\d+$/);
});

test("lists are tables for people, and the same data as json and yaml", async () => {
  await headgate(["topic", "create", "listed"]);
  const table = await headgate(["topic", "list"]);
  expect(table.stdout).toMatch(/^NAME +PARTITIONS +PHASE/);
  expect(table.stdout).toMatch(/^listed +3 +Ready/m);
  const json = await headgate(["topic", "list", "-o", "json"]);
  const yaml = await headgate(["topic", "list", "-o", "yaml"]);
  expect(JSON.parse(json.stdout)).toEqual(parse(yaml.stdout));
  expect(JSON.parse(json.stdout)).toContainEqual(expect.objectContaining({ name: "listed" }));
  expect(json.stderr).toBe("");
});

test("failures go to stderr with a fix, and the exit code tells their kind", async () => {
  const cases: [args: string[], code: number, says: RegExp][] = [
    [["topic", "get", "nowhere"], 4, /There is no topic 'nowhere'.*Fix: .*Request: /s],
    [["topic", "create", "bad name"], 2, /bad name.*Fix: /s],
    [["topic", "create", "x", "--partitions", "0"], 2, /partitions.*Fix: /s],
    [["topic", "list", "--key", "ak_0000000000000000:hgs_wrong"], 3, /wrong.*Fix: /s],
    [["produce", "nowhere", "x"], 4, /There is no topic 'nowhere'.*Fix: headgate topic create/s],
    [["topic", "list", "--api", "http://127.0.0.1:1"], 1, /does not answer.*Fix: /s],
    [["topic", "list", "-o", "xml"], 2, /table, json or yaml/],
    [["nonsense"], 2, /unknown command/],
    [["topic", "list", "--profile", "none"], 2, /There is no profile 'none'.*Fix: /s],
  ];
  const ran = await Promise.all(cases.map(([args]) => headgate(args)));
  for (const [i, [args, code, says]] of cases.entries()) {
    expect(`${args.join(" ")}: ${ran[i]!.code}`).toBe(`${args.join(" ")}: ${code}`);
    expect(ran[i]!.stderr).toMatch(says);
    expect(ran[i]!.stdout).toBe("");
  }
});

test("a key is made with its secret once, opens Kafka, and is refused once revoked", async () => {
  const made = await headgate(["key", "create", "app", "-o", "json"]);
  const { id, secret } = JSON.parse(made.stdout);
  expect(made.stderr).toMatch(/cannot be shown again/);
  const key = ["--key", `${id}:${secret}`];
  await headgate(["topic", "create", "keyed"]);
  expect(await headgate(["produce", "keyed", "x", ...key])).toMatchObject({ code: 0 });
  const listed = await headgate(["key", "list", "-o", "json"]);
  expect(listed.stdout).not.toContain(secret);
  expect(await headgate(["key", "revoke", "app", id])).toMatchObject({ code: 0, stdout: "" });
  expect(await headgate(["topic", "list", ...key])).toMatchObject({ code: 3 });
});

test("doctor finds all well, and names the first thing that is not with its fix", async () => {
  const well = await headgate(["doctor"]);
  expect(well.code).toBe(0);
  expect(well.stdout.match(/^ok /gm)).toHaveLength(6);
  const closed = await headgate(["doctor", "--bootstrap", "127.0.0.1:1"]);
  expect(closed).toMatchObject({ code: 1 });
  expect(closed.stdout).toMatch(/^FAIL +TCP/m);
  expect(closed.stderr).toMatch(/Fix: /);
  const refused = await headgate(["doctor", "--key", "ak_0000000000000000:hgs_no"]);
  expect(refused.stdout).toMatch(/^FAIL +key/m);
  const nameless = await headgate(["doctor", "--bootstrap", "nowhere.invalid:9092"]);
  expect(nameless.stdout).toMatch(/^FAIL +DNS/m);
});

test("api reaches any route", async () => {
  const { stdout, code } = await headgate(["api", "GET", "/v1/whoami"]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ tenant: service.ready.tenant, role: "operator" });
});
