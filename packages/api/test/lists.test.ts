import { putTopic } from "@headgate/control/topics";
import { topics } from "@headgate/store/topics";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startWorld, type TestTenant, type World } from "./world.ts";

let world: World;
let tenant: TestTenant;

beforeAll(async () => {
  world = await startWorld();
  tenant = await world.tenant();
  for (let i = 0; i < 12; i += 1) await make(`t-${String(i).padStart(2, "0")}`);
  await make("other");
});

afterAll(() => world.close());

const make = (name: string) =>
  putTopic(world.control, tenant.actor, "default", name, { partitions: 1 });
const list = (query: string, path = "/v1/topics") =>
  world.ask("GET", `${path}?${query}`, { key: tenant.key });
const names = (body: { items: { name: string }[] }) => body.items.map(({ name }) => name);

test("pages in name order hold each item once, whatever is made and deleted meanwhile", async () => {
  const first = await list("limit=5&filter=name=t-*");
  expect(names(first.body)).toEqual(["t-00", "t-01", "t-02", "t-03", "t-04"]);
  // Before, at and after the cursor.
  await make("t-02x");
  await make("t-04x");
  await topics(world.control.store)
    .get(tenant.actor.tenant, tenant.cluster, "t-04")
    .then((stored) =>
      topics(world.control.store).remove(
        tenant.actor.tenant,
        tenant.cluster,
        "t-04",
        stored!.version,
      ),
    );
  const second = await list(`limit=5&filter=name=t-*&cursor=${first.body.next}`);
  expect(names(second.body)).toEqual(["t-04x", "t-05", "t-06", "t-07", "t-08"]);
  const third = await list(`limit=5&filter=name=t-*&cursor=${second.body.next}`);
  expect(names(third.body)).toEqual(["t-09", "t-10", "t-11"]);
  expect(third.body.next).toBeUndefined();
});

test("the last page has no cursor, also when it is full", async () => {
  const all = await list("limit=200");
  const exact = await list(`limit=${all.body.items.length}`);
  expect(exact.body.next).toBeUndefined();
});

test("names and phases are filtered, together too", async () => {
  expect(names((await list("filter=name=oth*")).body)).toEqual(["other"]);
  expect(names((await list("filter=phase=Ready")).body)).toEqual([]);
  expect(names((await list("filter=name=oth*,phase=Pending")).body)).toEqual(["other"]);
  expect(names((await list("filter=phase=Pending,name=none*")).body)).toEqual([]);
  expect(names((await list("filter=name=*&sort=name&limit=1")).body)).toEqual(["other"]);
});

test.each([
  ["limit=0", "/query/limit"],
  ["limit=-1", "/query/limit"],
  ["limit=201", "/query/limit"],
  ["limit=many", "/query/limit"],
  ["limit=", "/query/limit"],
  ["limit=1.5", "/query/limit"],
  ["limit=1&limit=2", "/query/limit"],
  ["cursor=", "/query/cursor"],
  ["cursor=%00", "/query/cursor"],
  ["cursor=bm9wZQ", "/query/cursor"],
  [`cursor=${"A".repeat(4000)}`, "/query/cursor"],
  ["filter=", "/query/filter"],
  ["filter=name=orders", "/query/filter"],
  ["filter=name=a#b*", "/query/filter"],
  ["filter=name=%0a*", "/query/filter"],
  ["filter=phase=ready", "/query/filter"],
  ["filter=name=a*,name=b*", "/query/filter"],
  ["filter=partitions=3", "/query/filter"],
  ["filter=name=a*,", "/query/filter"],
  ["sort=createdAt", "/query/sort"],
  ["sort=-name", "/query/sort"],
  ["offset=3", "/query/offset"],
])("?%s is a 400 that points at %s", async (query, pointer) => {
  const { status, body } = await list(query.replace("#", "%23"));
  expect({ status, pointer: body.errors?.[0]?.pointer }).toEqual({ status: 400, pointer });
  expect(body.fix).toMatch(/\S/);
});

test("a cursor of one list is none of another", async () => {
  const { next } = (await list("limit=1")).body;
  const answer = await list(`cursor=${next}`, "/v1/clusters");
  expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer: "/query/cursor" }] } });
});

test("keys, audit events and tenants come in pages too", async () => {
  const { key } = tenant;
  for (const name of ["one", "two"]) {
    await world.ask("PUT", `/v1/service-accounts/${name}`, { key, body: { spec: {} } });
    for (let i = 0; i < 2; i += 1)
      await world.ask("POST", `/v1/service-accounts/${name}/keys`, { key });
  }
  const collect = async (path: string, asking = key) => {
    const ids: string[] = [];
    let next: string | undefined;
    do {
      const query = `limit=1${next ? `&cursor=${encodeURIComponent(next)}` : ""}`;
      const { body, status } = await world.ask("GET", `${path}?${query}`, { key: asking });
      expect(status).toBe(200);
      ids.push(...body.items.map(({ id }: { id: string }) => id));
      next = body.next;
    } while (next !== undefined);
    return ids;
  };
  const keys = await collect("/v1/service-accounts/two/keys");
  expect(new Set(keys).size).toBe(2);
  const events = await collect("/v1/audit-events");
  expect(events.length).toBeGreaterThan(15);
  expect(events).toEqual([...new Set(events)].sort().reverse());
  await world.tenant();
  const tenants = await collect("/admin/v1/tenants", world.operator);
  expect(tenants).toEqual([...new Set(tenants)].sort());
  expect(tenants.length).toBeGreaterThanOrEqual(3);
});
