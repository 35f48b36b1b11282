// A kafkajs client for the profile. kafkajs 2.2.4 arms timers with negative delays on new Nodes (its issue 1751);
// main.ts keeps that warning off stderr.
import { Kafka, logLevel } from "kafkajs";
import { Failure } from "./failure.ts";
import type { Profile } from "./profile.ts";

export function kafkaOf(profile: Profile): Kafka {
  return new Kafka({
    clientId: "headgate-cli",
    brokers: [profile.bootstrap],
    sasl: { mechanism: "plain", username: profile.key.id, password: profile.key.secret },
    connectionTimeout: 5_000,
    retry: { retries: 3 },
    logLevel: logLevel.NOTHING,
  });
}

/** A kafkajs error as a Failure whose fix fits it. */
export function toFailure(error: unknown, profile: Profile, topic: string): Failure {
  if (error instanceof Failure) return error;
  const text = error instanceof Error ? error.message : String(error);
  if (/authentication/i.test(text)) {
    return new Failure(`The key was refused: ${text}`, {
      exitCode: 3,
      fix: "headgate key create NAME",
    });
  }
  if (/does not host this topic-partition|UNKNOWN_TOPIC/i.test(text)) {
    return new Failure(`There is no topic '${topic}'.`, {
      exitCode: 4,
      fix: `headgate topic create ${topic}`,
    });
  }
  if (/not authorized/i.test(text))
    return new Failure(text, { exitCode: 3, fix: "Use a key with a grant for it." });
  return new Failure(text, { fix: `headgate doctor (bootstrap is ${profile.bootstrap})` });
}
