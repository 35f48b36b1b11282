// Which broker an admin request goes to: any live one, a given one, or the coordinator of a group. Keeps one connection
// per broker, opens a new one when the old one is gone (the broker restarted), and repeats what may be repeated.

import type { ApiKey, Input } from "../codec.ts";
import {
  type Connection,
  ConnectionError,
  type ConnectionOptions,
  type RequestOptions,
} from "../connection.ts";
import { ErrorCode, isRetriable, KafkaError } from "../errors.ts";
import { Api, type Requests, type Responses } from "../generated/types.ts";
import { connectionPool } from "./pool.ts";

export interface AdminOptions extends Omit<ConnectionOptions, "host" | "port"> {
  /** "host:port" of one or more brokers. */
  readonly bootstrap: string | readonly string[];
  /** How long retriable answers (no leader yet, coordinator loading) are retried. */
  readonly retryMs?: number;
}

/** A broker's node id; undefined: any broker. */
export type Target = number | undefined;

export interface Router {
  /**
   * Sends to a broker. A connection found closed is replaced; when it breaks with the answer due, the request is
   * repeated once if `repeatable`. Throws ConnectionError.
   */
  ask<K extends ApiKey>(
    target: Target,
    apiKey: K,
    value: Input<Requests[K]>,
    options?: AskOptions,
  ): Promise<Responses[K]>;
  /** Node ids of the live brokers, read anew. */
  brokers(): Promise<readonly Broker[]>;
  /** The node id of the coordinator of a group or transactional id. Throws KafkaError. */
  coordinator(kind: "group" | "transaction", key: string): Promise<number>;
  /** Runs `attempt` until it answers other than "again", or the retry time is over; the last answer counts. */
  retry<T>(attempt: () => Promise<T>, again: (answer: T) => boolean): Promise<T>;
  close(): void;
}

export interface AskOptions extends RequestOptions {
  /** Reads, and writes that change nothing when done twice. */
  readonly repeatable?: boolean;
}

export interface Broker {
  readonly id: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
}

const RETRY_PAUSE_MS = 100;

export function adminRouter(options: AdminOptions): Router {
  const retryMs = options.retryMs ?? 15_000;
  const pool = connectionPool(options);

  async function ask<K extends ApiKey>(
    target: Target,
    apiKey: K,
    value: Input<Requests[K]>,
    { repeatable = false, ...rest }: AskOptions = {},
  ): Promise<Responses[K]> {
    const connection = await to(target);
    try {
      return await connection.request(apiKey, value, rest);
    } catch (error) {
      const broken = error instanceof ConnectionError && error.reason === "closed";
      if (!broken || !repeatable || pool.isClosed) throw error;
      return (await to(target)).request(apiKey, value, rest);
    }
  }

  async function to(target: Target): Promise<Connection> {
    if (target === undefined) return pool.any();
    if (!pool.knows(target)) await brokers();
    return pool.broker(target);
  }

  async function brokers(): Promise<readonly Broker[]> {
    const answer = await ask(undefined, Api.Metadata, { topics: [] }, { repeatable: true });
    pool.learn(answer.brokers);
    return answer.brokers.map(({ nodeId, host, port, rack }) => ({ id: nodeId, host, port, rack }));
  }

  async function coordinator(kind: "group" | "transaction", key: string): Promise<number> {
    const request = { keyType: kind === "group" ? 0 : 1, coordinatorKeys: [key] };
    const find = async () => {
      const answer = await ask(undefined, Api.FindCoordinator, request, { repeatable: true });
      return answer.coordinators[0];
    };
    const found = await retry(find, (answer) => !answer || isRetriable(answer.errorCode));
    if (!found) throw new KafkaError(ErrorCode.COORDINATOR_NOT_AVAILABLE);
    if (found.errorCode !== 0) throw new KafkaError(found.errorCode, found.errorMessage);
    pool.learn([found]);
    return found.nodeId;
  }

  async function retry<T>(attempt: () => Promise<T>, again: (answer: T) => boolean): Promise<T> {
    const until = Date.now() + retryMs;
    for (;;) {
      const answer = await attempt();
      if (!again(answer) || Date.now() >= until || pool.isClosed) return answer;
      await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MS));
    }
  }

  return { ask, brokers, coordinator, retry, close: pool.close };
}
