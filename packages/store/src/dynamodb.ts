// The scale-out adapter: DynamoDB, and what speaks its language (dynalite, ScyllaDB Alternator). Single-item
// conditional writes, Query and BatchGet, all reads consistent. Retries are bounded and ours. A condition that fails
// after an attempt without an answer is read back: that attempt may have been the one that wrote.
import {
  type AttributeValue as Attribute,
  BatchGetItemCommand,
  CreateTableCommand,
  DeleteItemCommand,
  DynamoDBClient,
  type DynamoDBClientConfig,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import type { Backend, Range, Row } from "./backend.ts";
import { type RetryOptions, retrying } from "./dynamodb-retry.ts";
import { StoreError } from "./errors.ts";
import { compareUtf8, type Expect, type Key, type Store, storeOf } from "./store.ts";

export interface DynamoOptions extends RetryOptions {
  readonly table: string;
  readonly client: DynamoDBClient;
}

type Attributes = Record<string, Attribute>;

const batchMax = 100;

/** A silent server costs this much per attempt, and no longer: without it the SDK waits for ever. */
const timeouts = { connectionTimeout: 1000, requestTimeout: 2000, throwOnRequestTimeout: true };

/** The client to use with `openDynamo`: its own retries are off, so that every attempt is counted in one place. */
export function dynamoClient(config: DynamoDBClientConfig = {}): DynamoDBClient {
  return new DynamoDBClient({ requestHandler: timeouts, ...config, maxAttempts: 1 });
}

/** A store in a table made by `createTable`. `close` leaves the client to its owner. */
export function openDynamo(options: DynamoOptions): Store {
  return storeOf(dynamoBackend(options));
}

/**
 * Makes the table (on demand; deletion protection and `expiresAt` where the service knows them) and waits for it; fine
 * if it exists.
 */
export async function createTable(client: DynamoDBClient, table: string): Promise<void> {
  try {
    await client.send(
      new CreateTableCommand({
        TableName: table,
        BillingMode: "PAY_PER_REQUEST",
        AttributeDefinitions: [
          { AttributeName: "pk", AttributeType: "S" },
          { AttributeName: "sk", AttributeType: "S" },
        ],
        KeySchema: [
          { AttributeName: "pk", KeyType: "HASH" },
          { AttributeName: "sk", KeyType: "RANGE" },
        ],
        DeletionProtectionEnabled: true,
      }),
    );
  } catch (error) {
    if ((error as Error).name !== "ResourceInUseException") throw error;
  }
  await waitUntilTableExists(
    { client, maxWaitTime: 120, minDelay: 0.1, maxDelay: 2 },
    { TableName: table },
  );
  const TimeToLiveSpecification = { AttributeName: "expiresAt", Enabled: true };
  try {
    await client.send(new UpdateTimeToLiveCommand({ TableName: table, TimeToLiveSpecification }));
  } catch (error) {
    const { name, message } = error as Error;
    const isUnknown = name === "UnknownOperationException";
    if (!isUnknown && !message.includes("already enabled")) throw error;
  }
}

function dynamoBackend(options: DynamoOptions): Backend {
  const { client, table } = options;
  const attempt = retrying(options);
  const get = async (key: Key): Promise<Row | undefined> => {
    const input = { TableName: table, Key: toKey(key), ConsistentRead: true };
    const { result } = await attempt(() => client.send(new GetItemCommand(input)));
    return result?.Item && fromItem(result.Item);
  };
  return {
    get,
    async put(row, expect) {
      const input = { TableName: table, Item: toItem(row), ...conditionOf(expect) };
      const { conflict, mayHaveRun } = await attempt(() => client.send(new PutItemCommand(input)));
      if (!conflict) return;
      if (!mayHaveRun) throw conflictOf(row);
      // Versions are unique to an attempt's item: finding ours there means an earlier attempt did write it.
      if ((await get(row))?.version !== row.version) throw unknownOf(row);
    },
    async delete(key, expect) {
      const input = { TableName: table, Key: toKey(key), ...conditionOf(expect) };
      const { conflict, mayHaveRun } = await attempt(() =>
        client.send(new DeleteItemCommand(input)),
      );
      if (!conflict) return;
      if (!mayHaveRun) throw conflictOf(key);
      // Gone: an earlier attempt removed it. (Or somebody else did, which comes to the same.)
      if ((await get(key)) !== undefined) throw unknownOf(key);
    },
    scan: (range) => scan(client, table, attempt, range),
    async getMany(keys) {
      const rows: Row[] = [];
      for (let at = 0; at < keys.length; at += batchMax) {
        rows.push(...(await batchGet(options, attempt, keys.slice(at, at + batchMax))));
      }
      return rows;
    },
    close: async () => {},
  };
}

/** Pages of at most 1 MB are joined until the limit is reached or the range ends. */
async function scan(
  client: DynamoDBClient,
  table: string,
  attempt: ReturnType<typeof retrying>,
  range: Range,
): Promise<Row[]> {
  const { low, high } = range;
  // DynamoDB refuses such a BETWEEN instead of finding nothing.
  if (low && high && compareUtf8(low.sk, high.sk) > 0) return [];
  const rows: Row[] = [];
  // BETWEEN includes both ends; an end that the range excludes is one row more, dropped below.
  const excluded = new Set([low, high].flatMap((end) => (end && !end.inclusive ? [end.sk] : [])));
  let start: Attributes | undefined;
  do {
    const input = {
      TableName: table,
      ConsistentRead: true,
      ScanIndexForward: !range.reverse,
      Limit: range.limit - rows.length + excluded.size,
      ...keyCondition(range),
      ...(start && { ExclusiveStartKey: start }),
    };
    const { result } = await attempt(() => client.send(new QueryCommand(input)));
    for (const item of result?.Items ?? []) {
      const row = fromItem(item);
      if (!excluded.has(row.sk)) rows.push(row);
    }
    start = result?.LastEvaluatedKey;
  } while (start !== undefined && rows.length < range.limit);
  return rows.slice(0, range.limit);
}

function keyCondition({ pk, low, high }: Range) {
  const values: Attributes = { ":pk": { S: pk } };
  if (low) values[":low"] = { S: low.sk };
  if (high) values[":high"] = { S: high.sk };
  let condition = "pk = :pk";
  if (low && high) condition += " AND sk BETWEEN :low AND :high";
  else if (low) condition += " AND sk >= :low";
  else if (high) condition += " AND sk <= :high";
  return { KeyConditionExpression: condition, ExpressionAttributeValues: values };
}

/** A batch answers what it could; the rest is asked for again, and counts as throttled while nothing comes. */
async function batchGet(
  { client, table }: DynamoOptions,
  attempt: ReturnType<typeof retrying>,
  keys: readonly Key[],
): Promise<Row[]> {
  const rows: Row[] = [];
  let asked: Attributes[] = keys.map(toKey);
  await attempt(async () => {
    while (asked.length > 0) {
      const request = { RequestItems: { [table]: { Keys: asked, ConsistentRead: true } } };
      const answer = await client.send(new BatchGetItemCommand(request));
      rows.push(...(answer.Responses?.[table] ?? []).map(fromItem));
      const left = answer.UnprocessedKeys?.[table]?.Keys ?? [];
      const stuck = left.length === asked.length;
      asked = left;
      if (stuck) throw new StoreError("throttled", `${left.length} keys were not read.`);
    }
  });
  return rows;
}

function conditionOf(expect: Expect) {
  if (expect === "any") return {};
  if (expect === "absent") return { ConditionExpression: "attribute_not_exists(pk)" };
  return {
    ConditionExpression: "#v = :v",
    ExpressionAttributeNames: { "#v": "version" },
    ExpressionAttributeValues: { ":v": { S: expect } },
  };
}

const toKey = (key: Key): Attributes => ({ pk: { S: key.pk }, sk: { S: key.sk } });

/** `data` stays JSON text: DynamoDB's own maps would change numbers and refuse some values. */
function toItem(row: Row): Attributes {
  return {
    ...toKey(row),
    version: { S: row.version },
    schemaVersion: { N: String(row.schemaVersion) },
    data: { S: row.data },
    ...(row.expiresAt !== null && { expiresAt: { N: String(row.expiresAt) } }),
  };
}

function fromItem(item: Attributes): Row {
  return {
    pk: item.pk?.S ?? "",
    sk: item.sk?.S ?? "",
    version: item.version?.S ?? "",
    schemaVersion: Number(item.schemaVersion?.N ?? 1),
    expiresAt: item.expiresAt?.N === undefined ? null : Number(item.expiresAt.N),
    data: item.data?.S ?? "null",
  };
}

const conflictOf = (key: Key) =>
  new StoreError("conflict", `${key.pk} ${key.sk} is not as expected.`);

/** A conflict would say that nothing was written, and callers take back on it what they did before. */
const unknownOf = (key: Key) =>
  new StoreError("unavailable", `${key.pk} ${key.sk} changed while DynamoDB did not answer.`);
