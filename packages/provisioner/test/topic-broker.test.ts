// Answers of a broker that is behind, as a cluster under load gives them.
import { base32 } from "@headgate/core/ids";
import type { KafkaAdmin } from "@headgate/kafka/admin";
import { ErrorCode } from "@headgate/kafka/errors";
import { Api } from "@headgate/kafka/generated/types";
import { systemRandom } from "@headgate/store/system";
import { afterEach, beforeEach, expect, test } from "vitest";
import { awaitLeaders, changeTopic, observeTopic } from "../src/topic-broker.ts";
import { type SharedCell, sharedCell } from "./shared-cell.ts";

let shared: SharedCell;
let admin: KafkaAdmin;
let name: string;

beforeEach(async () => {
  shared = sharedCell();
  admin = shared.admin;
  name = `topic-broker.${base32(systemRandom, 8)}`;
  const change = { do: "create", partitions: 2, replicationFactor: 1, config: {} } as const;
  await changeTopic(admin, name, change, undefined);
  expect(await awaitLeaders(admin, name, 2)).toBe(true);
});

afterEach(async () => {
  await admin.deleteTopics({ names: [name] });
  await shared.close();
});

test("creating what is there already is no failure, and says so by answering no id", async () => {
  const change = { do: "create", partitions: 2, replicationFactor: 1, config: {} } as const;
  expect(await changeTopic(admin, name, change, undefined)).toBeUndefined();
});

test("adding partitions that are there already is no failure", async () => {
  const change = { do: "addPartitions", partitions: 2 } as const;
  expect(await changeTopic(admin, name, change, undefined)).toBeUndefined();
  expect(await observeTopic(admin, name)).toMatchObject({ state: "present", partitions: 2 });
});

test("deleting goes by id: a topic made again under the name stays", async () => {
  const gone = "AAAAAAAAAAAAAAAAAAAABA";
  expect(await changeTopic(admin, name, { do: "delete" }, gone)).toBeUndefined();
  expect(await observeTopic(admin, name)).toMatchObject({ state: "present" });
});

test("a leader that metadata names, but that does not know it yet, is waited for", async () => {
  let asked = 0;
  const behind: KafkaAdmin = {
    ...admin,
    async ask(target, api, value, options) {
      const answer = await admin.ask(target, api, value, options);
      asked += 1;
      if (api === Api.ListOffsets && asked < 4) {
        const { topics } = answer as { topics: { partitions: { errorCode: number }[] }[] };
        topics[0]!.partitions[1]!.errorCode = ErrorCode.NOT_LEADER_OR_FOLLOWER;
      }
      return answer;
    },
  };
  expect(await awaitLeaders(behind, name, 2)).toBe(true);
  expect(asked).toBe(4);
});

test("metadata and settings that disagree are unknown, not absent and not present", async () => {
  const hidden: KafkaAdmin = {
    ...admin,
    describeConfigs: () => admin.describeConfigs([{ type: "topic", name: `${name}.other` }]),
  };
  expect(await observeTopic(hidden, name)).toEqual({ state: "unknown" });
  expect(await observeTopic(admin, `${name}.other`)).toEqual({ state: "absent" });
});
