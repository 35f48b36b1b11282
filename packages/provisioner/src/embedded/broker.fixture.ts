// A Node process that runs an embedded broker until it is told to stop or is killed. The tests kill it.
//   node broker.fixture.ts '<EmbeddedKafkaOptions as JSON>'
import { type EmbeddedKafkaOptions, startEmbeddedKafka } from "./broker.ts";

const kafka = await startEmbeddedKafka(JSON.parse(process.argv[2] ?? "") as EmbeddedKafkaOptions);
process.stdout.write(`${JSON.stringify({ pid: kafka.pid, port: kafka.bootstrap.port })}\n`);
process.once("SIGTERM", () => {
  void kafka.stop();
});
