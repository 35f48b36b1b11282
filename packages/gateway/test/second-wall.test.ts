// The broker is the other wall: what the grants let through it still refuses to a principal without rights. A client
// never sees that refusal (some of its errors are fatal to producers): its connection ends, the operator is told.
import { Api } from "@headgate/kafka/generated/types";
import { encodeBatch } from "@headgate/kafka/records";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { raw } from "./clients.ts";
import { startWorld, type World } from "./world.ts";

let world: World;

beforeAll(async () => {
  world = await startWorld();
});

afterAll(async () => {
  await world.close();
});

test("a cluster whose rights on the cell are gone is cut off, not told Kafka's authorization errors", async () => {
  const tenant = await world.tenant();
  const client = await raw(world.gateway.port);
  await client.logIn(tenant.key);
  const topics = [{ name: "t", numPartitions: 1, replicationFactor: 1 }];
  await client.ask(Api.CreateTopics, 5, { topics, timeoutMs: 10_000 });
  const records = encodeBatch([{ value: Buffer.from("x"), timestampMs: 1 }]);
  const topicData = [{ name: "t", partitionData: [{ index: 0, records }] }];
  const produce = () => client.ask(Api.Produce, 9, { acks: -1, timeoutMs: 5000, topicData });
  expect((await produce()).responses[0]?.partitionResponses[0]?.errorCode).toBe(0);

  await world.admin.deleteAcls([{ principal: `User:${tenant.cluster}` }]);
  // The broker's authorizer hears of it a moment later.
  await vi.waitFor(() => expect(produce()).rejects.toThrow("ended"), { timeout: 10_000 });
  expect(world.logged.at(-1)).toMatchObject({
    message: "Second wall refused a request",
    fields: { cluster: tenant.cluster, api: Api.Produce },
  });
});
