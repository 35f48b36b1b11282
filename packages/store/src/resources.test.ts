// Repositories: the halves of a resource keep out of each other's way, and whatever crashes, sweeps find what there is.
import type { TenantId } from "@headgate/core/ids";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import type { When } from "../test/faults.ts";
import { interleave } from "../test/interleave.ts";
import { modelStore } from "../test/model-store.ts";
import { Died, life, mortalStore } from "../test/mortal.ts";
import {
  accountRecord,
  apiKeyRecord,
  clusterId,
  clusterRecord,
  tenantId,
  tenantRecord,
  topicRecord,
} from "../test/records.ts";
import { apiKeys } from "./api-keys.ts";
import { clusters } from "./clusters.ts";
import { clustersOf, topicsOf } from "./keys.ts";
import { modify, parseItem, putOnce } from "./resources.ts";
import { serviceAccounts } from "./service-accounts.ts";
import type { Store } from "./store.ts";
import { tenants } from "./tenants.ts";
import { topics } from "./topics.ts";

let store: Store;
beforeEach(() => {
  store = modelStore();
});
const tenant = tenantId();
const cluster = clusterId();

async function all<T>(of: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const each of of) found.push(each);
  return found;
}
const sweptTopics = async (through: Store) =>
  (await all(topics(through).all())).map(({ name }) => name).sort();

describe("the halves of a resource", () => {
  test("writers of spec and status that meet lose nothing of each other's", async () => {
    const repo = topics(store);
    await repo.create(tenant, cluster, topicRecord("orders"));
    const specs = Array.from({ length: 10 }, () =>
      repo.updateSpec(tenant, cluster, "orders", (now) => ({
        ...now,
        generation: now.generation + 1,
        reservation: `r${now.generation}`,
      })),
    );
    const statuses = Array.from({ length: 10 }, () =>
      repo.updateStatus(tenant, cluster, "orders", ({ status }) => ({
        status: { ...status, observedGeneration: status.observedGeneration + 1 },
      })),
    );
    await Promise.all([...specs, ...statuses]);
    const now = (await repo.get(tenant, cluster, "orders"))?.value;
    expect(now).toMatchObject({
      generation: 11,
      reservation: "r10",
      status: { observedGeneration: 10 },
    });
  });

  test("neither can write what is the other's, even when it tries", async () => {
    const repo = clusters(store);
    const placement = {
      cell: "ce_0000000000000001",
      prefix: "c000000000.",
      principal: "p",
    } as const;
    const made = await repo.create(tenant, clusterRecord("blue"));
    await repo.updateStatus(tenant, "blue", (now) => ({
      ...now,
      placement,
      generation: 99,
      name: "red",
      spec: { ...now.spec, protected: true },
    }));
    const afterStatus = await repo.get(tenant, "blue");
    expect(afterStatus?.value).toEqual({ ...made.value, placement });
    const status = { ...made.value.status, phase: "Ready" as const };
    const spec = { ...made.value.spec, autoCreateTopics: true };
    await repo.writeSpec(tenant, afterStatus!, {
      ...made.value,
      spec,
      ...{ status, placement: { ...placement, prefix: "c000000001." } },
    });
    expect((await repo.get(tenant, "blue"))?.value).toEqual({ ...made.value, placement, spec });
  });

  test("a spec written over what was read conflicts when anything changed since", async () => {
    const repo = topics(store);
    const read = await repo.create(tenant, cluster, topicRecord("orders"));
    await repo.updateStatus(tenant, cluster, "orders", ({ status }) => ({ status }));
    const late = repo.writeSpec(tenant, cluster, read, { ...read.value, generation: 2 });
    await expect(late).rejects.toMatchObject({ kind: "conflict" });
  });

  test("a change of nothing writes nothing, and what is not there stays so", async () => {
    const repo = topics(store);
    const made = await repo.create(tenant, cluster, topicRecord("orders"));
    const same = await repo.updateStatus(tenant, cluster, "orders", () => undefined);
    expect(same?.version).toBe(made.version);
    expect(await repo.updateSpec(tenant, cluster, "absent", (now) => now)).toBeUndefined();
    expect(await repo.get(tenant, cluster, "absent")).toBeUndefined();
  });
});

