// One real Apache Kafka for the whole test run. Tests take it by `inject("kafka")` and keep apart by topic names.
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { startEmbeddedKafka } from "@headgate/provisioner/embedded/broker";
import { defaultCacheDir } from "@headgate/provisioner/embedded/jars";
import type { TestProject } from "vitest/node";

export interface TestKafka {
  /** `127.0.0.1:port`, SASL_PLAINTEXT: PLAIN for the admin, OAUTHBEARER for minted tokens. */
  bootstrap: string;
  host: string;
  port: number;
  nodeId: number;
  clusterId: string;
  adminUsername: string;
  adminPassword: string;
  jwksPath: string;
  /** PKCS#8 PEM of the RS256 key in the JWKS, whose kid is `kid`. */
  signingKeyPem: string;
  kid: string;
  issuer: string;
  audience: string;
}

declare module "vitest" {
  interface ProvidedContext {
    kafka: TestKafka;
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dir = mkdtempSync(join(tmpdir(), "headgate-test-"));
  const kid = "test";
  const issuer = "headgate-test";
  const audience = "headgate-test-cell";
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const jwk = { ...publicKey.export({ format: "jwk" }), kid, alg: "RS256", use: "sig" };
  const jwksPath = join(dir, "jwks.json");
  writeFileSync(jwksPath, JSON.stringify({ keys: [jwk] }));
  const kafka = await startEmbeddedKafka({
    dataDir: join(dir, "cell"),
    cacheDir: defaultCacheDir(process.env, homedir()),
    path: process.env.PATH ?? "",
    javaHome: process.env.JAVA_HOME,
    kafkaHome: process.env.HEADGATE_KAFKA_HOME,
    tokens: { jwksPath, issuer, audience },
    onProgress: (message) => console.error(message),
  });
  const { host, port } = kafka.bootstrap;
  project.provide("kafka", {
    bootstrap: `${host}:${port}`,
    host,
    port,
    nodeId: kafka.nodeId,
    clusterId: kafka.clusterId,
    adminUsername: kafka.admin.username,
    adminPassword: kafka.admin.password,
    jwksPath,
    signingKeyPem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    kid,
    issuer,
    audience,
  });
  return async () => {
    await kafka.stop();
    rmSync(dir, { recursive: true, force: true });
  };
}
