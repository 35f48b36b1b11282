// One tenant sends anything the table of APIs allows, in any version, aimed as well as it can; its neighbour has topics
// and groups of the same names. Whatever comes back shows nothing of the neighbour or of the cell, and the neighbour's
// things stay as they were.
import { randomBytes } from "node:crypto";
import { type ApiKey, decodeResponse, encodeRequest } from "@headgate/kafka/codec";
import { requestFrame, responseBodyAt } from "@headgate/kafka/frame";
import { Api } from "@headgate/kafka/generated/types";
import { encodeBatch } from "@headgate/kafka/records";
import fc from "fast-check";
import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";
import { allowList } from "../src/allow-list.ts";
import { aimedRequest, type Targets } from "./aimed-request.ts";
import { raw } from "./clients.ts";
import { logged } from "./usage.ts";
import { startWorld, type Tenant, type World } from "./world.ts";

/** Known to the neighbour alone. */
const secret = randomBytes(12).toString("hex");
const vault = `vault-${secret}`;
const unknownId = Buffer.alloc(16, 7).toString("base64url");
const zeroId = Buffer.alloc(16).toString("base64url");

let world: World;
let ann: Tenant;
let bob: Tenant;
const ids = new Map<string, string>();

beforeAll(async () => {
  world = await startWorld();
  ann = await world.tenant();
  bob = await world.tenant();
  await furnish(ann, ["t", "ann-only"], ["g", "ann-only"], "of ann");
  await furnish(bob, ["t", vault], ["g", vault], secret);
});

afterAll(async () => {
  await world.close();
});

/** Topics with a record each, groups with a commit each; the text is in both. */
async function furnish(
  tenant: Tenant,
  names: readonly string[],
  groups: readonly string[],
  text: string,
): Promise<void> {
  const client = await connected(tenant);
  const topics = names.map((name) => ({ name, numPartitions: 2, replicationFactor: 1 }));
  const made = await client.ask(Api.CreateTopics, 7, { topics, timeoutMs: 10_000 });
  for (const { name, topicId } of made.topics) ids.set(`${tenant.cluster} ${name}`, topicId);
  const records = encodeBatch([{ value: Buffer.from(text), timestampMs: 1_700_000_000_000 }]);
  const partitionData = [{ index: 0, records }];
  const topicData = names.map((name) => ({ name, partitionData }));
  await client.ask(Api.Produce, 9, { acks: -1, timeoutMs: 5000, topicData });
  for (const groupId of groups)
    await vi.waitFor(
      async () => {
        await client.ask(Api.FindCoordinator, 4, { coordinatorKeys: [groupId] });
        const partitions = [{ partitionIndex: 0, committedOffset: 1n, committedMetadata: text }];
        const commit = { groupId, topics: [{ name: names[0]!, partitions }] };
        const { topics: done } = await client.ask(Api.OffsetCommit, 8, commit);
        expect(done[0]?.partitions[0]?.errorCode).toBe(0);
      },
      { timeout: 20_000, interval: 100 },
    );
  client.socket.destroy();
}

async function connected(tenant: Tenant) {
  const client = await raw(world.gateway.port);
  await client.logIn(tenant.key);
  return client;
}

interface Shot {
  readonly apiKey: ApiKey;
  readonly version: number;
  readonly value: object;
}

/** Logging in is not part of it: it would only end the session. */
const login: ReadonlySet<number> = new Set([Api.SaslHandshake, Api.SaslAuthenticate]);
const versions = allowList
  .filter(({ apiKey }) => !login.has(apiKey))
  .flatMap(({ apiKey, min, max }) =>
    Array.from({ length: max - min + 1 }, (_, i) => ({
      apiKey: apiKey as ApiKey,
      version: min + i,
    })),
  );

const shotsAt = (targets: Targets): fc.Arbitrary<Shot> =>
  fc
    .constantFrom(...versions)
    .chain(({ apiKey, version }) =>
      aimedRequest(apiKey, version, targets).map((value) => ({ apiKey, version, value })),
    );

const answerMs = 1000;

