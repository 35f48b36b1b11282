// API keys of a service account: made, rotated and revoked. A secret is in the answer that made it and nowhere else.
import {
  createApiKey,
  getApiKey,
  listApiKeys,
  revokeApiKey,
  rotateApiKey,
} from "@headgate/control/api-keys";
import { getServiceAccount } from "@headgate/control/service-account-reads";
import { isLive, liveKeysMax } from "@headgate/core/api-key";
import { toTimestamp } from "@headgate/core/clock";
import { AppError } from "@headgate/core/errors";
import type { Caller } from "../auth.ts";
import * as example from "../examples.ts";
import { pageQuery } from "../list-query.ts";
import { type Api, route } from "../route.ts";
import { inputs } from "../schemas.ts";
import { isDryRun, writeQuery } from "../writes.ts";
import { checkRole } from "./service-accounts.ts";

const tag = "API keys";
const keysPath = "/v1/service-accounts/{name}/keys";
const keyPath = `${keysPath}/{id}`;

export function apiKeyRoutes(api: Api): void {
  readRoutes(api);
  createRoute(api);
  rotateRoute(api);
  revokeRoute(api);
}

function readRoutes(api: Api): void {
  const { control } = api.deps;
  const listed = {
    method: "get",
    path: keysPath,
    operationId: "listApiKeys",
    tag,
    summary: "List keys by id, revoked ones too",
    access: "view",
    query: pageQuery,
    answers: {
      200: {
        description: "A page of keys.",
        schema: "ApiKeyList",
        example: { items: [example.apiKey] },
      },
    },
    errors: ["resource.not_found"],
  } as const;
  route(api, listed, async ({ c, caller, query, param }) =>
    c.json(await listApiKeys(control, caller.actor, param("name"), query)),
  );
  const read = {
    method: "get",
    path: keyPath,
    operationId: "getApiKey",
    tag,
    summary: "Get a key",
    access: "view",
    answers: { 200: { description: "The key.", schema: "ApiKey", example: example.apiKey } },
    errors: ["resource.not_found"],
  } as const;
  route(api, read, async ({ c, caller, param }) =>
    c.json(await getApiKey(control, caller.actor, param("name"), param("id"))),
  );
}

const madeAnswers = {
  201: {
    description: "The key with its secret, which is shown this once.",
    schema: "NewApiKey",
    example: example.newApiKey,
    headers: ["Location", "Idempotency-Replayed"],
  },
  200: {
    description: "It could be made (validateOnly).",
    schema: "Validation",
    example: { kind: "Validation", valid: true },
  },
} as const;

function createRoute(api: Api): void {
  const { control } = api.deps;
  const operation = {
    method: "post",
    path: keysPath,
    operationId: "createApiKey",
    tag,
    summary: "Make a key",
    description: `A service account has at most ${liveKeysMax} live keys.`,
    access: "own",
    query: writeQuery,
    body: {
      schema: inputs.ApiKeyCreate,
      name: "ApiKeyCreate",
      mayBeEmpty: true,
      example: { expiresAt: "2027-01-01T00:00:00Z" },
    },
    headers: ["Idempotency-Key"],
    answers: madeAnswers,
    errors: ["resource.not_found", "quota.exceeded"],
  } as const;
  route(api, operation, async ({ c, caller, query, body, param }) => {
    const name = param("name");
    await checkAccount(api, caller, name);
    const expiresAt = body.expiresAt && futureOf(api, body.expiresAt);
    if (isDryRun(query)) {
      await checkRoom(api, caller, name);
      return c.json({ kind: "Validation", valid: true }, 200);
    }
    const key = await createApiKey(control, caller.actor, name, { expiresAt });
    c.header("Location", `/v1/service-accounts/${name}/keys/${key.id}`);
    return c.json(key, 201);
  });
}

function rotateRoute(api: Api): void {
  const { control } = api.deps;
  const operation = {
    method: "post",
    path: `${keyPath}/rotate`,
    operationId: "rotateApiKey",
    tag,
    summary: "Make a second key and let this one end",
    description: "The old key works on for overlapSeconds, by default a day.",
    access: "own",
    query: writeQuery,
    body: {
      schema: inputs.ApiKeyRotate,
      name: "ApiKeyRotate",
      mayBeEmpty: true,
      example: { overlapSeconds: 3600 },
    },
    headers: ["Idempotency-Key"],
    answers: madeAnswers,
    errors: ["resource.not_found", "quota.exceeded"],
  } as const;
  route(api, operation, async ({ c, caller, query, body, param }) => {
    const [name, id] = [param("name"), param("id")];
    await checkAccount(api, caller, name);
    if (isDryRun(query)) {
      const old = await getApiKey(control, caller.actor, name, id);
      if (!isLive(old, toTimestamp(control.clock.nowMs()))) {
        throw new AppError("resource.not_found", { detail: `Key '${id}' is not live any more.` });
      }
      await checkRoom(api, caller, name);
      return c.json({ kind: "Validation", valid: true }, 200);
    }
    const key = await rotateApiKey(control, caller.actor, name, id, body);
    c.header("Location", `/v1/service-accounts/${name}/keys/${key.id}`);
    return c.json(key, 201);
  });
}

function revokeRoute(api: Api): void {
  const { control } = api.deps;
  const operation = {
    method: "delete",
    path: keyPath,
    operationId: "revokeApiKey",
    tag,
    summary: "Revoke a key",
    description: "It opens nothing from then on; its Kafka connections close within 5 seconds.",
    access: "own",
    query: writeQuery,
    answers: {
      200: {
        description: "The revoked key.",
        schema: "ApiKey",
        example: { ...example.apiKey, revokedAt: example.apiKey.createdAt },
      },
    },
    errors: ["resource.not_found"],
  } as const;
  route(api, operation, async ({ c, caller, query, param }) => {
    const [name, id] = [param("name"), param("id")];
    await checkAccount(api, caller, name);
    const act = isDryRun(query) ? getApiKey : revokeApiKey;
    return c.json(await act(control, caller.actor, name, id));
  });
}

/** Throws `resource.not_found`, and `auth.forbidden` for an account above the caller. */
async function checkAccount({ deps }: Api, caller: Caller, name: string): Promise<void> {
  const account = await getServiceAccount(deps.control, caller.actor, name);
  checkRole(caller, account.spec.role);
}

/** The dry run of the command's own rule. */
async function checkRoom({ deps }: Api, caller: Caller, name: string): Promise<void> {
  const now = toTimestamp(deps.control.clock.nowMs());
  let live = 0;
  let cursor: string | undefined;
  do {
    const page = await listApiKeys(deps.control, caller.actor, name, { limit: 200, cursor });
    live += page.items.filter((key) => isLive(key, now)).length;
    cursor = page.next;
  } while (cursor !== undefined);
  if (live < liveKeysMax) return;
  throw new AppError("quota.exceeded", {
    detail: `Service account '${name}' has ${liveKeysMax} live keys.`,
    fix: "Revoke one of them first; two are there so that a rotation loses nothing.",
  });
}

function futureOf({ deps }: Api, time: string): string {
  const ms = Date.parse(time);
  if (ms > deps.control.clock.nowMs()) return toTimestamp(ms);
  const detail = "/expiresAt: it must lie in the future.";
  throw new AppError("request.invalid", {
    detail,
    errors: [{ pointer: "/expiresAt", code: "request.invalid", detail }],
  });
}
