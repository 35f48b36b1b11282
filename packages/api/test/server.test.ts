import { type ClientRequest, request as httpRequest } from "node:http";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type ApiServer, serveApi } from "../src/serve.ts";
import { startWorld, type TestTenant, type World } from "./world.ts";

let world: World;
let server: ApiServer;
let tenant: TestTenant;
const anyPort = { host: "127.0.0.1", port: 0 };

beforeEach(async () => {
  world = await startWorld();
  server = await serveApi({ control: world.control, version: "test" }, anyPort);
  tenant = await world.tenant();
});

afterEach(async () => {
  await server.close();
  await world.close();
});

const authorization = () => `Bearer ${tenant.key.id}:${tenant.key.secret}`;

test("port 0 takes a free port and says which", async () => {
  expect(server.url).toBe(`http://127.0.0.1:${server.port}`);
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
});

test("a port in use is an error that says so and what to do, and leaves nothing running", async () => {
  const taken = serveApi(
    { control: world.control, version: "test" },
    { ...anyPort, port: server.port },
  );
  await expect(taken).rejects.toMatchObject({
    code: "env.port_taken",
    message: expect.stringContaining(String(server.port)),
    fix: expect.stringContaining("choose another port"),
  });
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
});

test("the caller's address is seen, so that metrics need no key on this machine", async () => {
  expect((await fetch(`${server.url}/metrics`)).status).toBe(200);
  const forwarded = await fetch(`${server.url}/metrics`, {
    headers: { "x-forwarded-for": "1.2.3.4" },
  });
  expect(forwarded.status).toBe(401);
});

test("a body of 2 MiB is a 413 over the wire, with and without its length, and the next works", async () => {
  const big = new Uint8Array(2 ** 21).fill(0x20);
  const chunked = new ReadableStream({
    start(controller) {
      controller.enqueue(big);
      controller.close();
    },
  });
  for (const body of [big, chunked]) {
    const init = {
      method: "PUT",
      headers: { authorization: authorization() },
      body,
      duplex: "half",
    };
    const response = await fetch(`${server.url}/v1/topics/a`, init as RequestInit);
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ code: "request.too_large" });
  }
  const good = await fetch(`${server.url}/v1/topics/a`, {
    method: "PUT",
    headers: { authorization: authorization(), "content-type": "application/json" },
    body: '{"spec":{}}',
  });
  expect(good.status).toBe(201);
});

test("what is not HTTP, or no address, is refused, and the next request works", async () => {
  const raw = async (sent: string | Uint8Array): Promise<string> => {
    const socket = connect(server.port, "127.0.0.1");
    socket.write(sent);
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
    });
    // A reset after the answer: what was not read of the request.
    socket.on("error", () => undefined);
    await new Promise((resolve) => socket.once("close", resolve));
    return text;
  };
  const random = Uint8Array.from({ length: 4096 }, (_, i) => (i * 2654435761) >>> 24);
  expect(await raw(random)).toMatch(/^HTTP\/1[.]1 400/);
  expect(await raw("GET /\\nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")).toMatch(
    /^HTTP\/1[.]1 400.*application\/problem[+]json.*request[.]invalid/is,
  );
  expect(await raw(`GET /${"a".repeat(70_000)} HTTP/1.1\r\nHost: a\r\n\r\n`)).toMatch(
    /^HTTP\/1[.]1 4/,
  );
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
});

test("a client that leaves in the middle of a body, or before its answer, harms nobody", async () => {
  const socket = connect(server.port, "127.0.0.1");
  socket.write(
    `PUT /v1/topics/half HTTP/1.1\r\nHost: a\r\nAuthorization: ${authorization()}\r\n` +
      'Content-Length: 100\r\n\r\n{"spec"',
  );
  await closed(socket);
  const early = connect(server.port, "127.0.0.1");
  early.write(`GET /v1/topics HTTP/1.1\r\nHost: a\r\nAuthorization: ${authorization()}\r\n\r\n`);
  await closed(early);
  const headers = { authorization: authorization() };
  expect((await fetch(`${server.url}/v1/topics/half`, { headers })).status).toBe(404);
  expect(world.logged).toEqual([]);
});

test("closing lets an answer under way finish, and idle connections go at once", async () => {
  const idle = connect(server.port, "127.0.0.1");
  await new Promise((resolve) => idle.once("connect", resolve));
  const idleClosed = closedByPeer(idle);
  const waiting = waitingRequest("/v1/topics/slow");
  await waiting.reached;
  const startMs = performance.now();
  const closing = server.close();
  await idleClosed;
  expect(performance.now() - startMs).toBeLessThan(1000);
  await expect(fetch(`${server.url}/healthz`)).rejects.toThrow();
  waiting.finish();
  expect(await waiting.status).toBe(201);
  await closing;
  expect(performance.now() - startMs).toBeLessThan(2000);
});

test("closing does not wait longer than two seconds for an answer that does not come", async () => {
  const waiting = waitingRequest("/v1/topics/never");
  await waiting.reached;
  const startMs = performance.now();
  const lost = expect(waiting.status).rejects.toThrow();
  await server.close();
  const tookMs = performance.now() - startMs;
  expect(tookMs).toBeGreaterThan(1500);
  expect(tookMs).toBeLessThan(4000);
  await lost;
  waiting.finish();
});

test("a free port is really freed", async () => {
  const { port } = server;
  await server.close();
  const again = createServer();
  await new Promise<void>((resolve) => again.listen(port, "127.0.0.1", resolve));
  expect((again.address() as AddressInfo).port).toBe(port);
  await new Promise((resolve) => again.close(resolve));
});

/** A request that hangs in the store until `finish`. */
function waitingRequest(path: string) {
  const { store } = world.control;
  const put = store.put;
  let finish = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const reached = new Promise<void>((resolve) => {
    store.put = async (...args) => {
      resolve();
      await held;
      return put(...args);
    };
  });
  const status = new Promise<number>((resolve, reject) => {
    const asked: ClientRequest = httpRequest(`${server.url}${path}`, {
      method: "PUT",
      headers: { authorization: authorization(), "content-type": "application/json" },
    });
    asked.once("response", (response) => {
      response.resume();
      resolve(response.statusCode!);
    });
    asked.once("error", reject);
    asked.end('{"spec":{}}');
  });
  return { reached, status, finish };
}

async function closed(socket: Socket): Promise<void> {
  await new Promise((resolve) => socket.once("connect", resolve));
  await new Promise((resolve) => setImmediate(resolve));
  socket.destroy();
  await new Promise((resolve) => socket.once("close", resolve));
}

function closedByPeer(socket: Socket): Promise<unknown> {
  socket.resume();
  return new Promise((resolve) => socket.once("close", resolve));
}
