// DescribeCluster: the tenant's cluster id and the ways to its brokers. Tenants see no controller of the cell.
import { decodeRequest, encodeResponse } from "@headgate/kafka/codec";
import { ErrorCode } from "@headgate/kafka/errors";
import { Api } from "@headgate/kafka/generated/types";
import type { CellBrokers } from "../cell-brokers.ts";
import type { Advertised } from "../filters/60-advertise.ts";
import type { Session } from "../session.ts";

const brokersEndpoint = 1;

export async function describeCluster(
  brokers: CellBrokers,
  advertised: Advertised,
  { binding }: Session,
  version: number,
  body: Buffer,
): Promise<Buffer> {
  const { endpointType } = decodeRequest(Api.DescribeCluster, version, body);
  if (endpointType !== brokersEndpoint)
    return encodeResponse(Api.DescribeCluster, version, {
      errorCode: ErrorCode.MISMATCHED_ENDPOINT_TYPE,
      errorMessage: "This is a broker endpoint.",
    });
  const nodes = [...(await brokers(binding.placement.cell)).keys()].sort((a, b) => a - b);
  return encodeResponse(Api.DescribeCluster, version, {
    clusterId: binding.cluster,
    controllerId: nodes[0] ?? -1,
    brokers: nodes.map((brokerId) => ({
      brokerId,
      host: advertised.host,
      port: advertised.portOf(brokerId),
    })),
  });
}
