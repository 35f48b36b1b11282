// What stands in an answer for each name the grants do not allow: Kafka's own element for it, by API.
import { errorName } from "@headgate/kafka/errors";
import type { Requests } from "@headgate/kafka/generated/types";

export const produceStub = (t: Requests[0]["topicData"][number], errorCode: number) => ({
  name: t.name,
  topicId: t.topicId,
  partitionResponses: t.partitionData.map(({ index }) => ({
    index,
    errorCode,
    baseOffset: -1n,
    errorMessage: errorName(errorCode),
  })),
});

export const fetchStub = (t: Requests[1]["topics"][number], errorCode: number) => ({
  topic: t.topic,
  topicId: t.topicId,
  partitions: t.partitions.map(({ partition }) => ({
    partitionIndex: partition,
    errorCode,
    highWatermark: -1n,
    abortedTransactions: null,
  })),
});

export const listStub = (t: Requests[2]["topics"][number], errorCode: number) => ({
  name: t.name,
  partitions: t.partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
});

export const commitStub = (t: Requests[8]["topics"][number], errorCode: number) => ({
  name: t.name,
  partitions: t.partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
});

export const offsetStub = (
  t: { readonly name: string; readonly partitionIndexes: readonly number[] },
  errorCode: number,
) => ({
  name: t.name,
  partitions: t.partitionIndexes.map((partitionIndex) => ({
    partitionIndex,
    committedOffset: -1n,
    metadata: "",
    errorCode,
  })),
});

export const epochStub = (t: Requests[23]["topics"][number], errorCode: number) => ({
  topic: t.topic,
  partitions: t.partitions.map(({ partition }) => ({ partition, errorCode, endOffset: -1n })),
});
