// Every route in every case a client can meet: good, bad, without credentials, without the role, and of what is not
// there or another tenant's. The last test holds this table to the document.
import { createApiKey } from "@headgate/control/api-keys";
import { putCluster } from "@headgate/control/clusters";
import { writeServiceAccount } from "@headgate/control/service-accounts";
import { putTopic } from "@headgate/control/topics";
import type { KafkaAdmin } from "@headgate/kafka/admin";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { groupsOverKafka } from "../src/groups-over-kafka.ts";
import type { LiveSource } from "../src/live.ts";
import { liveOverFeed } from "../src/live-over-feed.ts";
import { groupWithOffset, testAdmin } from "./kafka.ts";
import { type Key, place, startWorld, type TestTenant, type World } from "./world.ts";

type Access = "public" | "loopback" | "view" | "edit" | "own" | "operate";
interface Params {
  readonly name: string;
  readonly id?: string;
}

interface Row {
  readonly operation: string;
  readonly access: Access;
  /** Makes what the request is about; answers what the path's parameters are, if not the name. */
  readonly setup?: (name: string) => Promise<string | undefined>;
  readonly body?: unknown;
  readonly ok: number;
  /** Why there is nothing that could be missing. */
  readonly neverMissing?: string;
  /** The path of something that is not there, if not the same path under another name. */
  readonly missing?: string;
}

let world: World;
let tenant: TestTenant;
let neighbour: TestTenant;
let admin: KafkaAdmin;
let prefix: string;
let live: LiveSource;
/** The lowest role that may, and the highest that may not. */
let keys: Record<Exclude<Access, "public">, { readonly may: Key; readonly mayNot: Key }>;

beforeAll(async () => {
  admin = testAdmin();
  world = await startWorld((control) => {
    live = liveOverFeed(control);
    return { live, groups: groupsOverKafka({ admins: async () => admin }) };
  });
  tenant = await world.tenant();
  neighbour = await world.tenant();
  prefix = (await place(world, tenant)).prefix;
  await place(world, neighbour);
  const [none, viewer] = [await tenant.keyOf("none"), await tenant.keyOf("viewer")];
  const developer = await tenant.keyOf("developer");
  const operate = { may: world.operator, mayNot: tenant.key };
  keys = {
    view: { may: viewer, mayNot: none },
    edit: { may: developer, mayNot: viewer },
    own: { may: tenant.key, mayNot: developer },
    operate,
    loopback: operate,
  };
});

afterAll(async () => {
  await live.close();
  await world.close();
  admin.close();
});

const topic = async (name: string) => {
  await putTopic(world.control, tenant.actor, "default", name, { partitions: 1 });
  return undefined;
};
const cluster = async (name: string) => {
  await putCluster(world.control, tenant.actor, name, {});
  return undefined;
};
const account = async (name: string) => {
  await writeServiceAccount(world.control, tenant.actor, name, () => ({}));
  return undefined;
};
const key = async (name: string) => {
  await account(name);
  return (await createApiKey(world.control, tenant.actor, name)).id;
};
const group = async (name: string) => {
  await groupWithOffset(admin, prefix, name, 0n);
  return undefined;
};
const spec = { spec: {} };
const noResource = "it names no resource";

const inBoth = (rows: (base: string, param: string) => Row[]): Row[] => [
  ...rows("/v1/clusters/{cluster}", "cluster"),
  ...rows("/v1", ""),
];

