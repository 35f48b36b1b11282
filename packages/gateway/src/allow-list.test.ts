// What a tenant may send, as a table that is looked at twice.
import { apiKeys, apiVersions } from "@headgate/kafka/api-schemas";
import { decodeResponse } from "@headgate/kafka/codec";
import { Api } from "@headgate/kafka/generated/types";
import { describe, expect, test } from "vitest";
import { allowList, routeFor } from "./allow-list.ts";
import { apiVersionsBody } from "./answers/18-api-versions.ts";

const served: Record<string, readonly [number, number]> = {
  Produce: [3, 13],
  Fetch: [4, 17],
  ListOffsets: [1, 10],
  Metadata: [0, 13],
  OffsetCommit: [2, 9],
  OffsetFetch: [1, 9],
  FindCoordinator: [0, 5],
  JoinGroup: [0, 9],
  Heartbeat: [0, 4],
  LeaveGroup: [0, 5],
  SyncGroup: [0, 5],
  DescribeGroups: [0, 6],
  ListGroups: [0, 5],
  SaslHandshake: [0, 1],
  ApiVersions: [0, 4],
  CreateTopics: [2, 7],
  DeleteTopics: [1, 6],
  InitProducerId: [0, 5],
  OffsetForLeaderEpoch: [2, 4],
  DescribeConfigs: [1, 4],
  SaslAuthenticate: [0, 2],
  CreatePartitions: [0, 3],
  DeleteGroups: [0, 2],
  IncrementalAlterConfigs: [0, 1],
  DescribeCluster: [0, 2],
};
const names = new Map(Object.entries(Api).map(([name, key]) => [key as number, name]));

test("exactly the promised APIs and versions are served", () => {
  const table = allowList.map(({ apiKey, min, max }) => [names.get(apiKey), [min, max]]);
  expect(Object.fromEntries(table)).toEqual(served);
  expect(table).toHaveLength(Object.keys(served).length);
});

describe("a route", () => {
  test("is there for each version of the table and for no other number", () => {
    for (let apiKey = -2; apiKey < 200; apiKey++)
      for (let version = -2; version < 40; version++) {
        const [min, max] = served[names.get(apiKey) ?? ""] ?? [0, -1];
        const isServed = version >= min && version <= max;
        expect([apiKey, version, routeFor(apiKey, version) !== undefined]).toEqual([
          apiKey,
          version,
          isServed,
        ]);
      }
    for (const odd of [32_767, -32_768]) expect(routeFor(odd, odd)).toBeUndefined();
  });

  test("names only versions that Kafka calls stable", () => {
    for (const { apiKey, min, max } of allowList) {
      const [least, most] = apiVersions(apiKey)!;
      expect([min >= least, max <= most]).toEqual([true, true]);
    }
  });
});

test.each([0, 1, 2, 3, 4])("ApiVersions %i shows the table and nothing beside it", (version) => {
  const answer = decodeResponse(Api.ApiVersions, version, apiVersionsBody(version));
  const shown = answer.apiKeys.map((api) => [api.apiKey, [api.minVersion, api.maxVersion]]);
  const expected = allowList.map(({ apiKey, min, max }) => [
    apiKey,
    // librdkafka knows a broker of today by Produce 0 being shown.
    [apiKey === Api.Produce ? 0 : min, max],
  ]);
  expect(shown).toEqual(expected);
  expect(shown.length).toBeLessThan(apiKeys.length);
  expect([answer.errorCode, answer.finalizedFeatures]).toEqual([0, []]);
});
