// Whether a cluster's principal can work, and only on its own names, asked at every broker with a minted token: ACLs
// reach brokers one by one, and a tenant must not meet one that has not heard yet.

import type { MintedToken } from "@headgate/control/tokens";
import type { Placement } from "@headgate/core/cluster";
import { ZERO_UUID } from "@headgate/kafka/codec";
import { connect } from "@headgate/kafka/connection";
import { ErrorCode } from "@headgate/kafka/errors";
import { Api } from "@headgate/kafka/generated/types";
import type { BrokerAddress } from "./drivers/driver.ts";

export type ProbeResult = "allowed" | "not yet" | "not isolated";

/** A name no cluster can own: `i` is not in the alphabet of prefixes. */
const foreignTopic = "ciiiiiiiii.probe";

/** Asks one broker. Throws ConnectionError when it cannot be reached, KafkaError when it refuses the token. */
export async function probePrincipal(
  broker: BrokerAddress,
  { prefix, principal }: Pick<Placement, "prefix" | "principal">,
  mint: (principal: string) => MintedToken,
): Promise<ProbeResult> {
  const token = () => mint(principal).token;
  const { host, port } = broker;
  const connection = await connect({ host, port, sasl: { mechanism: "OAUTHBEARER", token } });
  try {
    const own = `${prefix}probe`;
    const names = [own, foreignTopic];
    const topics = names.map((name) => ({ name, topicId: ZERO_UUID }));
    const [metadata, groups] = await Promise.all([
      connection.request(Api.Metadata, { topics, allowAutoTopicCreation: false }),
      connection.request(Api.DescribeGroups, { groups: [own] }),
    ]);
    const errorOf = new Map(metadata.topics.map((topic) => [topic.name, topic.errorCode]));
    if (errorOf.get(foreignTopic) !== ErrorCode.TOPIC_AUTHORIZATION_FAILED) return "not isolated";
    const refused =
      errorOf.get(own) === ErrorCode.TOPIC_AUTHORIZATION_FAILED ||
      groups.groups[0]?.errorCode === ErrorCode.GROUP_AUTHORIZATION_FAILED;
    return refused ? "not yet" : "allowed";
  } finally {
    connection.close();
  }
}
