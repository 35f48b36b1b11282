// Which file answers which API that is not forwarded.
import { Api } from "@headgate/kafka/generated/types";
import type { Route } from "./allow-list.ts";
import { createTopics } from "./answers/19-create-topics.ts";
import { deleteTopics } from "./answers/20-delete-topics.ts";
import { createPartitions } from "./answers/37-create-partitions.ts";
import { incrementalAlterConfigs } from "./answers/44-incremental-alter-configs.ts";
import { describeCluster } from "./answers/60-describe-cluster.ts";
import type { Commands } from "./answers/topic-commands.ts";
import type { CellBrokers } from "./cell-brokers.ts";
import type { Advertised } from "./filters/60-advertise.ts";
import type { Session } from "./session.ts";

export type LocalAnswer = (session: Session, route: Route, body: Buffer) => Promise<Buffer>;

/** Throws WireError for a malformed request, RangeError for an API nobody answers. */
export function localAnswers(
  commands: Commands,
  brokers: CellBrokers,
  advertised: Advertised,
): LocalAnswer {
  return async (session, { apiKey, version }, body) => {
    switch (apiKey) {
      case Api.CreateTopics:
        return await createTopics(commands, session, version, body);
      case Api.DeleteTopics:
        return await deleteTopics(commands, session, version, body);
      case Api.CreatePartitions:
        return await createPartitions(commands, session, version, body);
      case Api.IncrementalAlterConfigs:
        return await incrementalAlterConfigs(commands, session, version, body);
      case Api.DescribeCluster:
        return await describeCluster(brokers, advertised, session, version, body);
      default:
        throw new RangeError(`API ${apiKey} has no local answer`);
    }
  };
}