describe("reading and changing", () => {
  const key = { pk: "P", sk: "s" };
  const counter = z.object({ n: z.int() });

  test("a change that always meets another ends in a conflict, after a bounded number of tries", async () => {
    let tries = 0;
    const busy: Store = {
      ...store,
      get: async (k) => {
        const item = await store.get(k);
        tries += 1;
        await store.put({ ...k, data: { n: tries } }, "any");
        return item;
      },
    };
    const change = modify(busy, counter, key, (now) => ({ n: (now?.n ?? 0) + 1 }));
    await expect(change).rejects.toMatchObject({ kind: "conflict" });
    expect(tries).toBe(20);
  });

  test("what is written once stays, and the second is told", async () => {
    expect(await putOnce(store, key, { n: 1 })).toBe(true);
    expect(await putOnce(store, key, { n: 2 })).toBe(false);
    expect((await store.get(key))?.data).toEqual({ n: 1 });
  });

  test("data that does not fit its schema is a defect and not a guess", async () => {
    await store.put({ ...key, data: { n: "1" } }, "absent");
    const item = await store.get(key);
    expect(() => parseItem(counter, item!)).toThrow(expect.objectContaining({ kind: "invalid" }));
  });

  test("lists are by name and tenant, with the cursor of the page before", async () => {
    const repo = clusters(store);
    const other = tenantId();
    for (const name of ["b", "a", "ab", "c"]) await repo.create(tenant, clusterRecord(name));
    await repo.create(other, clusterRecord("theirs"));
    const first = await repo.list(tenant, { limit: 3 });
    expect(first.items.map(({ value }) => value.name)).toEqual(["a", "ab", "b"]);
    const rest = await repo.list(tenant, { limit: 3, cursor: first.cursor });
    expect(rest).toMatchObject({ items: [{ value: { name: "c" } }] });
    expect(rest.cursor).toBeUndefined();
    const prefixed = await repo.list(tenant, { limit: 9, namePrefix: "a" });
    expect(prefixed.items.map(({ value }) => value.name)).toEqual(["a", "ab"]);
  });
});

describe("sweeps", () => {
  test("find everything of every tenant, once, beyond pages and shards", async () => {
    const expected: string[] = [];
    const owners: TenantId[] = Array.from({ length: 3 }, tenantId);
    for (const owner of owners) {
      await tenants(store).create(owner, tenantRecord(owner));
      await clusters(store).create(owner, clusterRecord("default"));
      for (let i = 0; i < 340; i++) {
        await topics(store).create(owner, cluster, topicRecord(`t${i}`));
        expected.push(`${owner} ${cluster} t${i}`);
      }
    }
    const found = await all(topics(store).all());
    expect(found.map((at) => `${at.tenant} ${at.cluster} ${at.name}`).sort()).toEqual(
      expected.sort(),
    );
    expect((await all(tenants(store).all())).sort()).toEqual([...owners].sort());
    expect((await all(clusters(store).all())).map((at) => at.tenant).sort()).toEqual(
      [...owners].sort(),
    );
  });

  /** What there is, and what a sweep says there is. */
  async function state(through: Store) {
    const exists = (await topics(through).get(tenant, cluster, "orders")) !== undefined;
    return { exists, swept: (await sweptTopics(through)).includes("orders") };
  }

  test.each<[number, When]>([
    [1, "before"],
    [1, "after"],
    [2, "before"],
    [2, "after"],
  ])(
    "a creation that dies at write %i, %s it, hides nothing, and can be done again",
    async (at, when) => {
      const dying = mortalStore(store, life(at, when === "after"));
      const create = topics(dying).create(tenant, cluster, topicRecord("orders"));
      await expect(create).rejects.toThrow(Died);
      const { exists, swept } = await state(store);
      expect(exists).toBe(at === 2 && when === "after");
      if (exists) expect(swept).toBe(true);
      else await topics(store).create(tenant, cluster, topicRecord("orders"));
      expect(await state(store)).toEqual({ exists: true, swept: true });
    },
  );

  test.each<[number, When]>([
    [1, "before"],
    [1, "after"],
    [2, "before"],
    [2, "after"],
  ])("a removal that dies at write %i, %s it, hides nothing", async (at, when) => {
    const made = await topics(store).create(tenant, cluster, topicRecord("orders"));
    const dying = mortalStore(store, life(at, when === "after"));
    const remove = topics(dying).remove(tenant, cluster, "orders", made.version);
    await remove.catch((error: unknown) => expect(error).toBeInstanceOf(Died));
    const { exists, swept } = await state(store);
    expect(exists).toBe(at === 1 && when === "before");
    if (exists) expect(swept).toBe(true);
    await topics(store)
      .create(tenant, cluster, topicRecord("orders"))
      .catch(() => undefined);
    expect(await state(store)).toEqual({ exists: true, swept: true });
  });

  test("in every order of removing and making the same name, what exists is swept", async () => {
    await fc.assert(
      fc.asyncProperty(fc.infiniteStream(fc.nat()), async (order) => {
        const base = modelStore();
        const made = await topics(base).create(tenant, cluster, topicRecord("orders"));
        const remove = async (through: Store) =>
          topics(through).remove(tenant, cluster, "orders", made.version);
        const create = async (through: Store) => {
          await topics(through).create(tenant, cluster, topicRecord("orders"));
        };
        await interleave(base, [remove, create, create], () => order.next().value);
        const { exists, swept } = await state(base);
        if (exists) expect(swept).toBe(true);
      }),
      { numRuns: 500, interruptAfterTimeLimit: 4000 },
    );
  });
});