const table: Row[] = [
  { operation: "GET /v1/meta", access: "public", ok: 200, neverMissing: noResource },
  { operation: "GET /healthz", access: "public", ok: 200, neverMissing: noResource },
  { operation: "GET /readyz", access: "public", ok: 200, neverMissing: noResource },
  { operation: "GET /openapi.json", access: "public", ok: 200, neverMissing: noResource },
  { operation: "GET /metrics", access: "loopback", ok: 200, neverMissing: noResource },
  {
    operation: "GET /v1/errors/{code}",
    access: "public",
    setup: async () => "topic.unknown",
    ok: 200,
  },
  { operation: "GET /v1/whoami", access: "view", ok: 200, neverMissing: noResource },
  { operation: "GET /v1/live", access: "view", ok: 200, neverMissing: noResource },
  { operation: "GET /v1/invoices/current", access: "view", ok: 200, neverMissing: noResource },
  { operation: "GET /v1/audit-events", access: "own", ok: 200, neverMissing: noResource },
  { operation: "GET /v1/usage", access: "view", ok: 200, missing: "/v1/usage?cluster=absent" },

  { operation: "GET /v1/clusters", access: "view", ok: 200, neverMissing: noResource },
  { operation: "GET /v1/clusters/{cluster}", access: "view", setup: cluster, ok: 200 },
  {
    operation: "PUT /v1/clusters/{cluster}",
    access: "own",
    body: spec,
    ok: 201,
    neverMissing: "it makes what is not there",
  },
  {
    operation: "PATCH /v1/clusters/{cluster}",
    access: "own",
    setup: cluster,
    body: { spec: { autoCreateTopics: true } },
    ok: 200,
  },
  { operation: "DELETE /v1/clusters/{cluster}", access: "own", setup: cluster, ok: 200 },

  ...inBoth((base, param): Row[] => [
    {
      operation: `GET ${base}/topics`,
      access: "view",
      ok: 200,
      ...(param
        ? { setup: async () => "default" }
        : { neverMissing: "a key's default cluster is there" }),
    },
    { operation: `GET ${base}/topics/{name}`, access: "view", setup: topic, ok: 200 },
    {
      operation: `PUT ${base}/topics/{name}`,
      access: "edit",
      body: spec,
      ok: 201,
      ...(param
        ? { missing: "/v1/clusters/absent/topics/a" }
        : { neverMissing: "it makes what is not there" }),
    },
    {
      operation: `PATCH ${base}/topics/{name}`,
      access: "edit",
      setup: topic,
      body: { spec: { partitions: 2 } },
      ok: 200,
    },
    { operation: `DELETE ${base}/topics/{name}`, access: "edit", setup: topic, ok: 200 },
    {
      operation: `GET ${base}/groups`,
      access: "view",
      ok: 200,
      ...(param
        ? { setup: async () => "default" }
        : { neverMissing: "a key's default cluster is there" }),
    },
    { operation: `GET ${base}/groups/{group}`, access: "view", setup: group, ok: 200 },
    { operation: `DELETE ${base}/groups/{group}`, access: "edit", setup: group, ok: 204 },
  ]),

  { operation: "GET /v1/service-accounts", access: "view", ok: 200, neverMissing: noResource },
  { operation: "GET /v1/service-accounts/{name}", access: "view", setup: account, ok: 200 },
  {
    operation: "PUT /v1/service-accounts/{name}",
    access: "own",
    body: spec,
    ok: 201,
    neverMissing: "it makes what is not there",
  },
  {
    operation: "PATCH /v1/service-accounts/{name}",
    access: "own",
    setup: account,
    body: { spec: { role: "viewer" } },
    ok: 200,
  },
  { operation: "DELETE /v1/service-accounts/{name}", access: "own", setup: account, ok: 204 },
  { operation: "GET /v1/service-accounts/{name}/keys", access: "view", setup: account, ok: 200 },
  {
    operation: "POST /v1/service-accounts/{name}/keys",
    access: "own",
    setup: account,
    body: {},
    ok: 201,
  },
  { operation: "GET /v1/service-accounts/{name}/keys/{id}", access: "view", setup: key, ok: 200 },
  {
    operation: "DELETE /v1/service-accounts/{name}/keys/{id}",
    access: "own",
    setup: key,
    ok: 200,
  },
  {
    operation: "POST /v1/service-accounts/{name}/keys/{id}/rotate",
    access: "own",
    setup: key,
    body: {},
    ok: 201,
  },

  { operation: "GET /admin/v1/tenants", access: "operate", ok: 200, neverMissing: noResource },
  {
    operation: "POST /admin/v1/tenants",
    access: "operate",
    body: { spec: { displayName: "Another" } },
    ok: 201,
    neverMissing: "it makes what is not there",
  },
  {
    operation: "GET /admin/v1/tenants/{tenant}",
    access: "operate",
    setup: async () => tenant.actor.tenant,
    ok: 200,
  },
];

let count = 0;
const newName = () => {
  count += 1;
  return `r${count}`;
};

