// One broker connection per client connection, opened by the first request that needs a broker, logged in as the
// cluster's own principal with a token minted on the spot. Afterwards it is a plain socket: frames go as they come.
import type { Socket } from "node:net";
import type { MintedToken } from "@headgate/control/tokens";
import { AppError } from "@headgate/core/errors";
import { connect } from "@headgate/kafka/connection";
import { tokenMarginMs } from "./filters/40-limit.ts";

export interface Upstream {
  readonly socket: Socket;
  readonly nodeId: number;
  /** Monotonic time in ms after which the broker ends the session; infinite without a limit. */
  readonly sessionEndsAtMs: number;
}

export interface Principal {
  readonly cell: string;
  readonly principal: string;
}

export type Dial = (target: Principal, nodeId: number) => Promise<Upstream>;

export interface DialOptions {
  /** Live brokers (`host:port`) of a cell by node id. */
  readonly brokers: (cell: string) => Promise<ReadonlyMap<number, string>>;
  readonly mint: (principal: string) => MintedToken;
  readonly connectTimeoutMs?: number;
}

const tokensMax = 10_000;

/**
 * Dials the broker of a node id; an id without a live broker (the bootstrap's -1 among them) is served by any, which
 * answers NOT_LEADER or NOT_COORDINATOR itself. Throws AppError `cell.unavailable`.
 */
export function createDial(options: DialOptions): Dial {
  const tokens = new Map<string, MintedToken>();
  // RS256 costs about a millisecond: one token serves a principal's connections for minutes.
  const tokenFor = (principal: string): string => {
    const known = tokens.get(principal);
    if (known && known.expiresAtMs - tokenMarginMs > Date.now()) return known.token;
    if (tokens.size >= tokensMax) tokens.clear();
    const minted = options.mint(principal);
    tokens.set(principal, minted);
    return minted.token;
  };
  let turn = 0;
  return async ({ cell, principal }, nodeId) => {
    const brokers = await options.brokers(cell);
    const others = [...brokers.keys()];
    turn = (turn + 1) % Math.max(1, others.length);
    const chosen = brokers.has(nodeId) ? nodeId : others[turn];
    const address = chosen === undefined ? undefined : brokers.get(chosen);
    if (chosen === undefined || address === undefined)
      throw new AppError("cell.unavailable", { cause: new Error(`${cell} has no live broker`) });
    const colon = address.lastIndexOf(":");
    try {
      const connection = await connect({
        host: address.slice(0, colon),
        port: Number(address.slice(colon + 1)),
        sasl: { mechanism: "OAUTHBEARER", token: () => tokenFor(principal) },
        connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
      });
      const { sessionLifetimeMs } = connection;
      const socket = connection.detach();
      const endsAt = performance.now() + sessionLifetimeMs;
      return {
        socket,
        nodeId: chosen,
        sessionEndsAtMs: sessionLifetimeMs > 0 ? endsAt : Number.POSITIVE_INFINITY,
      };
    } catch (cause) {
      tokens.delete(principal);
      throw new AppError("cell.unavailable", { cause });
    }
  };
}
