import type { ApiKeyId } from "@headgate/core/ids";
import { apiKeys } from "@headgate/store/api-keys";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Key, startWorld, type TestTenant, type World } from "./world.ts";

let world: World;
let tenant: TestTenant;

beforeEach(async () => {
  world = await startWorld(() => ({ rateLimit: { burst: 50, perSecond: 10 } }));
  tenant = await world.tenant();
});

afterEach(() => world.close());

const whoAmI = (authorization: string) =>
  world.ask("GET", "/v1/whoami", { headers: { authorization } });
const base64 = (text: string) => Buffer.from(text).toString("base64");

describe("credentials", () => {
  test("are taken as Bearer and as Basic, whatever the case of the scheme", async () => {
    const pair = `${tenant.key.id}:${tenant.key.secret}`;
    for (const header of [`Bearer ${pair}`, `bearer  ${pair}`, `Basic ${base64(pair)}`]) {
      const { status, body } = await whoAmI(header);
      expect({ status, ...body }).toMatchObject({
        status: 200,
        tenant: tenant.actor.tenant,
        cluster: "default",
        serviceAccount: "owner",
        role: "owner",
        apiKey: tenant.key.id,
      });
    }
  });

  test("that are not whole are a 401 with a challenge and no password dialogue", async () => {
    const { id, secret } = tenant.key;
    for (const header of [
      "",
      "Bearer",
      `Bearer ${id}`,
      `Bearer ${secret}`,
      `Bearer :${secret}`,
      `Bearer ${id}:`,
      `Bearer ${secret}:${id}`,
      `Bearer ${id}:${secret} `.replace(":", " : "),
      `Basic ${id}:${secret}`,
      `Basic ${base64(id)}`,
      "Basic %%%",
      `Digest ${id}:${secret}`,
      `Bearer ak_0000000000000000:${secret}`,
      `Bearer ${id}:${secret.slice(0, -1)}`,
      `Bearer ${"x".repeat(8000)}`,
    ]) {
      const { status, headers, body } = await whoAmI(header);
      expect({ header, status }).toEqual({ header, status: 401 });
      expect(headers.get("www-authenticate")).toBe('Bearer realm="headgate"');
      expect(JSON.stringify(body)).not.toContain(secret);
    }
  });

  test("open nothing from the moment they are revoked, end, or lose their account", async () => {
    const make = async (account: string, body: object = {}): Promise<Key> => {
      const path = `/v1/service-accounts/${account}`;
      await world.ask("PUT", path, { key: tenant.key, body: { spec: { role: "viewer" } } });
      return (await world.ask("POST", `${path}/keys`, { key: tenant.key, body })).body;
    };
    const opens = async (key: Key) => (await world.ask("GET", "/v1/whoami", { key })).status;
    const revoked = await make("revoked");
    const ending = await make("ending", {
      expiresAt: new Date(world.control.clock.nowMs() + 60_000).toISOString(),
    });
    const orphan = await make("orphan");
    expect([await opens(revoked), await opens(ending), await opens(orphan)]).toEqual([
      200, 200, 200,
    ]);
    await world.ask("DELETE", `/v1/service-accounts/revoked/keys/${revoked.id}`, {
      key: tenant.key,
    });
    await world.ask("DELETE", "/v1/service-accounts/orphan", { key: tenant.key });
    world.advance(60_001);
    expect([await opens(revoked), await opens(ending), await opens(orphan)]).toEqual([
      401, 401, 401,
    ]);
  });

  test("that are used say so, once a minute at most", async () => {
    const { control } = world;
    const used = async () =>
      (await apiKeys(control.store).find(tenant.key.id as ApiKeyId))?.value.lastUsedAt;
    await world.ask("GET", "/v1/whoami", { key: tenant.key });
    await expect.poll(used).toBeTypeOf("string");
    const first = await used();
    world.advance(30_000);
    await world.ask("GET", "/v1/whoami", { key: tenant.key });
    world.advance(31_000);
    await world.ask("GET", "/v1/whoami", { key: tenant.key });
    await expect.poll(used).not.toBe(first);
    expect(Date.parse((await used())!) - Date.parse(first!)).toBeGreaterThanOrEqual(61_000);
  });
});

describe("a role", () => {
  const write = (key: Key, name: string, role: string) =>
    world.ask("PUT", `/v1/service-accounts/${name}`, { key, body: { spec: { role } } });

  test("above one's own cannot be given away, neither at once nor by a patch", async () => {
    const direct = await write(tenant.key, "boss", "operator");
    expect(direct).toMatchObject({ status: 403, body: { errors: [{ pointer: "/spec/role" }] } });
    await write(tenant.key, "app", "viewer");
    const patched = await world.ask("PATCH", "/v1/service-accounts/app", {
      key: tenant.key,
      body: { spec: { role: "operator" } },
    });
    expect(patched.status).toBe(403);
    expect((await write(tenant.key, "peer", "owner")).status).toBe(201);
    const operator = await world.ask("GET", "/v1/whoami", { key: world.operator });
    expect(operator.body.role).toBe("operator");
    expect((await write(world.operator, "second", "operator")).status).toBe(201);
  });

  test("above one's own protects its account and keys: no key of it, no change, no deletion", async () => {
    const operator = world.operator;
    await write(operator, "landlord", "owner");
    const { body: landlord } = await world.ask("POST", "/v1/service-accounts/landlord/keys", {
      key: operator,
    });
    const { body: made } = await world.ask("POST", "/v1/service-accounts/owner/keys", {
      key: operator,
    });
    const path = "/v1/service-accounts/owner";
    const attempts = [
      await world.ask("POST", `${path}/keys`, { key: landlord }),
      await world.ask("POST", `${path}/keys/${made.id}/rotate`, { key: landlord }),
      await world.ask("DELETE", `${path}/keys/${made.id}`, { key: landlord }),
      await world.ask("PATCH", path, { key: landlord, body: { spec: { role: "viewer" } } }),
      await world.ask("PUT", path, { key: landlord, body: { spec: {} } }),
      await world.ask("DELETE", path, { key: landlord }),
    ];
    expect(attempts.map(({ status }) => status)).toEqual(attempts.map(() => 403));
    expect((await world.ask("GET", "/v1/whoami", { key: made })).body.role).toBe("operator");
  });

  test("counts as it is now, not as it was when the key was made", async () => {
    const key = await tenant.keyOf("developer");
    const put = () => world.ask("PUT", "/v1/topics/a", { key, body: { spec: {} } });
    expect((await put()).status).toBe(201);
    await write(tenant.key, "has-role-developer", "viewer");
    expect((await put()).status).toBe(403);
  });

  test("'none' is told that it is for Kafka only", async () => {
    const answer = await world.ask("GET", "/v1/whoami", { key: await tenant.keyOf("none") });
    expect(answer).toMatchObject({ status: 403, body: { code: "auth.forbidden" } });
    expect(answer.body.detail).toContain("Kafka port only");
  });
});

