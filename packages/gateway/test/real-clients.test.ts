// Clients as people run them, against the gateway: they create, produce, consume with groups and look at their groups,
// and every number agrees, to the record. Whoever is not installed is skipped, and says so.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CompressionTypes } from "kafkajs";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { missing } from "../../../test/support/missing.ts";
import { kafkaJs } from "./clients.ts";
import { javaTools } from "./java-tools.ts";
import { runProgram } from "./processes.ts";
import { attributed, counted, logged } from "./usage.ts";
import { startWorld, type Tenant, type World } from "./world.ts";

const tools = await javaTools();
const noTools = [
  "Kafka's console tools",
  "they need Java, and Maven the first time",
  tools !== undefined,
] as const;

let world: World;
let tenant: Tenant;
let bootstrap: string;
let dir: string;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "headgate-clients-"));
  world = await startWorld();
  bootstrap = `127.0.0.1:${world.gateway.port}`;
});

beforeEach(async () => {
  tenant = await world.tenant();
});

afterAll(async () => {
  await world.close();
  rmSync(dir, { recursive: true, force: true });
});

const numbered = (count: number) => Array.from({ length: count }, (_, i) => `record ${i}`);
const lines = (text: string) => text.split("\n").filter((line) => line !== "");

async function makeTopic(topic: string, numPartitions: number): Promise<void> {
  const admin = kafkaJs(world.gateway.port, tenant.key).admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions }] });
  await admin.disconnect();
}

describe("kafkajs", () => {
  test("two members of a group share what an idempotent producer wrote in gzip", async () => {
    const kafka = kafkaJs(world.gateway.port, tenant.key, "kafkajs");
    await makeTopic("t", 4);
    const got: string[] = [];
    const assigned = new Map<number, number>();
    const members = [0, 1].map((id) => {
      const member = kafka.consumer({ groupId: "g", maxWaitTimeInMs: 100 });
      member.on(member.events.GROUP_JOIN, ({ payload }) => {
        assigned.set(id, payload.memberAssignment.t?.length ?? 0);
      });
      return member;
    });
    await Promise.all(
      members.map(async (member) => {
        await member.connect();
        await member.subscribe({ topic: "t", fromBeginning: true });
        await member.run({
          eachBatch: async ({ batch }) => {
            got.push(...batch.messages.map(({ value }) => `${value}`));
          },
        });
      }),
    );
    await vi.waitFor(() => expect([...assigned.values()]).toEqual([2, 2]), { timeout: 20_000 });

    const values = numbered(5000);
    const producer = kafka.producer({ idempotent: true });
    await producer.connect();
    for (let at = 0; at < values.length; at += 500) {
      const messages = values.slice(at, at + 500).map((value) => ({ key: value, value }));
      await producer.send({ topic: "t", compression: CompressionTypes.GZIP, messages });
    }
    await producer.disconnect();
    await vi.waitFor(() => expect(got).toHaveLength(values.length), { timeout: 20_000 });
    await Promise.all(members.map((member) => member.disconnect()));
    expect(got.sort()).toEqual(values.sort());
    expect(await logged(world, tenant, "t")).toBe(values.length);
    expect(await counted(world, tenant)).toMatchObject({
      recordsIn: values.length,
      recordsOut: values.length,
    });
  });
});