describe("clusters", () => {
  test("their owner is known before they are, and after they are gone", async () => {
    const record = clusterRecord("blue");
    const dying = mortalStore(store, life(1));
    await expect(clusters(dying).create(tenant, record)).rejects.toThrow(Died);
    expect(await clusters(store).owner(record.id)).toEqual({ tenant, name: "blue" });
    const made = await clusters(store).create(tenant, record);
    await clusters(store).remove(tenant, "blue", made.version);
    expect(await clusters(store).owner(record.id)).toEqual({ tenant, name: "blue" });
  });

  test("a physical prefix belongs to one cluster for ever", async () => {
    const repo = clusters(store);
    const other = clusterId();
    expect(await repo.reservePrefix(tenant, cluster, "c000000000.")).toBe(true);
    expect(await repo.reservePrefix(tenant, cluster, "c000000000.")).toBe(true);
    expect(await repo.reservePrefix(tenantId(), other, "c000000000.")).toBe(false);
  });
});

describe("API keys", () => {
  test("are found by id alone; of another tenant they are not there", async () => {
    const record = apiKeyRecord(tenant);
    const repo = apiKeys(store);
    await repo.create(tenant, record);
    expect((await repo.find(record.id))?.value).toEqual(record);
    expect(await repo.get(tenantId(), record.id)).toBeUndefined();
    expect(await repo.find(apiKeyRecord(tenant).id)).toBeUndefined();
  });

  test.each([1, 2])(
    "a creation that dies after write %i leaves an id that opens what is there",
    async (at) => {
      const record = apiKeyRecord(tenant);
      const dying = mortalStore(store, life(at));
      await expect(apiKeys(dying).create(tenant, record)).rejects.toThrow(Died);
      expect((await apiKeys(store).find(record.id))?.value).toEqual(at === 2 ? record : undefined);
      // Its tenant may try again with the same id; nobody else may, then or later.
      const stranger = tenantId();
      const theirs = apiKeys(store).create(stranger, { ...record, tenant: stranger });
      await expect(theirs).rejects.toMatchObject({ kind: "conflict" });
      const again = apiKeys(store).create(tenant, record);
      if (at === 2) await expect(again).rejects.toMatchObject({ kind: "conflict" });
      else await again;
      expect((await apiKeys(store).find(record.id))?.value).toEqual(record);
    },
  );

  test.each([1, 2])("a removal that dies after write %i leaves nothing that opens", async (at) => {
    const made = await apiKeys(store).create(tenant, apiKeyRecord(tenant));
    const { id } = made.value;
    const dying = mortalStore(store, life(at));
    const removed = apiKeys(dying).remove(tenant, id, made.version);
    await expect(removed).rejects.toThrow(Died);
    expect(await apiKeys(store).find(id)).toBeUndefined();
    expect(await apiKeys(store).get(tenant, id)).toBeUndefined();
  });
});

test("kinds of one tenant with the same name are apart", async () => {
  await clusters(store).create(tenant, clusterRecord("same"));
  await serviceAccounts(store).create(tenant, accountRecord("same"));
  await topics(store).create(tenant, cluster, topicRecord("same"));
  expect((await serviceAccounts(store).get(tenant, "same"))?.value.kind).toBe("ServiceAccount");
  expect((await clusters(store).get(tenant, "same"))?.value.kind).toBe("Cluster");
  expect((await store.query(topicsOf(tenant, cluster).pk, { limit: 9 })).items).toHaveLength(1);
  const { pk, prefix } = clustersOf(tenant);
  expect((await store.query(pk, { prefix, limit: 9 })).items).toHaveLength(1);
});