describe("the rate limit", () => {
  test("is one bucket per key: who used up theirs waits as long as they are told, others do not", async () => {
    const ask = (key: Key) => world.ask("GET", "/v1/whoami", { key });
    const other = await tenant.keyOf("viewer");
    const first = await ask(tenant.key);
    expect(first.headers.get("ratelimit-policy")).toBe('"key";q=50;w=5');
    expect(first.headers.get("ratelimit")).toMatch(/^"key";r=49;t=1$/);
    let refused = first;
    for (let i = 0; i < 60 && refused.status === 200; i += 1) refused = await ask(tenant.key);
    expect(refused).toMatchObject({ status: 429, body: { code: "rate.limited", retryable: true } });
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(refused.body.retryAfterSeconds).toBe(1);
    expect((await ask(other)).status).toBe(200);
    world.advance(1000);
    expect((await ask(tenant.key)).status).toBe(200);
  });
});

describe("/metrics", () => {
  const ask = (options: object) => world.ask("GET", "/metrics", options);

  test("is for this machine and for operators, not for what a proxy forwards", async () => {
    for (const peerAddress of ["127.0.0.1", "::1", "::ffff:127.0.0.1"]) {
      expect((await ask({ peerAddress })).status).toBe(200);
      const headers = { "x-forwarded-for": "203.0.113.7" };
      expect((await ask({ peerAddress, headers })).status).toBe(401);
    }
    expect((await ask({ peerAddress: "10.0.0.1" })).status).toBe(401);
    expect((await ask({})).status).toBe(401);
    expect((await ask({ key: tenant.key })).status).toBe(403);
    expect((await ask({ key: world.operator })).status).toBe(200);
  });

  test("counts by route and status, and never by what a client made up", async () => {
    await world.ask("GET", "/v1/topics/secret-name", { key: tenant.key });
    await world.ask("GET", "/nowhere/secret-name", {});
    await world.ask("BREW", "/v1/usage", {});
    const { body } = await ask({ peerAddress: "127.0.0.1" });
    expect(body).toContain(
      'headgate_http_requests_total{method="GET",route="/v1/topics/{name}",status="404"} 1',
    );
    expect(body).toContain('{method="GET",route="unmatched",status="404"} 1');
    expect(body).toContain('{method="other",route="unmatched",status="405"} 1');
    expect(body).toMatch(
      /headgate_http_request_seconds_bucket[{]method="GET",route="[/]v1[/]topics[/][{]name[}]",le="[+]Inf"[}] 1/,
    );
    expect(body).not.toContain("secret-name");
  });
});

describe("every answer", () => {
  test("carries the caller's request id when it is sane, and one of ours otherwise", async () => {
    const ask = (id: string) => world.ask("GET", "/healthz", { headers: { "x-request-id": id } });
    expect((await ask("order-42:a.b_c")).headers.get("x-request-id")).toBe("order-42:a.b_c");
    for (const id of ["a b", "ä", "x".repeat(129), "<script>", ""]) {
      expect((await ask(id)).headers.get("x-request-id")).toMatch(/^req_[0-9a-z]{16}$/);
    }
  });

  test("gives the caller's trace back when it is one", async () => {
    const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const ask = (traceparent: string) =>
      world.ask("GET", "/v1/nowhere", { headers: { traceparent } });
    expect((await ask(trace)).headers.get("traceparent")).toBe(trace);
    expect((await ask("00-zz")).headers.get("traceparent")).toBeNull();
  });

  test("is not kept by caches, and tells the door it came through in the audit log", async () => {
    const { key } = tenant;
    for (const client of ["portal", "cli", "api", "kafka"]) {
      const answer = await world.ask("PUT", `/v1/topics/by-${client}`, {
        key,
        body: { spec: {} },
        headers: { "x-headgate-client": client, "x-request-id": `through-${client}` },
      });
      expect(answer.headers.get("cache-control")).toBe("no-store");
    }
    const { items } = (await world.ask("GET", "/v1/audit-events?limit=4", { key })).body;
    const doors = items.map((event: { actor: { channel: string; requestId: string } }) => [
      event.actor.requestId,
      event.actor.channel,
    ]);
    expect(doors).toEqual([
      ["through-kafka", "api"],
      ["through-api", "api"],
      ["through-cli", "cli"],
      ["through-portal", "portal"],
    ]);
  });
});
