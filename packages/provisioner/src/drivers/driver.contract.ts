// What every cell driver must do, with real brokers. Starts are slow, so it is one cell's life, its tests in the order
// in which they are written.
import { newId } from "@headgate/core/ids";
import { Api } from "@headgate/kafka/generated/types";
import { encodeBatch } from "@headgate/kafka/records";
import { systemRandom } from "@headgate/store/system";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type CellDriver, type DesiredCell, settle } from "./driver.ts";

export interface DriverSubject {
  readonly driver: CellDriver;
  /** Makes starts of the cell fail until the returned function is called. */
  sabotage(cell: string): () => void;
  /** Ends the cell's brokers as a crash would. */
  crash(cell: string): void;
  /** Whether anything of the cell is left: data, processes, remote things. */
  isLeft(cell: string): boolean;
  close(): Promise<void>;
}

const on: DesiredCell = { power: "on", brokers: 1 };
const off: DesiredCell = { power: "off", brokers: 1 };
const unavailable = expect.objectContaining({ code: "cell.unavailable" });

export function driverContract(name: string, open: () => DriverSubject): void {
  describe(`driver contract: ${name}`, { timeout: 120_000 }, () => {
    const cell = newId("ce", systemRandom);
    let subject: DriverSubject;
    let driver: CellDriver;
    let before: Trace;
    const ensure = (desired: DesiredCell) => driver.ensure(cell, desired, {});
    const power = async () => {
      const observed = await driver.observe(cell);
      return observed.state === "present" ? observed.power : observed.state;
    };

    beforeAll(() => {
      subject = open();
      driver = subject.driver;
    });
    afterAll(async () => subject.close());

    test("a cell that was never made is absent, has no admin, and can be destroyed", async () => {
      expect(await driver.observe(cell)).toEqual({ state: "absent" });
      await expect(driver.admin(cell)).rejects.toThrow(unavailable);
      expect(await driver.destroy(cell, {})).toEqual({ state: "done" });
    });

    test("more brokers than it can give is stuck, with a reason, and starts nothing", async () => {
      if (driver.can.grow) return;
      const progress = await ensure({ power: "on", brokers: 2 });
      expect(progress).toEqual({ state: "stuck", reason: expect.stringMatching(/broker/) });
      expect(await power()).toBe("absent");
    });

    test("a start that fails is told once, then tried again", async () => {
      const mend = subject.sabotage(cell);
      await expect(settle(() => ensure(on))).rejects.toThrow();
      const retried = await ensure(on);
      expect(retried.state).toBe("working");
      if (retried.state === "working") await retried.changed;
      mend();
      await expect(ensure(on)).rejects.toThrow();
      await expect(driver.admin(cell)).rejects.toThrow(unavailable);
    });

    test("asked any number of times it makes one change, and when that is done none", async () => {
      const first = await ensure(on);
      const again = await ensure(on);
      expect(first).toMatchObject({ state: "working" });
      expect(again).toEqual(first);
      expect(await power()).toBe("changing");
      expect(await settle(() => ensure(on))).toEqual({ state: "done" });
      expect(await ensure(on)).toEqual({ state: "done" });
      const observed = await driver.observe(cell);
      expect(observed).toMatchObject({ state: "present", power: "on" });
      before = await leaveTrace(driver, cell);
      expect("brokers" in observed && observed.brokers).toEqual(before.brokers);
    });

    test("a watcher hears a crash and the restart after it; in between there is no admin", async () => {
      const heard: string[] = [];
      const end = driver.watch(cell, () => void power().then((now) => heard.push(now)));
      subject.crash(cell);
      await vi.waitFor(() => expect(heard).toContain("changing"), { timeout: 60_000 });
      await expect(driver.admin(cell)).rejects.toThrow(unavailable);
      expect(await driver.observe(cell)).toMatchObject({ power: "changing", brokers: [] });
      expect(await settle(() => ensure(on))).toEqual({ state: "done" });
      await vi.waitFor(() => expect(heard.at(-1)).toBe("on"));
      end();
      expect(await readTrace(driver, cell)).toEqual(before);
    });

    test("off and on again keeps data and ids; while it is off there is no admin", async () => {
      if (!driver.can.sleep) {
        expect(await ensure(off)).toMatchObject({ state: "stuck" });
        return;
      }
      expect(await settle(() => ensure(off))).toEqual({ state: "done" });
      expect(await ensure(off)).toEqual({ state: "done" });
      expect(await driver.observe(cell)).toEqual({ state: "present", power: "off", brokers: [] });
      await expect(driver.admin(cell)).rejects.toThrow(unavailable);
      expect(await settle(() => ensure(on))).toEqual({ state: "done" });
      expect(await readTrace(driver, cell)).toEqual(before);
    });

    test("destroying takes everything, and may be repeated", async () => {
      expect((await driver.destroy(cell, {})).state).toBe("working");
      expect((await driver.destroy(cell, {})).state).toBe("working");
      expect(await settle(() => driver.destroy(cell, {}))).toEqual({ state: "done" });
      expect(await driver.destroy(cell, {})).toEqual({ state: "done" });
      expect(await driver.observe(cell)).toEqual({ state: "absent" });
      await expect(driver.admin(cell)).rejects.toThrow(unavailable);
      expect(subject.isLeft(cell)).toBe(false);
    });
  });
}

/** What must be the same after every stop. */
interface Trace {
  readonly clusterId: string | null;
  readonly brokers: readonly { id: number; host: string; port: number }[];
  readonly topicId: string | undefined;
  readonly records: bigint | undefined;
}

async function leaveTrace(driver: CellDriver, cell: `ce_${string}`): Promise<Trace> {
  const admin = await driver.admin(cell);
  try {
    await admin.createTopics([{ name: "trace", partitions: 1, replicationFactor: 1 }]);
    const records = encodeBatch([1, 2, 3].map(() => ({ value: Buffer.from("x"), timestampMs: 1 })));
    await vi.waitFor(async () => {
      const [topic] = await admin.metadata({ names: ["trace"] });
      const leader = topic!.partitions[0]!.leaderId;
      const topicData = [{ name: "trace", partitionData: [{ index: 0, records }] }];
      const request = { transactionalId: null, acks: -1, timeoutMs: 5000, topicData };
      const answer = await admin.ask(leader, Api.Produce, request, { versionMax: 12 });
      expect(answer.responses[0]?.partitionResponses[0]?.errorCode).toBe(0);
    });
  } finally {
    admin.close();
  }
  return readTrace(driver, cell);
}

async function readTrace(driver: CellDriver, cell: `ce_${string}`): Promise<Trace> {
  const admin = await driver.admin(cell);
  try {
    const { clusterId, brokers } = await admin.describeCluster();
    const [topic] = await admin.metadata({ names: ["trace"] });
    const [end] = await admin.listOffsets([{ topic: "trace", partition: 0, at: "latest" }]);
    const addresses = brokers.map(({ id, host, port }) => ({ id, host, port }));
    return { clusterId, brokers: addresses, topicId: topic?.topicId, records: end?.offset };
  } finally {
    admin.close();
  }
}
