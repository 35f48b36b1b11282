// DynamoDB: the contract against dynalite, and what only a remote service does: refuse for load, lose an answer, answer
// in part. Waits between attempts are recorded, not waited.
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import {
  BatchGetItemCommand,
  type BatchGetItemCommandInput,
  ConditionalCheckFailedException,
  CreateTableCommand,
  DeleteItemCommand,
  GetItemCommand,
  ItemCollectionSizeLimitExceededException,
  ProvisionedThroughputExceededException,
  PutItemCommand,
  QueryCommand,
  UpdateTimeToLiveCommand,
} from "@aws-sdk/client-dynamodb";
import { mockClient } from "aws-sdk-client-mock";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type LossyProxy, startLossyProxy } from "../test/lossy-proxy.ts";
import { clientOf, startDynalite, table } from "../test/start-dynalite.ts";
import { createTable, dynamoClient, openDynamo } from "./dynamodb.ts";
import { storeContract } from "./store.contract.ts";

storeContract("DynamoDB (dynalite)", startDynalite, 30);

const named = (name: string, more: object = {}) =>
  Object.assign(new Error(`said ${name}`), { name, ...more });
const answer = { message: "no", $metadata: { attempts: 1 } };
const conditionFailed = () => new ConditionalCheckFailedException(answer);
const throttled = () => new ProvisionedThroughputExceededException(answer);

/** A store whose service answers as told, and the waits it made between attempts. */
function scripted(attemptsMax = 6) {
  const client = clientOf("http://127.0.0.1:9");
  const waitedMs: number[] = [];
  const store = openDynamo({
    client,
    table,
    attemptsMax,
    backoffMs: 100,
    jitter: () => 1,
    sleep: async (ms) => void waitedMs.push(ms),
  });
  return { mock: mockClient(client), store, waitedMs };
}

const item = { pk: "P", sk: "s", data: { n: 1 } };
const key = { pk: "P", sk: "s" };

describe("a service that refuses", () => {
  test("throttling is tried again, twice as late each time, until it passes", async () => {
    const { mock, store, waitedMs } = scripted();
    const put = mock.on(PutItemCommand).rejectsOnce(throttled());
    put.rejectsOnce(named("ThrottlingException")).rejectsOnce(named("RequestLimitExceeded"));
    put.resolves({});
    await store.put(item, "absent");
    expect(waitedMs).toEqual([100, 200, 400]);
    expect(mock.commandCalls(PutItemCommand)).toHaveLength(4);
  });

  test("every attempt of a put is the same item, so that the store can know it again", async () => {
    const { mock, store } = scripted();
    mock.on(PutItemCommand).rejectsOnce(throttled()).resolves({});
    const version = await store.put(item, "absent");
    const sent = mock.commandCalls(PutItemCommand).map((call) => call.args[0].input);
    expect(sent[0]).toEqual(sent[1]);
    expect(sent[0]?.Item?.version).toEqual({ S: version });
  });

  test("the wait is bounded, and a part of the longest is chosen by the jitter", async () => {
    const client = clientOf("http://127.0.0.1:9");
    mockClient(client).rejects(throttled());
    const waitedMs: number[] = [];
    const sleep = async (ms: number) => void waitedMs.push(ms);
    const store = openDynamo({
      client,
      table,
      attemptsMax: 9,
      backoffMs: 40,
      jitter: () => 0.5,
      sleep,
    });
    await expect(store.get(key)).rejects.toMatchObject({ kind: "throttled" });
    expect(waitedMs).toEqual([20, 40, 80, 160, 320, 640, 1000, 1000]);
  });

  test("attempts that run out are said to be throttling, or no answer, by what came last", async () => {
    const refused = scripted(3);
    refused.mock.rejects(throttled());
    await expect(refused.store.get(key)).rejects.toMatchObject({
      kind: "throttled",
      code: "store.unavailable",
      retryable: true,
    });
    expect(refused.mock.calls()).toHaveLength(3);
    const silent = scripted(3);
    silent.mock.rejects(named("TimeoutError"));
    await expect(silent.store.query("P", { limit: 1 })).rejects.toMatchObject({
      kind: "unavailable",
      code: "store.unavailable",
    });
    expect(silent.mock.calls()).toHaveLength(3);
  });

  test.each([
    [named("ValidationException"), "invalid"],
    [named("SerializationException"), "invalid"],
    [new ItemCollectionSizeLimitExceededException(answer), "invalid"],
    [named("AccessDeniedException"), "unavailable"],
    [named("ResourceNotFoundException"), "unavailable"],
  ])("%s is not tried again", async (error, kind) => {
    const { mock, store, waitedMs } = scripted();
    mock.rejects(error);
    await expect(store.put(item, "any")).rejects.toMatchObject({ kind, cause: error });
    expect(mock.calls()).toHaveLength(1);
    expect(waitedMs).toEqual([]);
  });

  test("a condition that fails after nothing but throttling is a conflict, without another look", async () => {
    const { mock, store } = scripted();
    mock.on(PutItemCommand).rejectsOnce(throttled()).rejects(conditionFailed());
    mock.on(DeleteItemCommand).rejectsOnce(throttled()).rejects(conditionFailed());
    await expect(store.put(item, "absent")).rejects.toMatchObject({ kind: "conflict" });
    await expect(store.delete(key, "V")).rejects.toMatchObject({ kind: "conflict" });
    expect(mock.commandCalls(GetItemCommand)).toHaveLength(0);
  });

  test("attempts of a client that retries by itself count: its conflict is read back", async () => {
    const { mock, store } = scripted();
    const retried = { message: "no", $metadata: { attempts: 2 } };
    mock.on(PutItemCommand).rejects(new ConditionalCheckFailedException(retried));
    mock.on(GetItemCommand).callsFake(() => ({
      Item: mock.commandCalls(PutItemCommand)[0]?.args[0].input.Item,
    }));
    const version = await store.put(item, "absent");
    expect((await store.get(key))?.version).toBe(version);
  });
});