/** Fires on one connection after another; answers everything that was received. */
async function fire(shots: readonly Shot[]): Promise<{ bytes: Buffer; answers: number }> {
  const received: Buffer[] = [];
  let answers = 0;
  let client = await connected(ann);
  for (const [id, { apiKey, version, value }] of shots.entries()) {
    const body = encodeRequest(apiKey, version, value);
    client.send(requestFrame(apiKey, version, id, "fuzz", body));
    // A member that waits for others, or a connection that was closed: the next shot has a connection of its own.
    const late = new Promise<undefined>((resolve) =>
      setTimeout(resolve, answerMs, undefined).unref(),
    );
    const answer = await Promise.race([client.frame(), late]);
    if (answer) {
      expect(answer.readInt32BE(4)).toBe(id);
      const at = responseBodyAt(apiKey, version, answer);
      decodeResponse(apiKey, version, answer.subarray(at));
      answers++;
      continue;
    }
    client.socket.destroy();
    received.push(...client.received);
    client = await connected(ann);
  }
  client.socket.destroy();
  received.push(...client.received);
  return { bytes: Buffer.concat(received), answers };
}

/** What nobody but the neighbour and the operator may ever see. */
function forbidden(): (string | Buffer)[] {
  const kafka = inject("kafka");
  const port = Buffer.alloc(4);
  port.writeInt32BE(kafka.port);
  return [
    ann.prefix,
    secret,
    bob.tenant,
    bob.cluster,
    kafka.clusterId,
    kafka.bootstrap,
    Buffer.concat([Buffer.from(kafka.host), port]),
  ];
}

/** Everything the neighbour has, as the broker tells it. */
async function possessions() {
  const names = (await world.admin.metadata("all")).map((topic) => topic.name ?? "");
  const own = names.filter((name) => name.startsWith(bob.prefix)).sort();
  const configs = await world.admin.describeConfigs(
    own.map((name) => ({ type: "topic" as const, name })),
  );
  const groups = [`${bob.prefix}g`, `${bob.prefix}${vault}`];
  return {
    topics: own,
    ends: [await logged(world, bob, "t"), await logged(world, bob, vault)],
    configs: configs.map(({ name, entries }) => [name, entries.get("retention.ms")?.value]),
    offsets: await Promise.all(groups.map((group) => world.admin.offsetFetch(group))),
    strays: names.filter((name) => !/^(c[0-9a-z]{9}\.|__)/.test(name) && name.includes("fuzz")),
  };
}

const idOf = (tenant: Tenant, name: string) => ids.get(`${tenant.cluster} ${name}`)!;

async function hunt(targets: Targets, forbiddenToo: readonly (string | Buffer)[], seed: number) {
  const before = await possessions();
  const never = [...forbidden(), ...forbiddenToo];
  let answers = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(shotsAt(targets), { minLength: 30, maxLength: 30 }),
      async (shots) => {
        const result = await fire(shots);
        answers += result.answers;
        for (const text of never) expect(result.bytes.includes(text)).toBe(false);
      },
    ),
    { numRuns: 25, seed, endOnFailure: true },
  );
  // Most of it must have been worth an answer, or the hunt proves nothing.
  expect(answers).toBeGreaterThan(400);
  expect(await possessions()).toEqual(before);
}

const own: Targets = {
  topics: ["t", "t", "ann-only", "fuzz-new", "fuzz bad", "f".repeat(245), "__consumer_offsets", ""],
  groups: ["g", "ann-only", "fuzz-group", ""],
  topicIds: [zeroId, unknownId],
};

test("a tenant that knows nothing of its neighbour learns nothing", async () => {
  const topicIds = [...own.topicIds, idOf(ann, "t"), idOf(ann, "ann-only")];
  await hunt({ ...own, topicIds }, [bob.prefix, idOf(bob, "t"), idOf(bob, vault)], 11);
}, 60_000);

test("a tenant that knows its neighbour's prefix, names and ids gets at nothing", async () => {
  const names = ["t", "g", ""].map((name) => `${bob.prefix}${name}`);
  await hunt(
    {
      topics: [...own.topics, ...names],
      groups: [...own.groups, ...names],
      topicIds: [...own.topicIds, idOf(ann, "t"), idOf(bob, "t"), idOf(bob, vault)],
    },
    [],
    12,
  );
}, 60_000);
