// What a client may get wrong, and what an attacker sends: each is a problem that says what to do, and never a 500.
import { topicSettings } from "@headgate/core/topic-config";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startWorld, type TestTenant, type World } from "./world.ts";

let world: World;
let tenant: TestTenant;

beforeAll(async () => {
  world = await startWorld((_) => ({ rateLimit: { burst: 100_000, perSecond: 100_000 } }));
  tenant = await world.tenant();
});

afterAll(() => world.close());

const put = (path: string, options: object) =>
  world.ask("PUT", path, { key: tenant.key, ...options });
const topic = (spec: unknown, name = "t") => put(`/v1/topics/${name}`, { body: { spec } });
const faults = (body: { errors?: { pointer: string; code: string }[] }) =>
  body.errors?.map(({ pointer, code }) => `${pointer} ${code}`);

describe("a body", () => {
  test.each([
    ["nothing", "", "request.not_json"],
    ["blanks", "  \n", "request.not_json"],
    ["half of a JSON object", '{"spec":{', "request.not_json"],
    ["plain text", "hello", "request.not_json"],
    ["bytes that are not UTF-8", new Uint8Array([0x22, 0xff, 0x22]), "request.not_json"],
    ["an array", "[]", "request.invalid"],
    ["null", "null", "request.invalid"],
    ["a number", "1", "request.invalid"],
    ["no spec", "{}", "request.invalid"],
    ["a spec that is no object", '{"spec":7}', "request.invalid"],
    ["a spec that is null", '{"spec":null}', "request.invalid"],
  ])("of %s is a 400", async (_, text, code) => {
    const answer = await put("/v1/topics/t", { text });
    expect(answer).toMatchObject({ status: 400, body: { code } });
    expect(answer.body.fix).toMatch(/\S/);
  });

  test("declared as something else than JSON is a 400 that names the header to send", async () => {
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const answer = await put("/v1/topics/t", { body: { spec: {} }, headers });
    expect(answer).toMatchObject({ status: 400, body: { code: "request.not_json" } });
    expect(answer.body.fix).toContain("Content-Type: application/json");
  });

  test("with fields nobody asked for names them all", async () => {
    const answer = await put("/v1/topics/t", { body: { spec: {}, status: {}, partitions: 3 } });
    expect(answer.status).toBe(400);
    expect(answer.body.detail).toContain("status, partitions");
    const inside = await topic({ partitons: 3, replicas: 3 });
    expect(inside.body.detail).toContain("partitons, replicas");
  });

  test("over 1 MiB is a 413, whether it says its length or not", async () => {
    const text = JSON.stringify({ spec: { labels: { a: "x".repeat(2 ** 21) } } });
    expect(await put("/v1/topics/t", { text })).toMatchObject({
      status: 413,
      body: { code: "request.too_large" },
    });
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 65_536;
        controller.enqueue(new Uint8Array(65_536).fill(0x20));
      },
    });
    const response = await world.app.request("/v1/topics/t", {
      method: "PUT",
      headers: { authorization: `Bearer ${tenant.key.id}:${tenant.key.secret}` },
      body: endless,
      duplex: "half",
    });
    expect(response.status).toBe(413);
    expect(sent).toBeLessThan(2 ** 21);
  });

  test.each([
    ["arrays", (depth: number) => `{"spec":${"[".repeat(depth)}${"]".repeat(depth)}}`],
    ["objects", (depth: number) => `{"spec":${'{"a":'.repeat(depth)}1${"}".repeat(depth)}}`],
  ])("of 100,000 nested %s is refused and brings nothing down", async (_, nested) => {
    for (const method of ["PUT", "PATCH"]) {
      const answer = await world.ask(method, "/v1/topics/t", {
        key: tenant.key,
        text: nested(100_000),
      });
      expect(answer.status).toBe(400);
    }
    expect((await world.ask("GET", "/healthz")).status).toBe(200);
  });

  test("with brackets in its strings is not deep", async () => {
    const answer = await topic({ labels: { a: '[[[[{{{{"[[[[{{{{'.repeat(6) } }, "brackets");
    expect(answer.status).toBe(201);
  });
});

