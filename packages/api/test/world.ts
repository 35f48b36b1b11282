// The API over a real store and the real commands, with an operator and tenants to ask in the name of. Every answer a
// test gets was checked against the API's own document (document.ts).
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createApiKey } from "@headgate/control/api-keys";
import type { Control } from "@headgate/control/control";
import { writeServiceAccount } from "@headgate/control/service-accounts";
import { createTenant, ensureTenant } from "@headgate/control/tenants";
import type { Actor } from "@headgate/core/audit";
import { type CellId, type ClusterId, newId, newPrefix, newSecret } from "@headgate/core/ids";
import type { Role } from "@headgate/core/service-account";
import { cells } from "@headgate/store/cells";
import { clusters } from "@headgate/store/clusters";
import { processSignal } from "@headgate/store/signal";
import { openSqlite } from "@headgate/store/sqlite";
import type { Item, Store } from "@headgate/store/store";
import { systemClock, systemRandom } from "@headgate/store/system";
import { createApp } from "../src/app.ts";
import type { ApiDeps } from "../src/deps.ts";
import { type ApiDocument, documentOf } from "./document.ts";

export interface Key {
  readonly id: string;
  readonly secret: string;
}

export interface TestTenant {
  readonly actor: Actor;
  readonly cluster: ClusterId;
  /** The owner's. */
  readonly key: Key;
  /** A key of a service account of its own with this role. */
  keyOf(role: Role): Promise<Key>;
}

export interface Options {
  readonly key?: Key | undefined;
  readonly body?: unknown;
  /** Sent as it is, instead of `body`. */
  readonly text?: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Record<string, string>;
  readonly peerAddress?: string;
}

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers whose shape document.ts has checked
  readonly body: any;
}

export interface World {
  readonly control: Control;
  readonly app: ReturnType<typeof createApp>;
  readonly document: ApiDocument;
  readonly operator: Key;
  readonly logged: { message: string; fields: Record<string, unknown> }[];
  /** Moves the clock. */
  advance(ms: number): void;
  tenant(): Promise<TestTenant>;
  ask(method: string, path: string, options?: Options): Promise<Answered>;
  /** Every item in the store, as text. */
  storedText(): Promise<string>;
  close(): Promise<void>;
}

export async function startWorld(
  more: (control: Control) => Partial<ApiDeps> = () => ({}),
): Promise<World> {
  const dir = mkdtempSync(join(tmpdir(), "headgate-api-"));
  const { store, all } = recorded(openSqlite({ path: join(dir, "store.sqlite") }));
  const signal = processSignal(newId("cl", systemRandom));
  const logged: World["logged"] = [];
  let aheadMs = 0;
  const control: Control = {
    store,
    signal,
    clock: { nowMs: () => systemClock.nowMs() + aheadMs },
    random: systemRandom,
    log: (message, fields) => logged.push({ message, fields }),
  };
  const operator = await operatorKey(control);
  const app = createApp({ control, version: "0.0.0-test", ...more(control) });
  const document = await documentOf(app);
  return {
    control,
    app,
    document,
    operator,
    logged,
    advance(ms) {
      aheadMs += ms;
    },
    tenant: () => newTenant(control),
    async ask(method, path, options = {}) {
      const response = await send(app, method, path, options);
      return document.checked(method, path, response);
    },
    storedText: async () => JSON.stringify(await all()),
    async close() {
      signal.close();
      await store.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

const system = { channel: "system", requestId: "test" } as const;

async function operatorKey(control: Control): Promise<Key> {
  const tenant = newId("tn", systemRandom);
  const key = { id: newId("ak", systemRandom), secret: newSecret(systemRandom) };
  await ensureTenant(
    control,
    { ...system, tenant },
    {
      tenant,
      spec: { displayName: "Operator", priceBook: "default", labels: {} },
      ownerRole: "operator",
      key,
    },
  );
  return key;
}

async function newTenant(control: Control): Promise<TestTenant> {
  const maker = { ...system, tenant: newId("tn", systemRandom) };
  const made = await createTenant(control, maker, { spec: { displayName: "Test" } });
  const actor: Actor = { ...system, tenant: made!.tenant.id };
  return {
    actor,
    cluster: made!.cluster.id,
    key: made!.key,
    async keyOf(role) {
      const name = `has-role-${role}`;
      await writeServiceAccount(control, actor, name, () => ({ role }));
      return createApiKey(control, actor, name);
    },
  };
}

/** Gives the tenant's default cluster a place, as the provisioner would. */
export async function place(world: World, tenant: TestTenant) {
  const { store } = world.control;
  const cell = newId("ce", systemRandom) as CellId;
  const placement = { cell, prefix: newPrefix(systemRandom), principal: tenant.cluster };
  await cells(store).update(cell, () => ({
    id: cell,
    driver: "embedded",
    brokers: {},
    brokerCount: 1,
    phase: "Ready",
    updatedAt: new Date().toISOString(),
  }));
  await clusters(store).updateStatus(tenant.actor.tenant, "default", (now) => ({
    status: { ...now.status, phase: "Ready", observedGeneration: now.generation },
    placement,
  }));
  return placement;
}

export async function send(
  app: ReturnType<typeof createApp>,
  method: string,
  path: string,
  { key, body, text, headers = {}, peerAddress }: Options,
): Promise<Response> {
  const hasBody = body !== undefined || text !== undefined;
  return app.request(
    path,
    {
      method,
      headers: {
        ...(key && { authorization: `Bearer ${key.id}:${key.secret}` }),
        ...(hasBody && { "content-type": "application/json" }),
        ...headers,
      },
      ...(hasBody && { body: text ?? JSON.stringify(body) }),
    },
    { peerAddress },
  );
}

/** A store that remembers which partitions were written, so that a test can read all of it. */
function recorded(store: Store): { store: Store; all: () => Promise<Item[]> } {
  const partitions = new Set<string>();
  return {
    store: {
      ...store,
      put(item, expect) {
        partitions.add(item.pk);
        return store.put(item, expect);
      },
    },
    async all() {
      const pages = await Promise.all(
        [...partitions].map((pk) => store.query(pk, { limit: 10_000 })),
      );
      return pages.flatMap((page) => page.items);
    },
  };
}
