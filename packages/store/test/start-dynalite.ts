// DynamoDB's protocol, in memory and in this process: for tests of the adapter only.
import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import dynalite from "dynalite";
import { createTable, dynamoClient, openDynamo } from "../src/dynamodb.ts";

export const table = "headgate";

// A machine that is busy with other tests answers late: that is not what is tested here.
const patience = {
  connectionTimeout: 25_000,
  requestTimeout: 25_000,
  throwOnRequestTimeout: true,
};

/** A client as the real service would get it, but for the address and its patience. */
export function clientOf(endpoint: string) {
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  return dynamoClient({ endpoint, region: "local", credentials, requestHandler: patience });
}

/** A store over a dynalite of its own, on a free port. */
export async function startDynalite() {
  const server: Server = dynalite({ createTableMs: 0 });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const client = clientOf(`http://127.0.0.1:${port}`);
  await createTable(client, table);
  const store = openDynamo({ client, table });
  return {
    port,
    client,
    store,
    async close(): Promise<void> {
      await store.close();
      client.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