describe.skipIf(missing("kcat", "apt-get install kcat"))("kcat (librdkafka)", () => {
  const kcat = (mechanism: string, args: string[], stdin?: string) => {
    const settings = {
      "security.protocol": "SASL_PLAINTEXT",
      "sasl.mechanisms": mechanism,
      "sasl.username": tenant.key.id,
      "sasl.password": tenant.key.secret,
      "enable.idempotence": "true",
      "client.id": "kcat",
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => ["-X", `${name}=${value}`]);
    return runProgram("kcat", ["-q", "-b", bootstrap, ...flags, ...args], { stdin: stdin ?? "" });
  };

  test.each([
    ["PLAIN", "none"],
    ["SCRAM-SHA-256", "gzip"],
    ["SCRAM-SHA-512", "lz4"],
  ])("logs in with %s, writes with %s, and reads with a group", async (mechanism, codec) => {
    await makeTopic("t", 3);
    const values = numbered(2000);
    const sent = await kcat(mechanism, ["-P", "-t", "t", "-z", codec], `${values.join("\n")}\n`);
    expect(sent).toMatchObject({ code: 0, stderr: "" });
    const read = await kcat(mechanism, [
      ...["-X", "auto.offset.reset=earliest", "-c", `${values.length}`, "-G", "g", "t"],
    ]);
    expect(lines(read.stdout).sort()).toEqual(values.sort());
    expect(await logged(world, tenant, "t")).toBe(values.length);
    await vi.waitFor(async () => {
      expect(await counted(world, tenant)).toMatchObject({
        recordsIn: values.length,
        recordsOut: values.length,
      });
    });
    const rows = await attributed(world, tenant);
    expect(rows.map((row) => [row.topic, row.clientId])).toContainEqual(["t", "kcat"]);
  });

  test("sees its own topics and the gateway's addresses, and is told of a wrong secret", async () => {
    await makeTopic("seen", 2);
    const { stdout } = await kcat("PLAIN", ["-L", "-J"]);
    const seen = JSON.parse(stdout) as {
      brokers: { name: string }[];
      topics: { topic: string; partitions: unknown[] }[];
    };
    expect(seen.topics.map(({ topic, partitions }) => [topic, partitions.length])).toEqual([
      ["seen", 2],
    ]);
    for (const { name } of seen.brokers) expect(name).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(stdout).not.toContain(tenant.prefix);
    tenant = { ...tenant, key: { ...tenant.key, secret: "wrong" } };
    const refused = await kcat("PLAIN", ["-L", "-m", "1"]);
    expect(refused.code).not.toBe(0);
  });
});

describe.skipIf(missing(...noTools))("Kafka's console tools (Java)", () => {
  function config(): string {
    const path = join(dir, `${tenant.cluster}.properties`);
    const module = "org.apache.kafka.common.security.scram.ScramLoginModule";
    const { id, secret } = tenant.key;
    writeFileSync(
      path,
      [
        "security.protocol=SASL_PLAINTEXT",
        "sasl.mechanism=SCRAM-SHA-512",
        `sasl.jaas.config=${module} required username="${id}" password="${secret}";`,
      ].join("\n"),
    );
    return path;
  }

  test("create a topic, write with two producers, read all of it with a group, and describe the group", async () => {
    const at = ["--bootstrap-server", bootstrap, "--command-config", config()];
    const run = async (tool: string, args: string[], stdin?: string) => {
      const ended = await tools!.run(tool, [...at, ...args], stdin);
      expect(ended, `${tool}: ${ended.stderr}`).toMatchObject({ code: 0 });
      return ended.stdout;
    };
    const created = await run("TopicCommand", ["--create", "--topic", "t", "--partitions", "3"]);
    expect(created).toContain("Created topic t.");
    const values = numbered(500);
    const performance = ["--topic", "t", "--num-records", "20000", "--record-size", "200"];
    const [rate] = await Promise.all([
      run("ProducerPerformance", [...performance, "--throughput", "-1"]),
      run("ConsoleProducer", ["--topic", "t"], `${values.join("\n")}\n`),
    ]);
    expect(rate).toMatch(/^20000 records sent/m);

    const all = 20_500;
    const group = ["--group", "g", "--from-beginning", "--max-messages", `${all}`];
    const read = lines(await run("consumer.ConsoleConsumer", ["--topic", "t", ...group]));
    expect(read).toHaveLength(all);
    expect(read.filter((line) => line.startsWith("record ")).sort()).toEqual(values.sort());

    const described = await run("consumer.group.ConsumerGroupCommand", [
      ...["--describe", "--group", "g"],
    ]);
    const rows = lines(described)
      .map((line) => line.split(/\s+/))
      .filter(([groupId]) => groupId === "g");
    // GROUP TOPIC PARTITION CURRENT-OFFSET LOG-END-OFFSET LAG
    expect(rows.map((row) => [row[1], row[5]])).toEqual([
      ["t", "0"],
      ["t", "0"],
      ["t", "0"],
    ]);
    expect(rows.reduce((sum, row) => sum + Number(row[4]), 0)).toBe(all);
    expect(await counted(world, tenant)).toMatchObject({ recordsIn: all, recordsOut: all });
  }, 120_000);
});
