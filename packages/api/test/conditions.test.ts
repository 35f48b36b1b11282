import { toTimestamp } from "@headgate/core/clock";
import { auditOf, workPk } from "@headgate/store/keys";
import { offsets } from "@headgate/store/offsets";
import { topics } from "@headgate/store/topics";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startWorld, type TestTenant, type World } from "./world.ts";

let world: World;
let tenant: TestTenant;

beforeEach(async () => {
  world = await startWorld();
  tenant = await world.tenant();
});

afterEach(() => world.close());

const put = (path: string, spec: object, headers: Record<string, string> = {}) =>
  world.ask("PUT", path, { key: tenant.key, body: { spec }, headers });
const ask = (method: string, path: string, headers: Record<string, string> = {}) =>
  world.ask(method, path, { key: tenant.key, headers });

/** What the newest offset snapshot of a topic would show once records are in it. */
async function write(name: string, records: string): Promise<void> {
  const { control } = world;
  const { actor, cluster } = tenant;
  const topicId = `id-of-${name}`;
  await topics(control.store).updateStatus(actor.tenant, cluster, name, (now) => ({
    status: { ...now.status, phase: "Ready", topicId, observedGeneration: now.generation },
  }));
  const atMs = control.clock.nowMs();
  await offsets(control.store).putLatest(actor.tenant, cluster, {
    topic: name,
    topicId,
    hour: toTimestamp(atMs).slice(0, 13),
    atMs,
    offsets: { "0": "0", "1": records },
  });
}

test("a write answers the generation as a strong ETag, and 201 with an address only when new", async () => {
  const made = await put("/v1/topics/a", { partitions: 1 });
  expect(made.status).toBe(201);
  expect(made.headers.get("etag")).toBe('"1"');
  expect(made.headers.get("location")).toBe("/v1/clusters/default/topics/a");
  const same = await put("/v1/topics/a", { partitions: 1 });
  expect([same.status, same.headers.get("etag")]).toEqual([200, '"1"']);
  expect(same.headers.get("location")).toBeNull();
  const more = await put("/v1/topics/a", { partitions: 2 });
  expect([more.status, more.headers.get("etag")]).toEqual([200, '"2"']);
  expect((await ask("GET", "/v1/topics/a")).headers.get("etag")).toBe('"2"');
});

describe("If-Match", () => {
  test("lets only the writer through who saw the newest generation", async () => {
    await put("/v1/topics/a", { partitions: 1 });
    await put("/v1/topics/a", { partitions: 2 });
    const late = await put("/v1/topics/a", { partitions: 3 }, { "if-match": '"1"' });
    expect(late).toMatchObject({ status: 412, body: { code: "request.precondition_failed" } });
    const now = await put("/v1/topics/a", { partitions: 3 }, { "if-match": '"2"' });
    expect(now.body).toMatchObject({ generation: 3, spec: { partitions: 3 } });
    const gone = await ask("DELETE", "/v1/topics/a", { "if-match": '"2"' });
    expect(gone.status).toBe(412);
  });

  test("of two writers who read the same, exactly one writes", async () => {
    await put("/v1/topics/a", { partitions: 1 });
    const answers = await Promise.all(
      [2, 3, 4, 5].map((partitions) => put("/v1/topics/a", { partitions }, { "if-match": '"1"' })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412]);
  });

  test.each(['W/"1"', '"abc"', "1", '"1" '])(
    "%s matches only as the strong tag it is",
    async (tag) => {
      await put("/v1/topics/a", { partitions: 1 });
      const { status } = await put("/v1/topics/a", { partitions: 2 }, { "if-match": tag });
      expect(status).toBe(tag.trim() === '"1"' ? 200 : 412);
    },
  );

  test("says that one tag is enough when it is sent several", async () => {
    await put("/v1/topics/a", { partitions: 1 });
    const answer = await put("/v1/topics/a", { partitions: 2 }, { "if-match": '"1", "2"' });
    expect(answer).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: "/headers/if-match" }] },
    });
  });

  test("of what is not there is a 404, not a creation", async () => {
    for (const tag of ["*", '"1"']) {
      expect((await put("/v1/topics/a", {}, { "if-match": tag })).status).toBe(404);
    }
    expect((await ask("GET", "/v1/topics/a")).status).toBe(404);
  });
});

test("If-None-Match: * creates and never replaces", async () => {
  const headers = { "if-none-match": "*" };
  for (const path of ["/v1/topics/a", "/v1/clusters/b", "/v1/service-accounts/c"]) {
    expect((await put(path, {}, headers)).status).toBe(201);
    const again = await put(path, { labels: { a: "b" } }, headers);
    expect(again).toMatchObject({ status: 412, body: { code: "request.precondition_failed" } });
    expect(again.body.detail).toContain("exists already");
    expect((await ask("GET", path)).body.spec.labels).toEqual({});
  }
  const tag = await put("/v1/topics/a", {}, { "if-none-match": '"1"' });
  expect(tag).toMatchObject({
    status: 400,
    body: { errors: [{ pointer: "/headers/if-none-match" }] },
  });
});