describe("an answer that is lost", () => {
  let dynalite: Awaited<ReturnType<typeof startDynalite>>;
  let proxy: LossyProxy;
  beforeAll(async () => {
    dynalite = await startDynalite();
    proxy = await startLossyProxy(dynalite.port);
  });
  afterAll(async () => {
    await proxy.close();
    await dynalite.close();
  });

  /** Through the proxy; `meanwhile` happens after the lost attempt and before the next. */
  function lossy(meanwhile: () => Promise<unknown> = async () => undefined) {
    const client = clientOf(proxy.endpoint);
    let waits = 0;
    const sleep = async () => {
      waits += 1;
      await meanwhile();
    };
    return { store: openDynamo({ client, table, sleep }), waits: () => waits };
  }

  test("a put that was done is a success, and done once", async () => {
    const { store, waits } = lossy();
    const at = { pk: "lost put", sk: "s" };
    proxy.loseNextAnswer();
    const version = await store.put({ ...at, data: 1 }, "absent");
    expect(waits()).toBe(1);
    expect(await dynalite.store.get(at)).toMatchObject({ version, data: 1 });
    proxy.loseNextAnswer();
    const second = await store.put({ ...at, data: 2 }, version);
    expect(await dynalite.store.get(at)).toMatchObject({ version: second, data: 2 });
  });

  test("a put that was done and then written over is unknown, never called a conflict", async () => {
    const at = { pk: "lost and overwritten", sk: "s" };
    const { store } = lossy(() => dynalite.store.put({ ...at, data: "theirs" }, "any"));
    proxy.loseNextAnswer();
    const put = store.put({ ...at, data: "ours" }, "absent");
    await expect(put).rejects.toMatchObject({ kind: "unavailable" });
    expect((await dynalite.store.get(at))?.data).toBe("theirs");
  });

  test("a delete that was done is a success", async () => {
    const { store, waits } = lossy();
    const at = { pk: "lost delete", sk: "s" };
    const version = await dynalite.store.put({ ...at, data: 1 }, "absent");
    proxy.loseNextAnswer();
    await store.delete(at, version);
    expect(waits()).toBe(1);
    expect(await dynalite.store.get(at)).toBeUndefined();
  });

  test("a delete of what was made anew meanwhile leaves it, and is unknown", async () => {
    const at = { pk: "lost delete, made anew", sk: "s" };
    const version = await dynalite.store.put({ ...at, data: "old" }, "absent");
    const { store } = lossy(() => dynalite.store.put({ ...at, data: "new" }, "absent"));
    proxy.loseNextAnswer();
    await expect(store.delete(at, version)).rejects.toMatchObject({ kind: "unavailable" });
    expect((await dynalite.store.get(at))?.data).toBe("new");
  });

  test("reads are asked again", async () => {
    const { store, waits } = lossy();
    await dynalite.store.put({ pk: "lost reads", sk: "s", data: 1 }, "absent");
    proxy.loseNextAnswer();
    expect((await store.query("lost reads", { limit: 5 })).items).toHaveLength(1);
    proxy.loseNextAnswer();
    expect(await store.getMany([{ pk: "lost reads", sk: "s" }])).toHaveLength(1);
    expect(waits()).toBe(2);
  });
});

test("a server that takes the request and never answers costs a bounded time", async () => {
  const server = createServer(() => undefined).listen(0, "127.0.0.1");
  await once(server, "listening");
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  const client = dynamoClient({ endpoint, region: "local", credentials });
  const store = openDynamo({ client, table, attemptsMax: 1 });
  await expect(store.get(key)).rejects.toMatchObject({ kind: "unavailable" });
  client.destroy();
  server.close();
});

test("a range whose ends are the wrong way round by bytes is not sent: the service refuses it", async () => {
  const { mock, store } = scripted();
  mock.on(QueryCommand).rejects(named("ValidationException"));
  // By UTF-16 units, JavaScript's order, they are the right way round.
  const page = await store.query("P", { prefix: "\uff5e", from: "\u{1f600}", limit: 5 });
  expect(page).toEqual({ items: [] });
});

