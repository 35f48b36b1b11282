import { errorTable } from "@headgate/core/errors";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startWorld, type World } from "./world.ts";

let world: World;

beforeAll(async () => {
  world = await startWorld();
});

afterAll(() => world.close());

// biome-ignore lint/suspicious/noExplicitAny: a JSON document of another shape at each level
type Any = any;
const operations = (): [string, Any][] =>
  Object.entries(world.document.json.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, Any] => [
      `${method.toUpperCase()} ${path}`,
      operation,
    ]),
  );

test("it is OpenAPI 3.1, and every reference in it leads somewhere", () => {
  expect(world.document.json.openapi).toBe("3.1.0");
  const text = JSON.stringify(world.document.json);
  for (const [, pointer] of text.matchAll(/"[$]ref":"#([^"]+)"/g)) {
    const target = pointer!
      .split("/")
      .slice(1)
      .reduce<Any>((at, part) => at?.[part], world.document.json);
    expect(target, pointer).toBeDefined();
  }
});

test("every operation has an id of its own, a summary, a tag, and says which role it needs", () => {
  const ids = operations().map(([, { operationId }]) => operationId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const [name, operation] of operations()) {
    expect(operation.operationId, name).toMatch(/^[a-z][A-Za-z]+$/);
    expect(operation.summary, name).toMatch(/^[A-Z].*[^.]$/);
    expect(operation.tags, name).toHaveLength(1);
    expect(operation["x-headgate-permission"], name).toMatch(
      /^(public|loopback|view|edit|own|operate)$/,
    );
    const parameters = operation.parameters.filter((each: Any) => each.in === "path");
    expect(
      parameters.map((each: Any) => `{${each.name}}`),
      name,
    ).toEqual(name.match(/{.+?}/g) ?? []);
  }
});

test("every operation describes its success with an example and its errors as problems", () => {
  for (const [name, { responses }] of operations()) {
    const statuses = Object.keys(responses);
    expect(
      statuses.some((status) => status.startsWith("2")),
      name,
    ).toBe(true);
    expect(statuses, name).toEqual(expect.arrayContaining(["400", "500"]));
    for (const [status, response] of Object.entries<Any>(responses)) {
      if (Number(status) < 400) continue;
      const content = response.content["application/problem+json"];
      if (content)
        expect(content.schema, `${name} ${status}`).toEqual({
          $ref: "#/components/schemas/Problem",
        });
    }
    const ok = Object.entries<Any>(responses).filter(
      ([status]) => status < "300" && status !== "204",
    );
    for (const [status, { content }] of ok) {
      const [media] = Object.values<Any>(content);
      if (name !== "GET /openapi.json") expect(media.example, `${name} ${status}`).toBeDefined();
    }
  }
});

test("every write takes validateOnly; every POST takes an Idempotency-Key; every change takes If-Match", () => {
  for (const [name, { parameters }] of operations()) {
    const has = (text: string) => JSON.stringify(parameters).includes(text);
    const [method] = name.split(" ");
    expect(has('"validateOnly"'), name).toBe(method !== "GET");
    if (method === "POST") expect(has("Idempotency-Key"), name).toBe(true);
    if (method === "PUT" || method === "PATCH") expect(has("If-Match"), name).toBe(true);
  }
});

test("every example fits its schema", () => {
  let count = 0;
  for (const [name, { requestBody, responses }] of operations()) {
    const media = [requestBody, ...Object.values<Any>(responses)].flatMap((each) =>
      Object.entries<Any>(each?.content ?? {}),
    );
    for (const [type, { schema, example }] of media) {
      if (!type.endsWith("json") || example === undefined) continue;
      try {
        world.document.fits(schema, example);
      } catch (error) {
        throw new Error(`${name}: ${error instanceof Error ? error.message : error}`);
      }
      count += 1;
    }
  }
  expect(count).toBeGreaterThan(200);
});

test("no answer shows where a cluster lies, what checks a secret, or what a topic reserved", () => {
  const schemas = JSON.stringify(world.document.json.components);
  expect(schemas).not.toMatch(/placement|prefix":|secretSha256|scram|reservation|storedKey/);
});

test("what a problem's type points at explains it", async () => {
  for (const code of Object.keys(errorTable)) {
    const { status, body } = await world.ask("GET", `/v1/errors/${code}`);
    expect(status).toBe(200);
    expect(body.code).toBe(code);
  }
  const { body: problem } = await world.ask("GET", "/v1/topics");
  expect((await world.ask("GET", problem.type)).body.title).toBe(problem.title);
});

test("/v1/meta tells the settings, the limits and the price, without a key", async () => {
  const { body } = await world.ask("GET", "/v1/meta");
  expect(body.topicSettings.map(({ name }: { name: string }) => name)).toContain("retention.ms");
  expect(body.limits).toMatchObject({ topicNameLengthMax: 238, bodyBytesMax: 1_048_576 });
  expect(body.tiers[1]).toMatchObject({
    name: "standard",
    replicas: 3,
    price:
      "$0.10 per million messages written or read, never more than $0.15 per streaming unit in any hour, " +
      "$0.25 a month per GiB kept; what nobody uses costs only what it stores.",
  });
});
