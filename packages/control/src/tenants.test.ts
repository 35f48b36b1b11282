// Tenants: made whole, or begun again with the same outcome; each behind a wall of its own.

import { newId, newSecret } from "@headgate/core/ids";
import { clusters } from "@headgate/store/clusters";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { seededRandom } from "../../store/test/clock.ts";
import { Died, life, mortalStore } from "../../store/test/mortal.ts";
import { openWorld, type World } from "../test/world.ts";
import { listApiKeys, revokeApiKey } from "./api-keys.ts";
import { listAudit } from "./audit-log.ts";
import { getCluster } from "./cluster-reads.ts";
import { deleteCluster } from "./clusters.ts";
import { authenticateKey } from "./key-use.ts";
import { getServiceAccount } from "./service-account-reads.ts";
import { createTenant, ensureTenant, getTenant, listTenants, type TenantPlan } from "./tenants.ts";

let world: World;
let plans = 0;
const random = seededRandom(77);
const planOf = (more: Partial<TenantPlan> = {}): TenantPlan => ({
  tenant: newId("tn", random),
  spec: { displayName: `Team ${++plans}`, priceBook: "default", labels: {} },
  ownerRole: "owner",
  key: { id: newId("ak", random), secret: newSecret(random) },
  ...more,
});
beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const ensure = (plan: TenantPlan, control = world.control) =>
  ensureTenant(control, world.actor, plan);
const eventsOf = async (tenant: `tn_${string}`) =>
  (await listAudit(world.control, { tenant }, { limit: 100 })).items;

describe("a new tenant", () => {
  test("comes with a default cluster, an owner and a key that opens", async () => {
    const made = await createTenant(world.control, world.actor, {
      spec: { displayName: " Ann's " },
    });
    expect(made).toMatchObject({
      tenant: {
        kind: "Tenant",
        id: expect.stringMatching(/^tn_/),
        spec: { displayName: "Ann's", priceBook: "default" },
        status: { phase: "Ready", observedGeneration: 1 },
      },
      cluster: { name: "default", status: { costPerHourMax: "0.25" } },
      serviceAccount: {
        name: "owner",
        spec: { role: "owner", cluster: "default", protected: true },
      },
      key: { serviceAccount: "owner", secret: expect.stringMatching(/^hgs_/) },
    });
    const { tenant, key } = made!;
    const known = await authenticateKey(world.control, key.id, key.secret);
    expect(known).toMatchObject({
      key: { tenant: tenant.id },
      account: { spec: { role: "owner" } },
    });
    expect(await getTenant(world.control, tenant.id)).toEqual(tenant);
  });

  test("leaves its events with itself, whoever made it, and none of a secret", async () => {
    const { tenant, key } = (await createTenant(world.control, world.actor, {
      spec: { displayName: "Team" },
    }))!;
    const events = await eventsOf(tenant.id);
    expect(events.map(({ action, kind }) => `${action} ${kind}`).sort()).toEqual([
      "create ApiKey",
      "create Cluster",
      "create ServiceAccount",
      "create Tenant",
    ]);
    for (const { actor } of events) {
      expect(actor).toMatchObject({ tenant: tenant.id, serviceAccountName: "ann", channel: "api" });
    }
    expect(JSON.stringify(events)).not.toContain(key.secret);
    expect(await world.events()).toEqual([]);
  });

  test.each<[unknown, string]>([
    [{}, "/spec/displayName"],
    [{ displayName: " " }, "/spec/displayName"],
    [{ displayName: "x".repeat(101) }, "/spec/displayName"],
    [{ displayName: "x", owner: "me" }, "/spec"],
    [undefined, "/spec"],
  ])("of the spec %j is refused at %s", async (spec, pointer) => {
    const before = await listTenants(world.control);
    const made = createTenant(world.control, world.actor, { spec });
    await expect(made).rejects.toMatchObject({ code: "request.invalid", errors: [{ pointer }] });
    expect(await listTenants(world.control)).toEqual(before);
  });

  test("that is only checked is not made", async () => {
    const before = await listTenants(world.control);
    const request = { spec: { displayName: "Team" } };
    const options = { validateOnly: true };
    expect(await createTenant(world.control, world.actor, request, options)).toBeUndefined();
    expect(await listTenants(world.control)).toEqual(before);
  });
});