/** The path of an operation: `{cluster}` is the default one where more follows, other parameters what was set up. */
function pathOf(operation: string, { name, id }: Params): string {
  const template = operation.split(" ")[1]!;
  return template
    .replace(/[{]cluster[}](?=.*[{])/, "default")
    .replace(/[{]cluster[}](?=[/])/, "default")
    .replace("{id}", id ?? "ak_0000000000000000")
    .replace(/[{](code|tenant)[}]/, id ?? name)
    .replace(/[{].+?[}]/, name);
}

async function ready(row: Row): Promise<string> {
  const name = newName();
  const id = await row.setup?.(name);
  return pathOf(row.operation, { name, ...(id === undefined ? {} : { id }) });
}

const method = (row: Row) => row.operation.split(" ")[0]!;
const body = (row: Row) => (row.body === undefined ? {} : { body: row.body });
const may = (row: Row) => (row.access === "public" ? {} : { key: keys[row.access].may });
const operations = (rows: readonly Row[]) => rows.map((row) => [row.operation, row] as const);

describe.each(operations(table))("%s", (_, row) => {
  test(`answers ${row.ok}`, async () => {
    const path = await ready(row);
    const answer = await world.ask(method(row), path, { ...may(row), ...body(row) });
    expect(answer.status, JSON.stringify(answer.body)).toBe(row.ok);
  });

  test("names a query parameter it does not know in a 400", async () => {
    const path = `${await ready(row)}?nonsense=1`;
    const answer = await world.ask(method(row), path, { ...may(row), ...body(row) });
    expect(answer).toMatchObject({ status: 400, body: { code: "request.invalid" } });
    expect(answer.body.errors).toMatchObject([{ pointer: "/query/nonsense" }]);
  });

  if (row.body !== undefined) {
    test("answers a body that is not JSON with 400", async () => {
      const answer = await world.ask(method(row), await ready(row), { ...may(row), text: "{" });
      expect(answer).toMatchObject({ status: 400, body: { code: "request.not_json" } });
    });
  }

  const { access } = row;
  if (access !== "public") {
    test("answers 401 without credentials and with wrong ones", async () => {
      const path = await ready(row);
      const without = await world.ask(method(row), path, body(row));
      expect(without).toMatchObject({ status: 401, body: { code: "auth.missing" } });
      const wrong = { id: tenant.key.id, secret: `hgs_${"0".repeat(52)}` };
      const answer = await world.ask(method(row), path, { key: wrong, ...body(row) });
      expect(answer).toMatchObject({ status: 401, body: { code: "auth.failed" } });
    });

    test("answers 403 to the highest role that may not", async () => {
      const { mayNot } = keys[access];
      const answer = await world.ask(method(row), await ready(row), { key: mayNot, ...body(row) });
      expect(answer).toMatchObject({ status: 403, body: { code: "auth.forbidden" } });
    });
  }

  if (row.neverMissing === undefined) {
    test("answers 404 for what is not there", async () => {
      const path = row.missing ?? pathOf(row.operation, { name: "absent", id: "absent" });
      const answer = await world.ask(method(row), absent(row, path), { ...may(row), ...body(row) });
      expect(answer.status, JSON.stringify(answer.body)).toBe(404);
    });
  }

  // Every tenant has a default cluster, so a list in it is its own and not the neighbour's.
  const isTenants = ["view", "edit", "own"].includes(access) && !isList(row);
  if (row.setup !== undefined && isTenants) {
    test("answers 404 for the same thing of another tenant", async () => {
      const path = await ready(row);
      const answer = await world.ask(method(row), path, { key: neighbour.key, ...body(row) });
      expect(answer.status, JSON.stringify(answer.body)).toBe(404);
    });
  }
});

function isList(row: Row): boolean {
  return /[{]cluster[}][/](topics|groups)$/.test(row.operation);
}

/** A list in a cluster is missing when its cluster is. */
function absent(row: Row, path: string): string {
  return isList(row) ? path.replace("/clusters/default/", "/clusters/absent/") : path;
}

test("the table has every operation of the document, and no other", () => {
  expect(table.map((row) => row.operation).sort()).toEqual([...world.document.operations].sort());
});
