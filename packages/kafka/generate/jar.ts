// Where kafka-clients.jar lies: the cache that the embedded broker fills with all of Kafka's jars. When it is empty,
// the same Maven goal fills it here; a temporary directory renamed into place makes two fillers at once harmless.

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const KAFKA_VERSION = "4.3.1";

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>headgate</groupId><artifactId>kafka-jars</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${KAFKA_VERSION}</version>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version>
    </dependency>
  </dependencies>
</project>
`;

/** Path of kafka-clients.jar under `cacheDir` (the user's cache directory), fetched once when it is not there. */
export function kafkaClientsJar(cacheDir: string): string {
  const home = join(cacheDir, "headgate", `kafka-${KAFKA_VERSION}`);
  const libs = join(home, "libs");
  const jar = join(libs, `kafka-clients-${KAFKA_VERSION}.jar`);
  if (existsSync(jar)) return jar;
  mkdirSync(home, { recursive: true });
  const work = mkdtempSync(join(home, "fetch-"));
  try {
    writeFileSync(join(work, "pom.xml"), POM);
    const args = ["-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=libs"];
    execFileSync("mvn", args, { cwd: work, stdio: ["ignore", "inherit", "inherit"] });
    if (!existsSync(libs)) renameSync(join(work, "libs"), libs);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return jar;
}