describe("begun again", () => {
  test("it is what it was, and nothing is written", async () => {
    const plan = planOf({ ownerRole: "operator" });
    const first = await ensure(plan);
    const events = await eventsOf(plan.tenant);
    world.clock.pass(5000);
    const again = await ensure(plan);
    expect(again).toEqual({ ...first, cluster: again.cluster });
    expect(again.cluster.id).toBe(first.cluster.id);
    expect(again.serviceAccount.spec.role).toBe("operator");
    expect(await eventsOf(plan.tenant)).toEqual(events);
  });

  test("after a death at any write it ends whole, with the key that was planned", async () => {
    let deaths = 0;
    for (let step = 1; ; step++) {
      for (const carriedOut of [true, false]) {
        const plan = planOf();
        const dying = world.through(mortalStore(world.store, life(step, carriedOut)));
        const isDead = await ensure(plan, dying).then(
          () => false,
          (error: unknown) => error instanceof Died,
        );
        const made = await ensure(plan);
        expect(made).toMatchObject({
          tenant: { id: plan.tenant },
          cluster: { name: "default" },
          serviceAccount: { name: "owner" },
          key: plan.key,
        });
        const { id, secret } = plan.key;
        const known = await authenticateKey(world.control, id, secret);
        expect(known?.key.tenant).toBe(plan.tenant);
        const keys = await listApiKeys(world.control, { tenant: plan.tenant }, "owner", {
          limit: 9,
        });
        expect(keys.items.map((key) => key.id)).toEqual([id]);
        deaths += isDead ? 1 : 0;
        if (!isDead) {
          expect(deaths).toBeGreaterThan(20);
          return;
        }
      }
    }
  });

  test("a key that was revoked meanwhile stays so, and is told as such", async () => {
    const plan = planOf();
    await ensure(plan);
    const actor = { ...world.actor, tenant: plan.tenant };
    await revokeApiKey(world.control, actor, "owner", plan.key.id);
    const again = await ensure(plan);
    expect(again.key.revokedAt).toBeDefined();
    const { id, secret } = plan.key;
    expect(await authenticateKey(world.control, id, secret)).toBeUndefined();
  });

  test("a default cluster that is on its way out goes first, and is made anew", async () => {
    const plan = planOf();
    const { cluster } = await ensure(plan);
    const actor = { ...world.actor, tenant: plan.tenant };
    await deleteCluster(world.control, actor, "default");
    const again = ensure(plan);
    // As the provisioner does when nothing of it is left.
    const stored = (await clusters(world.store).get(plan.tenant, "default"))!;
    await clusters(world.store).remove(plan.tenant, "default", stored.version);
    world.control.signal.notify(`cluster:${cluster.id}`);
    const made = await again;
    expect(made.cluster.id).not.toBe(cluster.id);
    expect(made.cluster.status.phase).toBe("Pending");
  });
});

test("tenants do not see each other; the operator sees all", async () => {
  const [a, b] = [await ensure(planOf()), await ensure(planOf())];
  const asA = { tenant: a.tenant.id };
  const found = await getCluster(world.control, asA, "default");
  expect(found.id).toBe(a.cluster.id);
  expect((await getServiceAccount(world.control, asA, "owner")).id).toBe(a.serviceAccount.id);
  const ids = (await listTenants(world.control)).map(({ id }) => id);
  expect(ids).toEqual([...[a.tenant.id, b.tenant.id, world.tenant]].sort());
});

test.each(["", "tn_", "tn_0000000000000000", "default", "a#b", "x".repeat(5000)])(
  "the tenant %j is not found",
  async (id) => {
    const error = { code: "resource.not_found" };
    await expect(getTenant(world.control, id)).rejects.toMatchObject(error);
  },
);
