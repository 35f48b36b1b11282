// One connection per broker, opened at first use and replaced when found closed.

import {
  type Connection,
  ConnectionError,
  type ConnectionOptions,
  connect,
} from "../connection.ts";
import { ErrorCode, KafkaError } from "../errors.ts";

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface ConnectionPool {
  /** A connection to the first broker that can be reached. Throws ConnectionError. */
  any(): Promise<Connection>;
  /** A connection to a broker whose address was learnt. Throws KafkaError BROKER_NOT_AVAILABLE, ConnectionError. */
  broker(id: number): Promise<Connection>;
  knows(id: number): boolean;
  learn(brokers: readonly (Address & { readonly nodeId: number })[]): void;
  readonly isClosed: boolean;
  close(): void;
}

export function connectionPool(
  options: Omit<ConnectionOptions, "host" | "port"> & {
    readonly bootstrap: string | readonly string[];
  },
): ConnectionPool {
  const seeds = [options.bootstrap].flat().map(parseAddress);
  const addresses = new Map<number, Address>();
  const connections = new Map<string, Promise<Connection>>();
  let isClosed = false;

  const open = async ({ host, port }: Address): Promise<Connection> => {
    const key = `${host}:${port}`;
    const known = connections.get(key);
    const usable = known?.then(
      (connection) => connection.isOpen,
      () => false,
    );
    if (known && (await usable)) return known;
    if (isClosed) throw new ConnectionError("closed", "the admin client was closed");
    // Whoever comes first replaces it; the others find the replacement.
    const replacement = connections.get(key);
    if (replacement && replacement !== known) return replacement;
    const opening = connect({ ...options, host, port });
    connections.set(key, opening);
    return opening;
  };

  return {
    async any() {
      let last: unknown = new ConnectionError("closed", "no bootstrap address was given");
      for (const address of [...seeds, ...addresses.values()]) {
        try {
          return await open(address);
        } catch (error) {
          if (!(error instanceof ConnectionError)) throw error;
          last = error;
        }
      }
      throw last;
    },
    async broker(id) {
      const address = addresses.get(id);
      if (!address) throw new KafkaError(ErrorCode.BROKER_NOT_AVAILABLE, `broker ${id}`);
      return open(address);
    },
    knows: (id) => addresses.has(id),
    learn(brokers) {
      for (const { nodeId, host, port } of brokers) addresses.set(nodeId, { host, port });
    },
    get isClosed() {
      return isClosed;
    },
    close() {
      isClosed = true;
      for (const opening of connections.values())
        opening.then(
          (connection) => connection.close(),
          () => undefined,
        );
      connections.clear();
    },
  };
}

function parseAddress(text: string): Address {
  const match = /^(?:[A-Z_0-9]+:\/\/)?\[?(.+?)\]?:(\d+)$/.exec(text);
  if (!match?.[1]) throw new RangeError(`"${text}" is no host:port`);
  return { host: match[1], port: Number(match[2]) };
}
