// Which Apache Kafka this is about: its version, and how Maven is told to fetch it.

/** The broker that is embedded, the message definitions that plans are made of, and the tools of tests. */
export const kafkaVersion = "4.3.1";

/** A Maven project that depends on one of Kafka's artifacts and a quiet logger; its jars are what runs it. */
export function kafkaPom(artifactId: "kafka_2.13" | "kafka-tools"): string {
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>headgate</groupId><artifactId>kafka-jars</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>${artifactId}</artifactId><version>${kafkaVersion}</version>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version>
    </dependency>
  </dependencies>
</project>
`;
}
