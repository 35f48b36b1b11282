// `npm start` to ready, against the same broker with the same flags started bare, on fresh and on existing directories.
// Runs alternate, so that a noisy machine hits both.

import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { createTokenSigner, generateSigningKey } from "@headgate/control/tokens";
import { startEmbeddedKafka } from "@headgate/provisioner/embedded/broker";
import { root, temporaryDir } from "../support/service.ts";
import type { Figure } from "./main.ts";
import { median, spread } from "./stats.ts";

const runs = 5;
const cacheDir = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "headgate");

export async function startBench(): Promise<Figure[]> {
  const bare = temporaryDir();
  const whole = temporaryDir();
  const fresh: Pair[] = [];
  const again: Pair[] = [];
  try {
    await bareStart(join(bare.path, "warm"));
    for (let run = 0; run < runs; run += 1) {
      const [bareDir, wholeDir] = [join(bare.path, `${run}`), join(whole.path, `${run}`)];
      fresh.push({ bareMs: await bareStart(bareDir), wholeMs: await wholeStart(wholeDir) });
      again.push({ bareMs: await bareStart(bareDir), wholeMs: await wholeStart(wholeDir) });
    }
  } finally {
    bare.remove();
    whole.remove();
  }
  return [figure("first start", fresh), figure("start again", again)];
}

interface Pair {
  readonly bareMs: number;
  readonly wholeMs: number;
}

function figure(what: string, pairs: readonly Pair[]): Figure {
  const wholeMs = pairs.map((pair) => pair.wholeMs);
  const bareMs = pairs.map((pair) => pair.bareMs);
  return {
    what: `${what}: npm start to ready, jars cached`,
    bar: "≤ 1.3 × bare broker + 500 ms",
    measured: `${spread(wholeMs, "ms")}; bare ${spread(bareMs, "ms")}`,
    reached: median(wholeMs) <= 1.3 * median(bareMs) + 500,
  };
}

/** As a user types it: npm itself is part of the wait. */
async function wholeStart(dir: string): Promise<number> {
  const args = ["--data", dir, "--api-port", "0", "--kafka-port", "0", "--json"];
  const startMs = performance.now();
  const npm = spawn("npm", ["start", "--silent", "--", ...args], {
    cwd: root,
    env: { ...process.env, HEADGATE_PROFILE_FILE: `${dir}.profiles.json` },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const ended = new Promise((resolve) => npm.once("close", resolve));
  await new Promise((resolve) => npm.stdout.once("data", resolve));
  const tookMs = performance.now() - startMs;
  npm.kill("SIGTERM");
  await ended;
  return tookMs;
}

/** The broker alone: same jars, flags, properties and readiness check, and nothing around it. */
async function bareStart(dir: string): Promise<number> {
  const issuer = "bench";
  const signer = createTokenSigner({
    privateKeyPem: await generateSigningKey(),
    issuer,
    audience: issuer,
    clock: { nowMs: Date.now },
  });
  const jwksPath = `${dir}.jwks.json`;
  writeFileSync(jwksPath, JSON.stringify(signer.jwks));
  const startMs = performance.now();
  const kafka = await startEmbeddedKafka({
    dataDir: dir,
    cacheDir,
    path: process.env.PATH ?? "",
    javaHome: process.env.JAVA_HOME,
    tokens: { jwksPath, issuer, audience: issuer },
  });
  const tookMs = performance.now() - startMs;
  await kafka.stop();
  return tookMs;
}
