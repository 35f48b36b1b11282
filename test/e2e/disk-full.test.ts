// A full disk: writes fail with a clear error, what was acknowledged stays, and with room again everything goes on. The
// disk is a small file system of the test's own in memory, which needs the right to mount one (root, or an
// unprivileged user name space).
import { execFileSync } from "node:child_process";
import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually, type Service, startService, temporaryDir } from "../support/service.ts";

const mount = temporaryDir();
const ballast = join(mount.path, "ballast");
let service: Service;

beforeAll(async () => {
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=192m", "headgate-test", mount.path]);
  service = await startService(join(mount.path, "data"));
});

afterAll(async () => {
  await service.stop();
  execFileSync("umount", [mount.path]);
  mount.remove();
});

test("a full disk refuses new writes with a fix, loses nothing acknowledged, and all goes on with room", async () => {
  await putTopic("before");
  const producer = kafka().producer();
  await producer.connect();
  await producer.send({ topic: "before", messages: [{ value: "kept" }] });

  fill();
  const refused = await eventually("the store is full", async () => {
    const answer = await service.rest("PUT", `/v1/topics/t-${Math.round(performance.now())}`, {
      body: { spec: { config: { "retention.ms": "1" }, labels: { padding: "x".repeat(100) } } },
    });
    return answer.status === 507 ? answer : undefined;
  });
  expect(refused.body).toMatchObject({ code: "store.full", retryable: true });
  expect(refused.body.fix).toMatch(/Free space/);
  expect((await service.rest("GET", "/v1/topics/before")).status).toBe(200);

  const acknowledged = await sendWhileFull();

  rmSync(ballast);
  await eventually(
    "topics can be made again",
    async () => {
      const answer = await service.rest("PUT", "/v1/topics/after", {
        body: { spec: { partitions: 1 } },
        headers: { prefer: "wait=5" },
      });
      return answer.body.status?.phase === "Ready" ? true : undefined;
    },
    60_000,
  );
  await eventually("records can be written again", () =>
    producer.send({ topic: "after", messages: [{ value: "new" }] }).catch(() => undefined),
  );
  await producer.disconnect();
  expect(await logEnd("before")).toBeGreaterThanOrEqual(1 + acknowledged);
  expect(await logEnd("after")).toBeGreaterThanOrEqual(1);
}, 120_000);

/** Takes every byte that is left. */
function fill(): void {
  const chunk = Buffer.alloc(64 * 1024);
  const file = openSync(ballast, "w");
  try {
    for (;;) writeSync(file, chunk);
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toBe("ENOSPC");
  } finally {
    closeSync(file);
  }
}

/** Large records until the broker refuses one; answers how many it acknowledged. */
async function sendWhileFull(): Promise<number> {
  const producer = kafka().producer({ retry: { retries: 0 } });
  const value = Buffer.alloc(512 * 1024, "x");
  let acknowledged = 0;
  try {
    await producer.connect();
    for (;;) {
      await producer.send({ topic: "before", acks: -1, timeout: 3000, messages: [{ value }] });
      acknowledged += 1;
    }
  } catch {
    await producer.disconnect().catch(() => undefined);
    return acknowledged;
  }
}

async function putTopic(name: string): Promise<void> {
  const body = { spec: { partitions: 1 } };
  const answer = await service.rest("PUT", `/v1/topics/${name}`, {
    body,
    headers: { prefer: "wait=10" },
  });
  expect(answer.body.status.phase).toBe("Ready");
}

function kafka(): Kafka {
  const { bootstrap, key } = service.ready;
  return new Kafka({
    brokers: [bootstrap],
    sasl: { mechanism: "plain", username: key.id, password: key.secret },
    logLevel: logLevel.NOTHING,
    retry: { retries: 10 },
  });
}

async function logEnd(topic: string): Promise<number> {
  const admin = kafka().admin();
  await admin.connect();
  const offsets = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  return offsets.reduce((sum, { high }) => sum + Number(high), 0);
}