describe("an answer in part", () => {
  const row = (sk: string) => ({
    pk: { S: "P" },
    sk: { S: sk },
    version: { S: "V" },
    schemaVersion: { N: "1" },
    data: { S: JSON.stringify(sk) },
  });
  const asked = (input: BatchGetItemCommandInput) => input.RequestItems?.[table]?.Keys ?? [];
  const keysOf = (count: number) =>
    Array.from({ length: count }, (_, i) => ({ pk: "P", sk: `k${i}` }));

  test("keys a batch left out are asked for again until all are read, at once while some come", async () => {
    const { mock, store, waitedMs } = scripted();
    mock.on(BatchGetItemCommand).callsFake((input: BatchGetItemCommandInput) => {
      const keys = asked(input);
      const left = keys.slice(10);
      return {
        Responses: { [table]: keys.slice(0, 10).map((each) => row(each.sk?.S ?? "")) },
        UnprocessedKeys: left.length > 0 ? { [table]: { Keys: left } } : {},
      };
    });
    const found = await store.getMany(keysOf(25));
    expect(found.map((each) => each.data)).toEqual(keysOf(25).map((each) => each.sk));
    const sizes = mock
      .commandCalls(BatchGetItemCommand)
      .map(({ args }) => asked(args[0].input).length);
    expect(sizes).toEqual([25, 15, 5]);
    expect(waitedMs).toEqual([]);
    const inputs = mock.commandCalls(BatchGetItemCommand).map(({ args }) => args[0].input);
    expect(inputs.every((input) => input.RequestItems?.[table]?.ConsistentRead)).toBe(true);
  });

  test("a batch of which nothing comes counts as throttled, and ends so", async () => {
    const { mock, store, waitedMs } = scripted(3);
    mock.on(BatchGetItemCommand).callsFake((input: BatchGetItemCommandInput) => ({
      Responses: {},
      UnprocessedKeys: { [table]: { Keys: asked(input) } },
    }));
    await expect(store.getMany(keysOf(2))).rejects.toMatchObject({ kind: "throttled" });
    expect(waitedMs).toEqual([100, 200]);
  });

  test("a throttled batch keeps what it has read", async () => {
    const { mock, store } = scripted();
    const batch = mock.on(BatchGetItemCommand);
    batch.resolvesOnce({
      Responses: { [table]: [row("k0")] },
      UnprocessedKeys: { [table]: { Keys: [{ pk: { S: "P" }, sk: { S: "k1" } }] } },
    });
    batch.rejectsOnce(throttled()).resolves({ Responses: { [table]: [row("k1")] } });
    expect((await store.getMany(keysOf(2))).map((each) => each.sk)).toEqual(["k0", "k1"]);
    const sizes = mock
      .commandCalls(BatchGetItemCommand)
      .map(({ args }) => asked(args[0].input).length);
    expect(sizes).toEqual([2, 1, 1]);
  });

  test("no batch asks for more than a hundred keys", async () => {
    const { mock, store } = scripted();
    mock.on(BatchGetItemCommand).resolves({ Responses: {} });
    await store.getMany(keysOf(230));
    const sizes = mock
      .commandCalls(BatchGetItemCommand)
      .map(({ args }) => asked(args[0].input).length);
    expect(sizes).toEqual([100, 100, 30]);
  });

  test("pages the service cuts at 1 MB are joined, empty ones too, each asked for from the last key", async () => {
    const { mock, store } = scripted();
    const last = (sk: string) => ({ pk: { S: "P" }, sk: { S: sk } });
    const query = mock.on(QueryCommand);
    query.resolvesOnce({ Items: [row("a"), row("b")], LastEvaluatedKey: last("b") });
    query.resolvesOnce({ Items: [], LastEvaluatedKey: last("c") }).rejectsOnce(throttled());
    query.resolvesOnce({ Items: [row("d"), row("e")], LastEvaluatedKey: last("e") });
    const page = await store.query("P", { limit: 3 });
    expect(page.items.map((each) => each.sk)).toEqual(["a", "b", "d"]);
    expect(page.cursor).toBeDefined();
    const inputs = mock.commandCalls(QueryCommand).map(({ args }) => args[0].input);
    expect(inputs.map((input) => input.ExclusiveStartKey?.sk?.S)).toEqual([
      undefined,
      "b",
      "c",
      "c",
    ]);
    expect(inputs.every((input) => input.ConsistentRead)).toBe(true);
  });
});

describe("making the table", () => {
  test("again is fine, and items that end are left to the service", async () => {
    const client = clientOf("http://127.0.0.1:9");
    const calls = mockClient(client);
    calls.on(CreateTableCommand).rejects(named("ResourceInUseException"));
    calls.resolves({ Table: { TableStatus: "ACTIVE" } });
    calls.on(UpdateTimeToLiveCommand).rejects(named("ValidationException"));
    await expect(createTable(client, table)).rejects.toThrow("said ValidationException");
    const message = "TimeToLive is already enabled";
    calls.on(UpdateTimeToLiveCommand).rejects(named("ValidationException", { message }));
    await createTable(client, table);
    expect(calls.commandCalls(UpdateTimeToLiveCommand)[0]?.args[0].input).toEqual({
      TableName: table,
      TimeToLiveSpecification: { AttributeName: "expiresAt", Enabled: true },
    });
  });
});
