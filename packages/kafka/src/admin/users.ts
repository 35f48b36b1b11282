// SCRAM users, quotas per principal, and producers.

import { randomBytes } from "node:crypto";
import { errorOf, isRetriable, KafkaError } from "../errors.ts";
import { Api, type DescribeProducersResponse } from "../generated/types.ts";
import { type ScramMechanism, scramSaltedPassword } from "../sasl.ts";
import type { Router } from "./router.ts";
import type { Outcome } from "./topics.ts";

const MECHANISMS: Readonly<Record<ScramMechanism, number>> = {
  "SCRAM-SHA-256": 1,
  "SCRAM-SHA-512": 2,
};

export interface ScramUserChange {
  readonly user: string;
  readonly mechanism: ScramMechanism;
  /** Null deletes the user's credential. */
  readonly password: string | null;
  /** 4096 to 16384. */
  readonly iterations?: number;
}

/** Entity type ("user", "client-id", "ip") → name, null for the default entity. */
export type QuotaEntity = Readonly<Record<string, string | null>>;

export interface QuotaChange {
  readonly entity: QuotaEntity;
  /**
   * Key (producer_byte_rate, consumer_byte_rate, request_percentage, controller_mutation_rate) → value, null removes.
   */
  readonly quotas: Readonly<Record<string, number | null>>;
}

export interface ProducerId {
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

export type ActiveProducer =
  DescribeProducersResponse["topics"][number]["partitions"][number]["activeProducers"][number];

export function userAdmin(router: Router) {
  /** One outcome per user. */
  async function alterUserScramCredentials(
    changes: readonly ScramUserChange[],
  ): Promise<(Outcome & { readonly user: string })[]> {
    const deletions = changes
      .filter((change) => change.password === null)
      .map(({ user, mechanism }) => ({ name: user, mechanism: MECHANISMS[mechanism] }));
    const upsertions = changes.flatMap(({ user, mechanism, password, iterations = 4096 }) => {
      if (password === null) return [];
      const salt = randomBytes(24);
      const saltedPassword = scramSaltedPassword(mechanism, password, salt, iterations);
      return [{ name: user, mechanism: MECHANISMS[mechanism], iterations, salt, saltedPassword }];
    });
    const request = { deletions, upsertions };
    const answer = await router.ask(undefined, Api.AlterUserScramCredentials, request);
    return answer.results.map((r) => ({
      user: r.user,
      error: errorOf(r.errorCode, r.errorMessage),
    }));
  }

  async function alterClientQuotas(
    changes: readonly QuotaChange[],
    { validateOnly = false }: { readonly validateOnly?: boolean } = {},
  ): Promise<(Outcome & { readonly entity: QuotaEntity })[]> {
    const entries = changes.map(({ entity, quotas }) => ({
      entity: Object.entries(entity).map(([entityType, entityName]) => ({
        entityType,
        entityName,
      })),
      ops: Object.entries(quotas).map(([key, value]) => ({
        key,
        value: value ?? 0,
        remove: value === null,
      })),
    }));
    const request = { entries, validateOnly };
    const answer = await router.ask(undefined, Api.AlterClientQuotas, request, {
      repeatable: true,
    });
    return answer.entries.map((entry) => ({
      entity: Object.fromEntries(entry.entity.map((e) => [e.entityType, e.entityName])),
      error: errorOf(entry.errorCode, entry.errorMessage),
    }));
  }

  /** Producers with state in a partition, asked at its leader. Throws KafkaError. */
  async function describeProducers(
    leaderId: number,
    topic: string,
    partition: number,
  ): Promise<ActiveProducer[]> {
    const request = { topics: [{ name: topic, partitionIndexes: [partition] }] };
    // A leader elected a moment ago may not have its log open yet.
    const answer = await router.retry(
      () => router.ask(leaderId, Api.DescribeProducers, request, { repeatable: true }),
      (a) => isRetriable(a.topics[0]?.partitions[0]?.errorCode ?? 0),
    );
    const found = answer.topics[0]?.partitions[0];
    if (found?.errorCode !== 0) throw new KafkaError(found?.errorCode ?? -1, found?.errorMessage);
    return found.activeProducers;
  }

  return {
    alterUserScramCredentials,
    alterClientQuotas,
    describeProducers,
    initProducerId: (transactionalId?: string | null, transactionTimeoutMs?: number) =>
      initProducerId(router, transactionalId, transactionTimeoutMs),
  };
}

/** A fresh producer id; with a transactional id, its id with the epoch raised. Throws KafkaError. */
async function initProducerId(
  router: Router,
  transactionalId: string | null = null,
  transactionTimeoutMs = 60_000,
): Promise<ProducerId> {
  const at =
    transactionalId === null ? undefined : await router.coordinator("transaction", transactionalId);
  const request = { transactionalId, transactionTimeoutMs, producerId: -1n, producerEpoch: -1 };
  const answer = await router.retry(
    () => router.ask(at, Api.InitProducerId, request),
    (a) => isRetriable(a.errorCode),
  );
  if (answer.errorCode !== 0) throw new KafkaError(answer.errorCode);
  return { producerId: answer.producerId, producerEpoch: answer.producerEpoch };
}