describe("a topic", () => {
  test.each([
    [{ partitions: 0 }, "/spec/partitions topic.partitions_invalid"],
    [{ partitions: 1_000_000_000 }, "/spec/partitions topic.partitions_invalid"],
    [{ partitions: 1.5 }, "/spec/partitions topic.partitions_invalid"],
    [{ partitions: "3" }, "/spec/partitions topic.partitions_invalid"],
    [{ config: { "retention.days": "7" } }, "/spec/config/retention.days topic.config_unknown"],
    [{ config: { "retention.ms": "soon" } }, "/spec/config/retention.ms topic.config_invalid"],
    [{ config: { "retention.ms": 7 } }, "/spec/config/retention.ms topic.config_invalid"],
    [{ labels: { A: "b" } }, "/spec/labels/A request.invalid"],
  ])("with %j points at the fault", async (spec, fault) => {
    const answer = await topic(spec);
    expect(answer.status).toBe(400);
    expect(faults(answer.body)).toEqual([fault]);
  });

  test("with a setting that belongs to the operator is a 403 that says whose it is", async () => {
    const answer = await topic({ config: { "unclean.leader.election.enable": "true" } });
    expect(answer).toMatchObject({ status: 403, body: { code: "topic.config_operator_only" } });
    expect(faults(answer.body)).toEqual([
      "/spec/config/unclean.leader.election.enable topic.config_operator_only",
    ]);
  });

  test("with several faults is told all of them at once", async () => {
    const answer = await topic({ partitions: 100_000, config: { a: "1", "retention.ms": "x" } });
    expect(faults(answer.body)).toEqual([
      "/spec/partitions topic.partitions_invalid",
      "/spec/config/a topic.config_unknown",
      "/spec/config/retention.ms topic.config_invalid",
    ]);
  });

  test.each([
    ["a b", "a%20b"],
    ["a/b", "a%2Fb"],
    ["a#b", "a%23b"],
    ["ä", "%C3%A4"],
    ["250 characters", "x".repeat(250)],
    ["239 characters", "x".repeat(239)],
    ["a line break", "a%0Ab"],
    ["a zero byte", "%00"],
  ])("named with %s is a 400", async (_, name) => {
    const answer = await topic({}, name);
    expect(answer).toMatchObject({ status: 400, body: { code: "topic.name_invalid" } });
    expect(answer.body.fix).toContain("238");
  });

  test("of 238 characters is fine", async () => {
    expect((await topic({ partitions: 1 }, "x".repeat(238))).status).toBe(201);
  });

  test("of more partitions than are left is a 429 that says how many are", async () => {
    await topic({ partitions: 300 }, "big");
    const answer = await topic({ partitions: 300 }, "bigger");
    expect(answer).toMatchObject({
      status: 429,
      body: { code: "quota.exceeded", retryable: false },
    });
    expect(answer.body.detail).toMatch(/\d+ of this cluster's 500 are left/);
  });

  test("cannot lose partitions", async () => {
    await topic({ partitions: 3 }, "shrinking");
    const answer = await topic({ partitions: 2 }, "shrinking");
    expect(answer).toMatchObject({ status: 400, body: { code: "topic.partitions_decrease" } });
  });
});

describe("an address", () => {
  test.each([
    "/v1",
    "/v1/",
    "/v1/topic",
    "/v1/topics/",
    "/v1/topics/a/b",
    "/v2/topics",
    "/admin/v1",
    "/nowhere",
    "//v1/topics",
  ])("%s that is none is a 404 that says where they are listed", async (path) => {
    const answer = await world.ask("GET", path, { key: tenant.key });
    expect(answer).toMatchObject({ status: 404, body: { code: "resource.not_found" } });
    expect(answer.body.fix).toContain("/openapi.json");
  });

  test.each([
    ["DELETE", "/v1/topics", "GET"],
    ["POST", "/v1/topics/a", "GET, PUT, PATCH, DELETE"],
    ["POST", "/v1/clusters/default/topics/a", "GET, PUT, PATCH, DELETE"],
    ["GET", "/v1/service-accounts/a/keys/b/rotate", "POST"],
    ["BREW", "/v1/usage", "GET"],
    ["OPTIONS", "/v1/usage", "GET"],
  ])("%s %s is a 405 that names %s", async (method, path, allow) => {
    const answer = await world.ask(method, path, { key: tenant.key });
    expect(answer).toMatchObject({ status: 405, body: { code: "request.method_not_allowed" } });
    expect(answer.headers.get("allow")).toBe(allow);
  });

  test.each([
    "/v1/clusters/a%23b",
    "/v1/clusters/a%23b/topics",
    "/v1/service-accounts/a%23b",
    "/v1/service-accounts/a%23b/keys",
    "/v1/service-accounts/owner/keys/a%23b",
    "/v1/clusters/%00",
    "/v1/service-accounts/%0a",
    `/v1/clusters/${"x".repeat(2000)}`,
    `/v1/service-accounts/${"x".repeat(2000)}`,
    "/v1/clusters/%ff",
    "/v1/clusters/%zz",
    "/v1/clusters/..%2f..%2fetc",
    "/v1/errors/__proto__",
    "/v1/errors/toString",
  ])("%s names nothing and is a 404", async (path) => {
    const answer = await world.ask("GET", path, { key: tenant.key });
    expect(answer.status, JSON.stringify(answer.body)).toBe(404);
  });
});

test.each([
  ["from=yesterday", "/query/from"],
  ["from=2026", "/query/from"],
  ["to=2026-11-24T04", "/query/to"],
  ["groupBy=minute", "/query/groupBy"],
])("usage ?%s is a 400 that points at %s", async (query, pointer) => {
  const answer = await world.ask("GET", `/v1/usage?${query}`, { key: tenant.key });
  expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer }] } });
});