describe("deleting what holds records", () => {
  test("needs If-Match, and says how", async () => {
    await put("/v1/topics/a", { partitions: 2 });
    await write("a", "7");
    const blind = await ask("DELETE", "/v1/topics/a");
    expect(blind).toMatchObject({ status: 428, body: { code: "request.precondition_required" } });
    expect(blind.body.fix).toContain("If-Match");
    expect((await ask("GET", "/v1/topics/a")).body.status.phase).toBe("Ready");
    const seen = await ask("DELETE", "/v1/topics/a", { "if-match": '"1"' });
    expect(seen).toMatchObject({ status: 200, body: { status: { phase: "Deleting" } } });
  });

  test("is asked of a cluster too, and '*' is an answer", async () => {
    await put("/v1/topics/a", { partitions: 2 });
    await write("a", "7");
    expect((await ask("DELETE", "/v1/clusters/default")).status).toBe(428);
    const seen = await ask("DELETE", "/v1/clusters/default", { "if-match": "*" });
    expect(seen).toMatchObject({ status: 200, body: { status: { phase: "Deleting" } } });
  });

  test("is not asked of what was never written to, of a dry run, or twice", async () => {
    await put("/v1/topics/empty", { partitions: 2 });
    await write("empty", "0");
    expect((await ask("DELETE", "/v1/topics/empty")).status).toBe(200);
    await put("/v1/topics/a", { partitions: 2 });
    await write("a", "7");
    expect((await ask("DELETE", "/v1/topics/a?validateOnly=true")).status).toBe(200);
    await ask("DELETE", "/v1/topics/a", { "if-match": '"1"' });
    expect((await ask("DELETE", "/v1/topics/a")).status).toBe(200);
  });

  test("is refused while it is protected, whatever it is told", async () => {
    await put("/v1/topics/a", { protected: true });
    const answer = await ask("DELETE", "/v1/topics/a", { "if-match": '"1"' });
    expect(answer).toMatchObject({ status: 409, body: { code: "resource.protected" } });
  });
});

describe("validateOnly", () => {
  test("answers every write as it would be and leaves no trace: no item, no event, no work", async () => {
    await put("/v1/topics/there", {});
    await put("/v1/service-accounts/there", {});
    const { body: made } = await world.ask("POST", "/v1/service-accounts/there/keys", {
      key: tenant.key,
    });
    const work = async () => (await world.control.store.query(workPk(0), { limit: 500 })).items;
    const events = async () =>
      (await world.control.store.query(auditOf(tenant.actor.tenant).pk, { limit: 500 })).items;
    const before = [await work(), await events(), withoutUse(await world.storedText())];
    const dry = async (method: string, path: string, body?: unknown) => {
      const key = path.startsWith("/admin") ? world.operator : tenant.key;
      const options = { key, headers: { "idempotency-key": "dry" }, ...(body ? { body } : {}) };
      return world.ask(method, `${path}?validateOnly=true`, options);
    };
    const spec = { spec: { labels: { a: "b" } } };
    const answers = [
      await dry("PUT", "/v1/topics/new", spec),
      await dry("PUT", "/v1/topics/there", spec),
      await dry("PATCH", "/v1/clusters/default/topics/there", spec),
      await dry("DELETE", "/v1/topics/there"),
      await dry("PUT", "/v1/clusters/new", spec),
      await dry("PATCH", "/v1/clusters/default", spec),
      await dry("DELETE", "/v1/clusters/default"),
      await dry("PUT", "/v1/service-accounts/new", spec),
      await dry("PATCH", "/v1/service-accounts/there", spec),
      await dry("DELETE", "/v1/service-accounts/there"),
      await dry("POST", "/v1/service-accounts/there/keys", {}),
      await dry("POST", `/v1/service-accounts/there/keys/${made.id}/rotate`, {}),
      await dry("DELETE", `/v1/service-accounts/there/keys/${made.id}`),
      await dry("POST", "/admin/v1/tenants", { spec: { displayName: "New" } }),
    ];
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(answers[0]!.body).toMatchObject({ name: "new", spec: { labels: { a: "b" } } });
    expect(answers.every(({ headers }) => !headers.has("etag") && !headers.has("location"))).toBe(
      true,
    );
    expect([await work(), await events(), withoutUse(await world.storedText())]).toEqual(before);
  });

  test("finds the same faults as a write", async () => {
    const dry = (path: string, body: unknown) =>
      world.ask("PUT", `${path}?validateOnly=true`, { key: tenant.key, body });
    expect((await dry("/v1/topics/a", { spec: { partitions: 0 } })).status).toBe(400);
    expect((await dry("/v1/topics/a", { spec: { partitions: 501 } })).status).toBe(400);
    expect((await dry("/v1/service-accounts/a", { spec: { cluster: "absent" } })).status).toBe(400);
    await put("/v1/service-accounts/two", {});
    const keys = "/v1/service-accounts/two/keys";
    for (let i = 0; i < 2; i += 1) await world.ask("POST", keys, { key: tenant.key });
    const third = await world.ask("POST", `${keys}?validateOnly=true`, { key: tenant.key });
    expect(third).toMatchObject({ status: 429, body: { code: "quota.exceeded" } });
  });

  test("takes 'true' and 'false' and nothing else", async () => {
    for (const value of ["", "1", "yes", "TRUE"]) {
      const path = `/v1/topics/a?validateOnly=${value}`;
      expect((await world.ask("PUT", path, { key: tenant.key, body: { spec: {} } })).status).toBe(
        400,
      );
    }
    expect((await put("/v1/topics/a?validateOnly=false", {})).status).toBe(201);
  });
});

test("a merge patch changes what it names, and null takes back", async () => {
  await put("/v1/topics/a", {
    partitions: 1,
    config: { "retention.ms": "1000", "segment.ms": "60000" },
  });
  const spec = { config: { "retention.ms": null }, labels: { team: "x" } };
  const patched = await world.ask("PATCH", "/v1/topics/a", {
    key: tenant.key,
    body: { spec },
    headers: { "content-type": "application/merge-patch+json" },
  });
  expect(patched.body.spec).toMatchObject({
    partitions: 1,
    config: { "segment.ms": "60000" },
    labels: { team: "x" },
  });
});

/** When a key was last used is noted by the asking itself. */
function withoutUse(text: string): string {
  return text.replaceAll(/,"lastUsedAt":"[^"]+"/g, "").replaceAll(/"version":"[^"]+"/g, "");
}
