import { afterAll, beforeAll, expect, test } from "vitest";
import { startWorld, type TestTenant, type World } from "./world.ts";

let world: World;
let tenant: TestTenant;

beforeAll(async () => {
  world = await startWorld();
  tenant = await world.tenant();
});

afterAll(() => world.close());

test("a secret is in the one answer that made it: no list, no event, no item, no log and no error has it", async () => {
  const { key } = tenant;
  const secrets: string[] = [key.secret];
  const answers: unknown[] = [];
  const ask = async (...args: Parameters<World["ask"]>) => {
    const answer = await world.ask(...args);
    answers.push(answer.body, [...answer.headers]);
    return answer;
  };
  const makers = [
    await world.ask("POST", "/v1/service-accounts/owner/keys", {
      key,
      headers: { "idempotency-key": "once" },
    }),
    await world.ask("POST", "/admin/v1/tenants", {
      key: world.operator,
      body: { spec: { displayName: "Other" } },
      headers: { "idempotency-key": "once" },
    }),
  ];
  const [made, other] = makers.map(({ body }) => body);
  secrets.push(made.secret, other.key.secret, world.operator.secret);
  const rotated = await world.ask("POST", `/v1/service-accounts/owner/keys/${made.id}/rotate`, {
    key,
    body: { overlapSeconds: 0 },
  });
  // Two live keys are the most there can be: the owner's own and the one just made.
  expect(rotated.status).toBe(429);
  await ask("DELETE", `/v1/service-accounts/owner/keys/${made.id}`, { key });

  const paths = Object.entries(world.document.json.paths)
    .filter(([path, methods]) => methods.get && path !== "/v1/live" && !path.includes("groups"))
    .map(([path]) =>
      path
        .replace("{cluster}", "default")
        .replace("{id}", made.id)
        .replace("{code}", "internal")
        .replace("{tenant}", other.tenant.id)
        .replace("{name}", path.includes("topics") ? "t" : "owner"),
    );
  await ask("PUT", "/v1/topics/t", { key, body: { spec: {} } });
  for (const path of paths) {
    const asking = path.startsWith("/admin") || path === "/metrics" ? world.operator : key;
    expect((await ask("GET", path, { key: asking })).status).toBeLessThan(504);
  }
  await ask("GET", "/v1/whoami", { headers: { authorization: `Digest ${key.id}:${key.secret}` } });
  await ask("GET", `/v1/topics/${key.secret}${key.secret}${key.secret}${key.secret}${key.secret}`, {
    key,
  });
  await ask("PUT", "/v1/topics/t", { key, text: `{"spec": "${"x".repeat(10)}` });
  // A store that fails in the middle: the operator's log says so.
  const get = world.control.store.get;
  world.control.store.get = async () => {
    throw new Error("the disk is gone");
  };
  await ask("GET", "/v1/whoami", { key });
  world.control.store.get = get;
  expect(world.logged.map(({ message }) => message)).toContain("A request failed");

  const seen = JSON.stringify(answers);
  const stored = await world.storedText();
  const logged = JSON.stringify(world.logged);
  for (const secret of secrets) {
    const places = [
      // The name asked for above is the caller's own to see.
      seen.replaceAll(`'${secret.slice(0, 40)}`, "").includes(secret) && "answers",
      stored.includes(secret) && "store",
      logged.includes(secret) && "log",
    ].filter(Boolean);
    expect(places).toEqual([]);
  }
});

test("what the store says of itself stays in the log: no key, table or stack in an answer", async () => {
  const { store } = world.control;
  const { StoreError } = await import("@headgate/store/errors");
  const get = store.get;
  for (const [kind, status] of [
    ["invalid", 500],
    ["unavailable", 503],
    ["throttled", 503],
    ["full", 507],
  ] as const) {
    store.get = async () => {
      throw new StoreError(kind, "TENANT#tn_x SA#owner is broken");
    };
    const answer = await world.ask("GET", "/v1/whoami", { key: tenant.key });
    store.get = get;
    expect(answer.status).toBe(status);
    expect(JSON.stringify(answer.body)).not.toMatch(/TENANT#|broken|at \//);
    expect(answer.headers.get("retry-after")).toBe(status === 503 ? "1" : null);
  }
  expect(JSON.stringify(world.logged)).toContain("TENANT#tn_x");
});

test("/readyz says which part is not ready, and is red while the store does not answer", async () => {
  const none = await world.ask("GET", "/readyz");
  expect(none).toMatchObject({
    status: 503,
    body: { ready: false, checks: [{ ok: true }, { ok: false }] },
  });
  const query = world.control.store.query;
  world.control.store.query = async () => {
    throw new Error("the disk is gone");
  };
  const broken = await world.ask("GET", "/readyz");
  world.control.store.query = query;
  expect(broken).toMatchObject({ status: 503, body: { checks: [{ name: "store", ok: false }] } });
});