test.each([
  "from=2026-11-24T05:00:00Z&to=2026-11-24T05:00:00Z",
  "from=2026-11-24T05:00:00Z&to=2026-11-23T05:00:00Z",
  "from=2020-01-01T00:00:00Z&to=2026-11-23T05:00:00Z",
])("usage over no time, or over years, is a 400: %s", async (query) => {
  const answer = await world.ask("GET", `/v1/usage?${query}`, { key: tenant.key });
  expect(answer).toMatchObject({ status: 400, body: { code: "request.invalid" } });
});

test("a key cannot end before it begins", async () => {
  const ask = (expiresAt: unknown) =>
    world.ask("POST", "/v1/service-accounts/owner/keys", { key: tenant.key, body: { expiresAt } });
  for (const time of ["2020-01-01T00:00:00Z", "tomorrow", 5]) {
    expect(await ask(time)).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: "/expiresAt" }] },
    });
  }
  const made = await ask("2099-01-01T02:00:00+02:00");
  expect(made.body.expiresAt).toBe("2099-01-01T00:00:00.000Z");
});

test("an overlap must be a whole number of seconds within a month", async () => {
  const { body: key } = await world.ask("PUT", "/v1/service-accounts/turns", {
    key: tenant.key,
    body: { spec: {} },
  });
  expect(key.kind).toBe("ServiceAccount");
  const { body: made } = await world.ask("POST", "/v1/service-accounts/turns/keys", {
    key: tenant.key,
  });
  for (const overlapSeconds of [-1, 0.5, 2_592_001, "60"]) {
    const answer = await world.ask("POST", `/v1/service-accounts/turns/keys/${made.id}/rotate`, {
      key: tenant.key,
      body: { overlapSeconds },
    });
    expect(answer).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: "/overlapSeconds" }] },
    });
  }
});

test("no JSON sent as a spec is ever answered with a 500, nor with anything undescribed", async () => {
  const names = fc.constantFrom(
    "partitions",
    "config",
    "labels",
    "protected",
    "tier",
    "streamingUnits",
    "min",
    "max",
    "role",
    "grants",
    "cluster",
    "displayName",
    "priceBook",
    "idleAfterSeconds",
    "__proto__",
    "constructor",
    ...Object.keys(topicSettings),
  );
  const leaf = fc.oneof(
    fc.constantFrom<unknown>(
      null,
      true,
      0,
      -1,
      3,
      1e308,
      "",
      "a",
      "-1",
      "dev",
      "owner",
      "operator",
      "\u0000",
      "\ud800",
    ),
    fc.string(),
    fc.double(),
  );
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      leaf,
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(fc.oneof(names, fc.string()), tie("value"), { maxKeys: 4 }),
    ),
  }));
  const target = fc.constantFrom(
    ["PUT", "/v1/topics/fuzz"],
    ["PATCH", "/v1/topics/big"],
    ["PUT", "/v1/clusters/fuzz"],
    ["PATCH", "/v1/clusters/default"],
    ["PUT", "/v1/service-accounts/fuzz"],
    ["PATCH", "/v1/service-accounts/owner"],
  );
  await fc.assert(
    fc.asyncProperty(
      target,
      fc.dictionary(fc.oneof(names, fc.string()), value),
      async ([method, path], spec) => {
        const answer = await world.ask(method!, `${path}?validateOnly=true`, {
          key: tenant.key,
          body: { spec },
        });
        expect(answer.status).toBeLessThan(500);
      },
    ),
    { numRuns: 150 },
  );
  expect(world.logged).toEqual([]);
});

test("no header or query is ever answered with a 500", async () => {
  const text = fc
    .string({ unit: "binary-ascii", maxLength: 60 })
    .map((each) => each.replaceAll(/[\r\n\0]/g, ""));
  const header = fc.constantFrom(
    "if-match",
    "if-none-match",
    "prefer",
    "idempotency-key",
    "x-request-id",
    "traceparent",
    "x-headgate-client",
    "content-type",
  );
  const query = fc.constantFrom(
    "limit",
    "cursor",
    "filter",
    "sort",
    "validateOnly",
    "from",
    "to",
    "groupBy",
    "cluster",
  );
  const target = fc.constantFrom(
    ["GET", "/v1/topics"],
    ["GET", "/v1/usage"],
    ["PUT", "/v1/topics/fuzz"],
    ["DELETE", "/v1/topics/absent"],
    ["POST", "/v1/service-accounts/absent/keys"],
    ["GET", "/v1/audit-events"],
  );
  await fc.assert(
    fc.asyncProperty(
      target,
      fc.dictionary(header, text, { maxKeys: 3 }),
      fc.dictionary(query, fc.oneof(text, fc.string()), { maxKeys: 2 }),
      async ([method, path], headers, asked) => {
        const answer = await world.ask(method!, `${path}?${new URLSearchParams(asked)}`, {
          key: tenant.key,
          headers,
          ...(method === "PUT" || method === "POST" ? { text: "{}" } : {}),
        });
        expect(answer.status).toBeLessThan(500);
      },
    ),
    { numRuns: 150 },
  );
  expect(world.logged).toEqual([]);
});
