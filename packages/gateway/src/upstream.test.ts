// Which broker is dialled, and with what token.
import { createServer, type Server } from "node:net";
import type { MintedToken } from "@headgate/control/tokens";
import { encodeResponse } from "@headgate/kafka/codec";
import { frameSplitter, readRequestHeader, responseFrame } from "@headgate/kafka/frame";
import { Api } from "@headgate/kafka/generated/types";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createDial, type Dial } from "./upstream.ts";

let servers: Server[];
let logins: { node: number; token: string }[];
let minted: number;
let lifeMs: number;
let isRefusing: boolean;

beforeEach(() => {
  servers = [];
  logins = [];
  minted = 0;
  lifeMs = 300_000;
  isRefusing = false;
});

afterEach(() => {
  for (const server of servers) server.close();
});

/** A broker as far as its login. */
async function broker(node: number): Promise<string> {
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    const splitter = frameSplitter({
      frameBytesMax: () => 100_000,
      onFrame(frame) {
        const { apiKey, apiVersion, correlationId, bodyAt } = readRequestHeader(frame);
        const send = (body: Buffer) =>
          socket.write(responseFrame(apiKey, apiVersion, correlationId, body));
        const offered = [Api.SaslHandshake, Api.SaslAuthenticate];
        const apiKeys = offered.map((key) => ({ apiKey: key, minVersion: 0, maxVersion: 1 }));
        if (apiKey === Api.ApiVersions) send(encodeResponse(apiKey, apiVersion, { apiKeys }));
        else if (apiKey === Api.SaslHandshake)
          send(encodeResponse(apiKey, apiVersion, { mechanisms: ["OAUTHBEARER"] }));
        else {
          const [, token = ""] = /Bearer ([\w-]*)/.exec(frame.toString("utf8", bodyAt)) ?? [];
          logins.push({ node, token });
          const errorCode = isRefusing ? 58 : 0;
          send(
            encodeResponse(Api.SaslAuthenticate, apiVersion, {
              errorCode,
              sessionLifetimeMs: 60_000n,
            }),
          );
        }
      },
    });
    socket.on("data", (chunk: Buffer) => splitter.push(chunk));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return `127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
}

const mint = (principal: string): MintedToken => ({
  token: `${principal}-${++minted}`,
  expiresAtMs: Date.now() + lifeMs,
});

const dialing = (brokers: ReadonlyMap<number, string>): Dial =>
  createDial({ brokers: async () => brokers, mint, connectTimeoutMs: 2000 });

async function dial(to: Dial, nodeId: number, principal = "cl_a") {
  const upstream = await to({ cell: "ce_1", principal }, nodeId);
  upstream.socket.destroy();
  return upstream.nodeId;
}

describe("a node id", () => {
  test("leads to its broker; one without a live broker, and the bootstrap, to each in turn", async () => {
    const to = dialing(
      new Map([
        [1, await broker(1)],
        [2, await broker(2)],
      ]),
    );
    expect(await dial(to, 1)).toBe(1);
    expect(await dial(to, 2)).toBe(2);
    const others = [await dial(to, -1), await dial(to, -1), await dial(to, 9), await dial(to, 9)];
    expect(others.filter((node) => node === 1)).toHaveLength(2);
    expect(logins.map(({ node }) => node)).toEqual([1, 2, ...others]);
  });

  test("of a cell without a live broker, or of one that cannot be reached, is told as such", async () => {
    await expect(dial(dialing(new Map()), 1)).rejects.toMatchObject({ code: "cell.unavailable" });
    const away = dialing(new Map([[1, "127.0.0.1:1"]]));
    await expect(dial(away, 1)).rejects.toMatchObject({
      code: "cell.unavailable",
      cause: expect.objectContaining({ message: expect.stringContaining("ECONNREFUSED") }),
    });
  });
});

describe("a token", () => {
  test("serves the connections of its principal while enough of it is left", async () => {
    const to = dialing(new Map([[1, await broker(1)]]));
    await dial(to, 1);
    await dial(to, 1);
    await dial(to, 1, "cl_b");
    expect(logins.map(({ token }) => token)).toEqual(["cl_a-1", "cl_a-1", "cl_b-2"]);
    // Less than what makes a connection be replaced: using it again would replace it at once.
    lifeMs = 100_000;
    await dial(to, 1, "cl_c");
    await dial(to, 1, "cl_c");
    expect(minted).toBe(4);
  });

  test("that was refused is not used again", async () => {
    const to = dialing(new Map([[1, await broker(1)]]));
    isRefusing = true;
    await expect(dial(to, 1)).rejects.toMatchObject({ code: "cell.unavailable" });
    isRefusing = false;
    await dial(to, 1);
    expect(logins.map(({ token }) => token)).toEqual(["cl_a-1", "cl_a-2"]);
  });

  test("says how long its login lasts", async () => {
    const to = dialing(new Map([[1, await broker(1)]]));
    const nowMs = performance.now();
    const { socket, sessionEndsAtMs } = await to({ cell: "ce_1", principal: "cl_a" }, 1);
    expect(sessionEndsAtMs - nowMs).toBeGreaterThanOrEqual(60_000);
    expect(sessionEndsAtMs - nowMs).toBeLessThan(65_000);
    socket.destroy();
  });
});
