// The addresses a client sees: our host, and for each broker the port that leads to it. Node ids are the brokers' own,
// so NOT_LEADER and coordinator answers stay true.
import { isIP } from "node:net";

export interface Advertised {
  readonly host: string;
  readonly hostBytes: Buffer;
  readonly bootstrapPort: number;
  /** Port of a node: base + 1 + id; a node beyond the reserved run is reached through the bootstrap. */
  portOf(nodeId: number): number;
}

export function advertised(host: string, basePort: number, nodePorts: number): Advertised {
  // Clients resolve what they get; an unspecified address leads nowhere.
  const shown = isIP(host) !== 0 && (host === "0.0.0.0" || host === "::") ? "127.0.0.1" : host;
  return {
    host: shown,
    hostBytes: Buffer.from(shown),
    bootstrapPort: basePort,
    portOf: (nodeId) => (nodeId >= 0 && nodeId < nodePorts ? basePort + 1 + nodeId : basePort),
  };
}
