import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { inject } from "vitest";
import { lockDataDir } from "../embedded/data-dir.ts";
import { defaultCacheDir } from "../embedded/jars.ts";
import { driverContract } from "./driver.contract.ts";
import { embeddedDriver } from "./embedded.ts";

driverContract("embedded", () => {
  const dir = mkdtempSync(join(tmpdir(), "headgate-driver-"));
  const { jwksPath, issuer, audience } = inject("kafka");
  const driver = embeddedDriver({
    dataDirOf: (cell) => join(dir, cell),
    cacheDir: defaultCacheDir(process.env, homedir()),
    path: process.env.PATH ?? "",
    javaHome: process.env.JAVA_HOME,
    kafkaHome: process.env.HEADGATE_KAFKA_HOME,
    tokens: { jwksPath, issuer, audience },
  });
  return {
    driver,
    sabotage: (cell) => lockDataDir(join(dir, cell)).release,
    crash: (cell) => {
      process.kill(Number(readFileSync(join(dir, cell, "broker.pid"), "utf8")), "SIGKILL");
    },
    isLeft: (cell) => existsSync(join(dir, cell)),
    async close() {
      await driver.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
});
