// Kafka's own words for requests the grants do not allow as a whole: those about one group or one producer.
import { type ApiKey, decodeRequest, encodeResponse, type Input } from "@headgate/kafka/codec";
import { errorName } from "@headgate/kafka/errors";
import { Api, type Requests, type Responses } from "@headgate/kafka/generated/types";
import { commitStub, offsetStub, produceStub } from "./refused-elements.ts";
import type { Slot } from "./slots.ts";

const transactionsText = "Transactions are not offered by this service yet.";

/** The body of an answer that refuses a whole request with `code`. Throws RangeError for APIs that cannot be. */
export function refusalBody(slot: Slot, body: Buffer): Buffer {
  const { apiKey, version } = slot.route;
  const code = slot.refusal;
  const respond = <K extends ApiKey>(
    key: K,
    make: (request: Requests[K]) => Input<Responses[K]>,
  ): Buffer => encodeResponse(key, version, make(decodeRequest(key, version, body)));
  switch (apiKey) {
    case Api.Produce:
      return respond(Api.Produce, (r) => ({
        responses: r.topicData.map((t) => produceStub(t, code)),
      }));
    case Api.OffsetCommit:
      return respond(Api.OffsetCommit, (r) => ({
        topics: r.topics.map((t) => commitStub(t, code)),
      }));
    case Api.OffsetFetch:
      return respond(Api.OffsetFetch, (r) => ({
        errorCode: code,
        topics: (r.topics ?? []).map((t) => offsetStub(t, code)),
      }));
    case Api.FindCoordinator: {
      const errorMessage = code === 53 ? transactionsText : errorName(code);
      const nowhere = { errorCode: code, errorMessage, nodeId: -1, host: "", port: -1 };
      return respond(Api.FindCoordinator, (r) => ({
        ...nowhere,
        coordinators: r.coordinatorKeys.map((key) => ({ ...nowhere, key })),
      }));
    }
    case Api.JoinGroup:
      return respond(Api.JoinGroup, (r) => ({
        errorCode: code,
        memberId: r.memberId,
        protocolName: "",
      }));
    case Api.SyncGroup:
      return respond(Api.SyncGroup, () => ({ errorCode: code, protocolName: "" }));
    case Api.Heartbeat:
      return respond(Api.Heartbeat, () => ({ errorCode: code }));
    case Api.LeaveGroup:
      return respond(Api.LeaveGroup, () => ({ errorCode: code }));
    case Api.InitProducerId:
      return respond(Api.InitProducerId, () => ({ errorCode: code, producerEpoch: -1 }));
    default:
      throw new RangeError(`API ${apiKey} is not refused as a whole`);
  }
}
